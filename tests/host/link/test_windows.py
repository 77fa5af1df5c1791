"""Windows that a host opens."""

import random
import struct

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import (
    WINDOW_ALIGNMENT,
    WINDOWS,
    ErrorCode,
    Frame,
    Refusal,
    Request,
)
from litelic.host.link.requests import BoardError
from litelic.host.link.windows import Window, Windows


class Asked:
    """What `Windows` asks; `open` holds what OPEN asked for and CLOSE has not given back."""

    def __init__(self):
        self.open, self.numbers, self.keys = {}, {}, 100
        self.refuse = lambda base: False

    def __call__(self, kind, slot, payload):
        if kind == Request.CLOSE:
            assert self.open.pop(slot)[0] == struct.unpack("<I", payload)[0]
            return Frame(kind, 0)
        assert kind == Request.OPEN and 0 <= slot < WINDOWS and slot not in self.open
        number, base, size, writable = struct.unpack("<IIII", payload)
        if self.refuse(base):
            raise BoardError(Refusal(ErrorCode.ADDRESS, kind, 0, "outside"))
        assert number > self.numbers.get(slot, -1), "a late copy could find that window"
        self.numbers[slot], self.keys = number, self.keys + 1
        self.open[slot] = number, base, size, writable
        return Frame(kind, 0, payload=struct.pack("<I", self.keys))


@pytest.mark.parametrize("address, size, base, whole, start", [
    (0, 1, 0, 4, 0), (0, 16, 0, 16, 0), (4, 4, 0, 8, 4), (0x1234, 5, 0x1230, 12, 4),
    (0x100C, 1408, 0x1000, 1420, 12), (0xFFFFFFFC, 3, 0xFFFFFFF0, 16, 12),
    (0, 1 << 31, 0, 1 << 31, 0),
])
@pytest.mark.parametrize("writable", (False, True))
def test_a_window_holds_all_bytes(address, size, base, whole, start, writable):
    asked = Asked()
    with Windows(asked).opened(address, size, writable) as window:
        ((_, *rest),) = asked.open.values()
        assert rest == [base, whole, writable]
        assert window == Window(101, start)
    assert not asked.open


def test_random_windows(seed):
    """Several at a time; every one is aligned, holds what was asked for and not much more."""
    chance, asked = random.Random(seed), Asked()
    windows = Windows(asked)
    for _ in range(200):
        address, size = 4 * chance.randrange(1 << 20), chance.randrange(1, 5000)
        with windows.opened(address, size, False) as window, windows.opened(0, 4, True) as other:
            assert len(asked.open) == 2 and window.key != other.key
            (base, whole) = next(entry[1:3] for entry in asked.open.values() if not entry[3])
            assert base % WINDOW_ALIGNMENT == whole % 4 == 0 and base + window.start == address
            assert size <= whole - window.start < size + 4
        assert not asked.open


@pytest.mark.parametrize("address", (1, 2, 3, 0xFFD))
def test_an_unaligned_address_is_told(address):
    asked = Asked()
    with pytest.raises(LitelicError, match="multiples of 4, not at 0x"):
        with Windows(asked).opened(address, 4, True):
            pass
    assert not asked.numbers


@pytest.mark.parametrize("address, size", [(0xFFFFFFFC, 5), (1 << 32, 4), (0, (1 << 32) + 1)])
def test_beyond_32_bits(address, size):
    asked = Asked()
    with pytest.raises(LitelicError, match="32 bits"):
        with Windows(asked).opened(address, size, True):
            pass
    assert not asked.numbers


def test_an_answer_without_a_key():
    with pytest.raises(LitelicError, match="did not give its key"):
        with Windows(lambda *_: Frame(Request.OPEN, 0)).opened(0, 4, True):
            pass


def test_refusals_cost_nothing():
    """After as many as there are windows, and more, the next one opens."""
    asked = Asked()
    windows = Windows(asked)
    asked.refuse = lambda base: base >= 0x1000
    for _ in range(2 * WINDOWS):
        with pytest.raises(BoardError):
            with windows.opened(0x1000, 4, True):
                pass
    with windows.opened(0, 4, True):
        assert len(asked.open) == 1


def test_what_fails_inside_costs_nothing():
    """A progress bar's Ctrl-C, for example, in a program that goes on."""
    windows = Windows(lambda *_: Frame(Request.OPEN, 0, payload=bytes(4)))
    for _ in range(2 * WINDOWS):
        with pytest.raises(KeyboardInterrupt):
            with windows.opened(0, 4, True):
                raise KeyboardInterrupt
