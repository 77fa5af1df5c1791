"""Windows of a board's DRAM, from the host's side."""

import struct
from contextlib import contextmanager
from dataclasses import dataclass

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import WINDOW_ALIGNMENT, WINDOWS, WORD_BYTES, Request


@dataclass(frozen=True)
class Window:
    """A range of the DRAM that is open.

    key   : what requests call it.
    start : bytes from its begin to the first one that is meant.
    """

    key: int
    start: int


class Windows:
    """Opens windows and closes them; each is a new one, so that no late copy finds it."""

    def __init__(self, ask):
        """ask(type, address, payload) returns the board's answer."""
        self._ask = ask
        self._numbers = [0] * WINDOWS
        self._free = list(range(WINDOWS))

    @contextmanager
    def opened(self, address, size, writable):
        """Yield the `Window` of `size` bytes from `address` on, a multiple of 4."""
        if address % WORD_BYTES:
            raise LitelicError(
                f"transfers begin at multiples of {WORD_BYTES}, not at {address:#x}")
        start = address % WINDOW_ALIGNMENT
        whole = start + size + -(start + size) % WORD_BYTES
        base = address - start
        if base + whole > 1 << 32:
            raise LitelicError(f"{size} bytes at {address:#x} need addresses of more than 32 bits")
        slot = self._free.pop()
        try:
            yield from self._open(slot, base, whole, start, writable)
        finally:
            # After an error it may still be open there; the slot's next one takes its place.
            self._free.append(slot)

    def _open(self, slot, base, whole, start, writable):
        number = self._numbers[slot]
        self._numbers[slot] += 1
        answer = self._ask(
            Request.OPEN, slot, struct.pack("<IIII", number, base, whole, writable))
        if len(answer.payload) != 4:
            raise LitelicError("the board opened a window and did not give its key")
        yield Window(int.from_bytes(answer.payload, "little"), start)
        self._ask(Request.CLOSE, slot, struct.pack("<I", number))
