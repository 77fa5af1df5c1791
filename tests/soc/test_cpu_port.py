"""The CPU's frames: what it drops is gone, and the next one is whole."""

import random

import pytest

from litelic.soc.link.cpu_port import CPUFrames
from tests.accel.streams import simulate
from tests.soc.link_frames import Frame, send_words


@pytest.mark.parametrize("place", (0, 1, 3, 9, 10))
def test_the_rest_of_a_frame_is_dropped(place, seed):
    """At any word of it, the last one too."""
    chance = random.Random(seed)
    dut, found = CPUFrames(1), []
    long, following = Frame(1, 2, 3, 4, chance.randbytes(28)), Frame(5, 6, 7, 8, b"next")
    assert len(long.bare) == 11

    def cpu():
        while len(found) < place + len(following.bare):
            yield dut.take.eq(0)
            yield dut.drop.eq(0)
            yield
            if not (yield dut.valid):
                continue
            if len(found) == place and (yield dut.word) == long.bare[place]:
                yield dut.drop.eq(1)
                yield
                yield dut.drop.eq(0)
                yield
                continue
            found.append((yield dut.word))
            yield dut.take.eq(1)
            yield

    def frames():
        for frame in (long, following):
            yield from send_words(dut.sink, frame.bare, chance, 0.8)

    simulate(dut, cpu(), frames())
    assert found == long.bare[:place] + following.bare
