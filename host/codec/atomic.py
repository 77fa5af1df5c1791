"""Files that appear whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from litelic.host.errors import LitelicError


@contextlib.contextmanager
def atomic_path(path):
    """Give a temporary path beside `path`; it takes that name when the block ends well.

    When the block raises, nothing is left behind and an older `path` stays as it was. Raises
    `LitelicError` when the place cannot be written to.
    """
    path = Path(path)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(path.suffix, ".litelic-", path.parent)
        os.close(handle)
        yield Path(temporary)
        mask = os.umask(0)  # mkstemp gives 0600; a new file gets what the user's mask allows
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
        temporary = None
    except OSError as e:
        raise LitelicError(
            f"cannot write {path}: {e.strerror or e}; name a folder that exists, with room and "
            "permission to write"
        ) from e
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def write_atomically(path, data):
    """Write the bytes `data` to `path`, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
