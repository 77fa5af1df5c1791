"""Sliced memories: any width, at any depth, between two clocks."""

import random

import pytest

from litelic.accel.memory import SlicedMemory, slice_bits
from tests.accel.streams import simulate


@pytest.mark.parametrize("depth, bits", [(64, 36), (512, 36), (1024, 18), (2048, 9), (32768, 9)])
def test_a_slice_is_a_block(depth, bits):
    assert slice_bits(depth) == bits
    assert bits * depth <= 18432 or bits == 9


@pytest.mark.parametrize("bits, depth", [(1, 64), (36, 512), (37, 512), (128, 2048), (72, 1024)])
def test_words_come_back(bits, depth, seed):
    chance = random.Random(seed)
    dut = SlicedMemory(bits, depth)
    content = {}

    def bench():
        for address in chance.sample(range(depth), 40) * 2:
            enable, word = chance.random() < 0.7, chance.getrandbits(bits)
            yield dut.write_address.eq(address)
            yield dut.write_data.eq(word)
            yield dut.write_enable.eq(enable)
            yield
            if enable:
                content[address] = word
        yield dut.write_enable.eq(0)
        addresses = list(content)
        for address in addresses:
            yield dut.read_address.eq(address)
            yield
            yield
            assert (yield dut.read_data) == content[address]

    simulate(dut, bench())
