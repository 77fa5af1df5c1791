"""Multipliers made of adders against Python's."""

import random

import pytest
from litex.gen import LiteXModule
from migen import Signal

from litelic.accel import fabric
from litelic.accel.multipliers import GENERIC
from tests.accel.test_requantise import check_pipeline, random_integer


class Bench(LiteXModule):
    latency = fabric.LATENCY

    def __init__(self, signed_bits, unsigned_bits):
        self.a, self.b = Signal((signed_bits, True)), Signal(unsigned_bits)
        self.product = fabric.product(GENERIC, self, self.a, self.b)


@pytest.mark.parametrize("bits", [(32, 16), (17, 16), (10, 10), (5, 9), (1, 16), (18, 13)])
def test_products(bits, seed):
    chance = random.Random(seed)
    dut = Bench(*bits)
    largest = (1 << bits[1]) - 1
    inputs = [
        {"a": random_integer(chance, bits[0]) if bits[0] > 1 else -chance.randrange(2),
         "b": chance.choice([0, 1, largest, chance.randrange(largest + 1)])}
        for _ in range(200)
    ]
    assert len(dut.product) == sum(bits)
    check_pipeline(dut, inputs, [i["a"] * i["b"] for i in inputs], dut.product)
