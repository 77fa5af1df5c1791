"""Files that appear whole or not at all, and the folders they go to."""

import contextlib
import os
import tempfile
from pathlib import Path

from litelic.host.errors import LitelicError


@contextlib.contextmanager
def atomic_path(path):
    """Give a temporary path beside `path`; it takes that name when the block ends well.

    When the block raises, nothing is left behind and an older `path` stays as it was. Where `path`
    is a symbolic link, the file that it points to is written. Raises `LitelicError` when the place
    cannot be written to, or is something else than a file.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        raise LitelicError(f"cannot write {path}: it is not a file; name another")
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(path.suffix, ".litelic-", path.parent)
        os.close(handle)
        yield Path(temporary)
        _reach_the_disk(temporary)
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


def make_folder(path):
    """Make the folder `path` and those above it. Raises `LitelicError` when that cannot be."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise LitelicError(
            f"cannot make the folder {path}: {e.strerror or e}; name another folder"
        ) from e


def _reach_the_disk(path):
    """A name must not be on the disk before what it names."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
