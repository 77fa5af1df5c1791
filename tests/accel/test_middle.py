"""The middle memory: channels in, words of operands and single values out."""

import random

import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.middle import MiddleMemory
from tests.accel.streams import pack_lanes, simulate

VALUE_LATENCY = 2


@pytest.mark.parametrize("reduction", (4, 8))
def test_values_and_operands(reduction, seed):
    chance = random.Random(seed)
    depth = 64
    dut = MiddleMemory(ArrayConfig(reduction, 4, 1, 1, middle_depth=depth))
    values, operands = [None] * depth, [None] * depth
    order = list(range(depth))

    def write():
        for _ in range(2):  # the second time over what is there
            chance.shuffle(order)
            for address in order:
                enable = chance.random() < 0.8 or values[address] is None
                value, operand = chance.randrange(-(2**15), 2**15), chance.randrange(256)
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
            wanted_words = wanted_words[1:] + [pack_lanes(operands[first : first + reduction], 9)]

    simulate(dut, bench())
