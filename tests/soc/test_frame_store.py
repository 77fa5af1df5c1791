"""Only good frames leave the store, whole and in their order, whatever arrives between them."""

import random

import pytest

from litelic.soc.link.frame_store import FrameStore
from litelic.soc.link.frames import MAX_PAYLOAD, MAX_WORDS
from tests.accel.streams import simulate
from tests.soc.link_frames import Frame, collect, words


class Line:
    """Feeds a store as a PHY does, which cannot wait."""

    def __init__(self, dut, chance, density):
        self.dut, self.chance, self.density = dut, chance, density
        self.lost = self.damaged = 0

    def send(self, items, way=0, abort=False):
        dut = self.dut
        for n, word in enumerate(items):
            while self.chance.random() >= self.density:
                yield dut.sink.valid.eq(0)
                yield
            yield dut.sink.valid.eq(1)
            yield dut.sink.data.eq(word)
            yield dut.sink.first.eq(n == 0)
            yield dut.way.eq(way)
            yield
        yield dut.sink.valid.eq(0)
        if abort:
            yield dut.abort.eq(1)
            yield
            yield dut.abort.eq(0)

    def count(self):
        yield "passive"
        while True:
            yield
            self.lost += (yield self.dut.lost)
            self.damaged += (yield self.dut.damaged)


def spoilt(chance, items, sure):
    """What may have become of a frame's words, and whether its CRCs say so."""
    kind = chance.choice(("flip", "cut", "rubbish"))
    if kind == "flip":
        items = list(items)
        items[chance.randrange(1 if sure else 0, len(items))] ^= 1 << chance.randrange(32)
    elif kind == "cut":
        items = items[: chance.randrange(1, len(items))]
    else:
        items = [chance.getrandbits(32) for _ in range(chance.randrange(1, 30))]
    return kind, items


@pytest.mark.parametrize("density", (1.0, 0.6))
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_good_frames_leave(seed, density):
    chance = random.Random(seed)
    dut = FrameStore(way_bits=5, depth=1024, frames=64)
    line = Line(dut, chance, density)
    found, expected = [], []

    def stimulus():
        for _ in range(60):
            frame, way = Frame.random(chance, 200), chance.randrange(32)
            if chance.random() < 0.4:
                _, items = spoilt(chance, words(frame.line), False)
                yield from line.send(items, way, abort=chance.random() < 0.5)
                continue
            padding = [chance.getrandbits(32) for _ in range(chance.choice((0, 0, 3)))]
            yield from line.send(words(frame.line) + padding, way, chance.random() < 0.5)
            expected.append((frame.bare, way))
        for _ in range(100):
            yield

    simulate(dut, stimulus(), collect(dut.source, found, chance, 0.95), line.count())
    assert found == expected
    assert line.lost == 0


@pytest.mark.parametrize("frames", (4, 64))
@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_what_finds_no_room_is_lost_as_a_whole(frames, seed):
    """Nobody takes anything for a while: the first frames stay, and later ones fit again. Either
    there are too many, or their words are."""
    chance = random.Random(seed)
    dut = FrameStore(depth=512, frames=frames)
    line = Line(dut, chance, 1.0)
    found, sent = [], []

    def stimulus():
        for _ in range(40):
            frame = Frame.random(chance, MAX_PAYLOAD if frames > 4 else 200)
            sent.append(frame.bare)
            yield from line.send(words(frame.line))
        while not (yield dut.idle):
            yield
        for _ in range(20):
            yield

    def slow():
        yield "passive"
        taker = collect(dut.source, found, chance, 0.15)
        yield from taker

    simulate(dut, stimulus(), slow(), line.count(), limit=60_000)
    left = iter(sent)
    assert all(any(frame == other for other in left) for frame, _ in found)  # in their order
    assert len(found) + line.lost == len(sent)
    assert line.lost and found[0][0] == sent[0]


def test_the_longest_fits_when_there_is_room_and_longer_ones_are_none(seed):
    chance = random.Random(seed)
    dut = FrameStore(depth=512)
    line = Line(dut, chance, 1.0)
    longest = Frame(3, 1, 2, 3, chance.randbytes(MAX_PAYLOAD))
    found = []
    assert len(longest.bare) == MAX_WORDS

    def stimulus():
        yield
        yield
        for _ in range(3):
            assert (yield dut.room)
            yield from line.send(words(longest.line))
            yield
            yield
            assert not (yield dut.room)
            yield from collect_one()
        longer = Frame(3, 1, 2, 3, chance.randbytes(MAX_PAYLOAD + 1))
        yield from line.send(words(longer.line))
        for _ in range(20):
            yield

    def collect_one():
        count = len(found)
        while len(found) == count:
            yield
        yield
        yield

    simulate(dut, stimulus(), collect(dut.source, found, chance, 1.0))
    assert [frame for frame, _ in found] == [longest.bare] * 3


@pytest.mark.parametrize("place", range(5 + 4))
def test_a_flipped_bit_anywhere(place, seed):
    chance = random.Random(seed)
    dut = FrameStore(depth=512)
    line = Line(dut, chance, 1.0)
    frame, other = Frame(1, 2, 3, 4, chance.randbytes(11)), Frame.random(chance, 50)
    found = []

    def stimulus():
        items = words(frame.line)
        items[place] ^= 1 << chance.randrange(16 if place == 0 else 32)
        yield from line.send(items)
        yield from line.send(words(other.line))
        for _ in range(100):
            yield

    simulate(dut, stimulus(), collect(dut.source, found, chance), line.count())
    assert found == [(other.bare, 0)]
    assert line.damaged == (place > 0)  # without its magic number it was nothing at all


def test_a_store_without_room_for_a_frame():
    with pytest.raises(ValueError, match="256 words do not hold a frame"):
        FrameStore(depth=256)
