"""What of a stream is done: a line a result, written after the result itself."""

import json
import os
from pathlib import Path

from litelic.host.errors import LitelicError

NAME = "stream.jsonl"


class Journal:
    """A file of JSON lines in the folder of the results.

    The first line says what the stream is; a stream is only gone on with by its like. Each other
    line is a result's: its "name" and what is known of it. A line that is not whole, the last one
    of a stream that was cut off, is as if it were not there.
    """

    def __init__(self, folder, about, resume=False):
        """Begin one in `folder`, or go on with the one that is there.

        about : what a stream is, a mapping; another one may not be gone on with.
        Raises `LitelicError` where there is one already, or one of something else.
        """
        self._path = Path(folder) / NAME
        self.done = {}  # name -> what is known, of earlier streams
        lines = self._read()
        if len(lines) == 1:  # nothing came of it
            self._path.unlink()
            lines = []
        if lines and not resume:
            raise LitelicError(
                f"{folder} holds a stream already, {len(lines) - 1} results of it: go on with it "
                "(--resume), or name another folder"
            )
        if lines and lines[0] != about:
            different = sorted(k for k in about if lines[0].get(k) != about[k])
            raise LitelicError(
                f"{folder} holds a stream of something else ({', '.join(different)} differ): name "
                "another folder"
            )
        self.done = {line["name"]: line for line in lines[1:]}
        try:
            self._file = open(self._path, "a")
        except OSError as error:
            raise LitelicError(f"cannot write {self._path}: {error.strerror or error}") from None
        if not lines:
            self._append(about)

    def _read(self):
        """The lines that are whole; what is behind them is cut off."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LitelicError(f"cannot read {self._path}: {error.strerror or error}") from None
        lines, whole = [], 0
        for line in data.splitlines(keepends=True):
            try:
                value = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n") or not isinstance(value, dict):
                break
            if lines and "name" not in value:
                break
            lines.append(value)
            whole += len(line)
        if whole < len(data):
            os.truncate(self._path, whole)
        return lines

    def add(self, name, **known):
        """Note a result, which is on the disk."""
        self._append({"name": name} | known)

    def _append(self, value):
        self._file.write(json.dumps(value) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self):
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
