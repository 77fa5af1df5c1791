"""The middle memory: channels in, words of operands and single values out."""

import random

import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.middle import MiddleMemory
from tests.accel.streams import pack_lanes, simulate

VALUE_LATENCY = MiddleMemory.value_latency


@pytest.mark.parametrize("reduction", (4, 8))
def test_values_and_operands(reduction, seed):
    check(seed, ArrayConfig(reduction, 4, 1, 1, middle_depth=64))


@pytest.mark.parametrize("reduction", (4, 8))
def test_15_bit_operands(reduction, seed):
    check(seed, ArrayConfig(reduction, 4, 1, 1, middle_depth=64, activation_bits=16))


def check(seed, config):
    chance = random.Random(seed)
    reduction, depth = config.reduction, config.middle_depth
    dut = MiddleMemory(config)
    values, operands = [None] * depth, [None] * depth
    order = list(range(depth))

    def write():
        for _ in range(2):  # the second time over what is there
            chance.shuffle(order)
            for address in order:
                enable = chance.random() < 0.8 or values[address] is None
                value = chance.randrange(-(2**15), 2**15)
                operand = chance.randrange(1 << config.middle_bits)
                yield dut.write_enable.eq(enable)
                yield dut.write_address.eq(address)
                yield dut.write_value.eq(value)
                yield dut.write_operand.eq(operand)
                yield
                if enable:
                    values[address], operands[address] = value, operand
        yield dut.write_enable.eq(0)
        yield

    def bench():
        yield from write()
        wanted_values, wanted_words = [None] * VALUE_LATENCY, [None] * dut.latency
        for _ in range(150):
            value_at, operand_at = chance.randrange(depth), chance.randrange(depth)
            yield dut.value_address.eq(value_at)
            yield dut.operand_address.eq(operand_at)
            yield
            if wanted_values[0] is not None:
                assert (yield dut.value) == wanted_values[0]
            if wanted_words[0] is not None:
                assert (yield dut.source) == wanted_words[0]
            first = operand_at - operand_at % reduction
            wanted_values = wanted_values[1:] + [values[value_at]]
            word = pack_lanes(operands[first : first + reduction], config.operand_bits)
            wanted_words = wanted_words[1:] + [word]

    simulate(dut, bench())
