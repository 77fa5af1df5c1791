"""Frames in a stream of bytes: all that are whole are found, among whatever else is there."""

import random

import pytest
from litex.gen import LiteXModule

from litelic.soc.link.frame_store import FrameStore
from litelic.soc.link.frames import MAX_PAYLOAD
from litelic.soc.link.hunter import FrameHunter
from tests.accel.streams import simulate
from tests.soc.link_frames import Frame, checked, collect

SILENCE = 300


class Line(LiteXModule):
    """A hunter and the store behind it."""

    def __init__(self, depth=1024):
        self.hunter = FrameHunter(SILENCE)
        self.store = FrameStore(depth=depth)
        self.comb += [
            self.hunter.source.connect(self.store.sink),
            self.hunter.room.eq(self.store.room),
        ]


def send_bytes(dut, data, chance, density=1.0):
    sink = dut.hunter.sink
    for byte in data:
        while chance.random() >= density:
            yield sink.valid.eq(0)
            yield
        yield sink.valid.eq(1)
        yield sink.data.eq(byte)
        yield
        while not (yield sink.ready):
            yield
    yield sink.valid.eq(0)


def wait(cycles):
    for _ in range(cycles):
        yield


@pytest.mark.parametrize("density", (1.0, 0.5))
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_frames_among_garbage(seed, density):
    """Text, halves of magic numbers, headers that are none: the next frame is found."""
    chance = random.Random(seed)
    dut, found, expected = Line(), [], []

    def garbage():
        magic, header = b"\x4c\x9c", bytearray(Frame.random(chance, 0).line)
        header[chance.randrange(20)] ^= 1 << chance.randrange(8)
        return chance.choice((
            b"", b"LiteLIC\n", magic, magic * 3, magic + chance.randbytes(7), b"\x4c", header,
            chance.randbytes(chance.randrange(60)),
        ))

    def stimulus():
        for _ in range(30):
            frame = Frame.random(chance, 100)
            yield from send_bytes(dut, bytes(garbage()) + frame.line, chance, density)
            expected.append((frame.bare, 0))
        yield from wait(500)

    simulate(dut, stimulus(), collect(dut.store.source, found, chance, 0.9), limit=100_000)
    assert found == expected


def test_a_line_that_can_wait_loses_nothing(seed):
    """Nobody takes frames for a long time: the hunter stops the line when the store is full."""
    chance = random.Random(seed)
    dut, found = Line(depth=512), []
    frames = [Frame.random(chance, 900) for _ in range(12)]

    def stimulus():
        for frame in frames:
            yield from send_bytes(dut, frame.line, chance)
        yield from wait(4000)

    simulate(dut, stimulus(), collect(dut.store.source, found, chance, 0.1), limit=100_000)
    assert [frame for frame, _ in found] == [frame.bare for frame in frames]


def test_a_frame_that_stops_is_given_up(seed):
    """The next one comes after a silence, and nothing of it is taken for the rest."""
    chance = random.Random(seed)
    dut, found = Line(), []
    cut, whole = Frame(1, 2, 3, 4, chance.randbytes(100)), Frame.random(chance, 100)

    def stimulus():
        yield from send_bytes(dut, cut.line[: chance.randrange(20, 120)], chance)
        yield from wait(SILENCE + 10)
        yield from send_bytes(dut, whole.line, chance)
        yield from wait(300)
        assert (yield dut.hunter.hunting)

    simulate(dut, stimulus(), collect(dut.store.source, found, chance))
    assert found == [(whole.bare, 0)]


def test_damage_costs_no_more_than_the_frame(seed):
    """A payload with a flipped bit, and a length that no frame has: the next frame is whole."""
    chance = random.Random(seed)
    dut, found = Line(), []
    frame, next_one = Frame(1, 2, 3, 4, chance.randbytes(50)), Frame(5, 6, 7, 8, b"next")
    spoilt = bytearray(frame.line)
    spoilt[chance.randrange(20, len(spoilt))] ^= 1 << chance.randrange(8)
    absurd = bytearray(frame.line[:16])
    absurd[6:8] = (MAX_PAYLOAD + chance.randrange(1, 3000)).to_bytes(2, "little")

    def stimulus():
        yield from send_bytes(dut, spoilt + next_one.line, chance)
        yield from send_bytes(dut, checked(bytes(absurd)) + next_one.line, chance)
        yield from wait(300)

    simulate(dut, stimulus(), collect(dut.store.source, found, chance))
    assert found == [(next_one.bare, 0)] * 2


def test_what_is_around_frames(seed):
    """Text, and the magic number without a header behind it."""
    chance = random.Random(seed)
    dut, found = Line(), []
    frame = Frame(1, 2, 3, 4, b"some")

    def stimulus():
        yield from send_bytes(dut, b"text" + frame.line, chance)
        yield from send_bytes(dut, b"\x4c\x9c" + bytes(30) + frame.line, chance)
        yield from wait(100)

    simulate(dut, stimulus(), collect(dut.store.source, found, chance))
    assert [items for items, _ in found] == [frame.bare] * 2
