"""Measured rows in a JSON file: checked as they come and go, merged by key, written atomically."""

import json

from litelic.host.atomic import write_atomically
from litelic.host.errors import LitelicError


def load(path, check, key_of, what):
    """The rows of a file, a list of mappings; none where there is no file yet.

    check  : raises when the figures of a row do not fit together.
    key_of : what tells a row from all others.
    what   : the rows' name in messages.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        return []
    except OSError as e:
        raise LitelicError(f"cannot read {path}: {e.strerror}; name another file") from e
    try:
        rows = json.loads(text)
        for row in rows:
            check(row)
        keys = {key_of(row) for row in rows}
    except (ValueError, TypeError, KeyError, AttributeError) as e:
        raise LitelicError(
            f"{path} does not hold {what} ({e!r}); name another file, or remove it"
        ) from e
    if len(keys) < len(rows):
        raise LitelicError(f"{path} has a row twice; remove one of them")
    return rows


def merged(rows, row, key_of):
    """`rows` with `row` in place of the one with its key."""
    by_key = {key_of(old): old for old in rows}
    by_key[key_of(row)] = row
    return list(by_key.values())


def write(path, rows):
    """Replace the file's rows."""
    write_atomically(path, (json.dumps(rows, indent=1, allow_nan=False) + "\n").encode())
