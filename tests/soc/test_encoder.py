"""Frames get their CRCs, and a store takes them back."""

import random

import pytest
from litex.gen import LiteXModule

from litelic.soc.link.encoder import FrameEncoder
from litelic.soc.link.frame_store import FrameStore
from tests.accel.streams import simulate
from tests.soc.link_frames import Frame, collect, send_words, words


@pytest.mark.parametrize("density", (1.0, 0.6))
def test_frames_are_as_on_the_line(density, seed):
    chance = random.Random(seed)
    dut, found = FrameEncoder(4), []
    frames = [(Frame.random(chance, 100), chance.randrange(16)) for _ in range(30)]

    def stimulus():
        for frame, way in frames:
            yield from send_words(dut.sink, frame.bare, chance, density, way=way)
        for _ in range(20):
            yield

    simulate(dut, stimulus(), collect(dut.source, found, chance, density))
    assert found == [(words(frame.line), way) for frame, way in frames]


def test_there_and_back(seed):
    chance = random.Random(seed)
    dut = LiteXModule()
    dut.encoder, dut.store = FrameEncoder(1), FrameStore(depth=512, frames=64)
    dut.comb += dut.encoder.source.connect(dut.store.sink, omit={"way"})
    frames, found = [Frame.random(chance, 100) for _ in range(20)], []

    def stimulus():
        for frame in frames:
            yield from send_words(dut.encoder.sink, frame.bare, chance, 0.8)
        for _ in range(50):
            yield

    simulate(dut, stimulus(), collect(dut.store.source, found, chance))
    assert [frame for frame, _ in found] == [frame.bare for frame in frames]
