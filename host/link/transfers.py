"""What is moved between a host and windows of a board's DRAM, request by request."""

import time
from itertools import zip_longest

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import MAX_PAYLOAD, WORD_BYTES, Request


class _Transfer:
    """`size` bytes from `address` on, a multiple of 4.

    progress(done, total) is called as bytes are confirmed. `ended` is when (`time.monotonic`) all
    of them were, None before.
    """

    def __init__(self, address, size, progress=None):
        self.address, self.size, self.ended = address, size, None
        self._progress, self._done = progress, 0

    def _parts(self):
        """(first byte, bytes) of each request."""
        return (
            (start, min(MAX_PAYLOAD, self.size - start))
            for start in range(0, self.size, MAX_PAYLOAD)
        )

    def _confirmed(self, count):
        self._done += count
        if self._progress:
            self._progress(self._done, self.size)
        if self._done == self.size:
            self.ended = time.monotonic()


class Write(_Transfer):
    """Bytes for the board."""

    writable = True

    def __init__(self, address, data, progress=None):
        self._data = memoryview(data).cast("B")
        super().__init__(address, len(self._data), progress)

    def requests(self, window, make):
        """Yield (frame, its part of `self`) of each request; make(type, address, key, payload)."""
        for start, count in self._parts():
            payload = bytes(self._data[start : start + count])
            yield make(Request.WRITE, window.start + start, window.key, payload), (start, count)

    def answered(self, part, payload):
        """One of the requests was."""
        self._confirmed(part[1])


class Read(_Transfer):
    """Bytes of the board: `data`, once it has ended."""

    writable = False

    def __init__(self, address, size, progress=None):
        super().__init__(address, size, progress)
        self.data = bytearray(size)

    def requests(self, window, make):
        """As those of `Write`."""
        for start, count in self._parts():
            payload = count.to_bytes(WORD_BYTES, "little")
            yield make(Request.READ, window.start + start, window.key, payload), (start, count)

    def answered(self, part, payload):
        """One of the requests was. Raises `LitelicError` if not as it was asked for."""
        start, count = part
        if len(payload) != count:
            raise LitelicError("the board returned another number of bytes than was asked for")
        self.data[start : start + count] = payload
        self._confirmed(count)


def in_turns(opened, make):
    """Yield (frame, (transfer, part)) of all requests of [(transfer, its window)].

    Writes fill the line to the board and reads the one from it, so one of each comes in turns;
    those of either kind are in the order in which they were given.
    """
    writes, reads = (
        [(transfer, window) for transfer, window in opened if transfer.writable == writable]
        for writable in (True, False)
    )
    for both in zip_longest(_one_by_one(writes, make), _one_by_one(reads, make)):
        yield from filter(None, both)


def _one_by_one(opened, make):
    for transfer, window in opened:
        for frame, part in transfer.requests(window, make):
            yield frame, (transfer, part)
