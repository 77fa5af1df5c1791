"""Sliced memories: any width, at any depth, between two clocks."""

import random

import pytest

from litelic.accel.memory import SlicedMemory, slice_bits, slice_bits_ecp5
from tests.accel.streams import simulate


def check(dut, content):
    """Read what the addresses of `content` hold."""
    yield dut.write_enable.eq(0)
    for address, word in content.items():
        yield dut.read_address.eq(address)
        for _ in range(dut.latency + 1):
            yield
        assert (yield dut.read_data) == word


@pytest.mark.parametrize("depth, bits", [(64, 36), (512, 36), (1024, 18), (2048, 9), (32768, 9)])
def test_a_slice_is_a_block(depth, bits):
    assert slice_bits(depth) == bits
    assert bits * depth <= 18432 or bits == 9


@pytest.mark.parametrize("depth, bits", [(64, 18), (1024, 18), (1025, 9), (4096, 4), (16384, 1)])
def test_an_ecp5_slice_has_two_ports(depth, bits):
    assert slice_bits_ecp5(depth) == bits
    assert slice_bits_ecp5(16385) == 0


@pytest.mark.parametrize("bits, granularity, depth", [(32, 8, 512), (64, 8, 2048), (64, 16, 256)])
def test_parts_of_words_are_written(bits, granularity, depth, seed):
    chance = random.Random(seed)
    dut = SlicedMemory(bits, depth, granularity=granularity)
    parts = bits // granularity
    assert len(dut.write_enable) == parts
    content = [0] * depth

    def bench():
        addresses = chance.sample(range(depth), 20)
        for address in addresses * 3:
            enables, word = chance.getrandbits(parts), chance.getrandbits(bits)
            yield dut.write_address.eq(address)
            yield dut.write_data.eq(word)
            yield dut.write_enable.eq(enables)
            yield
            kept = sum(
                ((1 << granularity) - 1) << granularity * i for i in range(parts)
                if not enables >> i & 1
            )
            content[address] = content[address] & kept | word & ~kept
        yield from check(dut, {address: content[address] for address in addresses})

    simulate(dut, bench())


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
        yield from check(dut, content)

    simulate(dut, bench())
