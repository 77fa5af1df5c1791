"""Rounding shift and requantiser against the slow Python of numerics, section 2."""

import random
from types import SimpleNamespace

import pytest

from litelic.accel.requantise import Clamp, Requantiser, RoundingShift
from tests.accel.streams import simulate, write_fields
from tests.host.golden.reference import clamp, requantise, round_shift


def check_pipeline(dut, inputs, expected, output):
    """Feed one mapping a cycle; `output` must follow `latency` cycles later."""

    def bench():
        wanted = [None] * dut.latency
        for fields, result in [*zip(inputs, expected, strict=True)] + [({}, None)] * dut.latency:
            yield from write_fields(dut, fields)
            yield
            if wanted[0] is not None:
                assert (yield output) == wanted[0]
            wanted = wanted[1:] + [result]

    simulate(dut, bench())


def random_integer(chance, bits):
    """Signed, of any size up to that many bits, the extremes often."""
    if chance.random() < 0.2:
        return chance.choice([-(1 << bits - 1), (1 << bits - 1) - 1, 0, -1, 1])
    size = chance.randrange(1, bits)
    return chance.randrange(-(1 << size), 1 << size)


@pytest.mark.parametrize("bits", (17, 33, 34, 48))
def test_rounding_shift(bits, seed):
    chance = random.Random(seed)
    inputs = []
    for shift in [*range(64)] * 3 + [0, 1, 2, 3] * 10:
        value = random_integer(chance, bits)
        if 0 < shift < bits and chance.random() < 0.3:  # exactly half, and its neighbours
            half = chance.randrange(-4, 4) * 2**shift + 2 ** (shift - 1) + chance.randrange(-1, 2)
            value = half if -(1 << bits - 1) <= half < 1 << bits - 1 else value
        inputs.append({"value": value, "shift": shift})
    expected = [round_shift(i["value"], i["shift"]) for i in inputs]
    dut = RoundingShift(bits)
    check_pipeline(dut, inputs, expected, dut.result)


@pytest.mark.parametrize(
    "lo, hi", [(-128, 127), (0, 255), (-(2**15), 2**15 - 1), (1, 2**24 - 1), (5, 5)],
)
def test_requantiser(lo, hi, seed):
    chance = random.Random(seed)
    inputs = []
    for _ in range(300):
        bias = random_integer(chance, 32)
        total = random_integer(chance, 32)
        total = min(max(total, -(2**31) - bias), 2**31 - 1 - bias)  # the compiler's promise
        total = min(max(total, -(2**31)), 2**31 - 1)
        inputs.append({
            "sum": total, "bias": bias, "multiplier": chance.choice([
                0, 1, 65535, chance.randrange(65536), chance.randrange(65536),
            ]),
            "shift": chance.choice([0, 47, chance.randrange(48), chance.randrange(16, 40)]),
        })
    for edge in (lo, hi):  # both sides of the clamp
        inputs += [
            {"sum": edge + d, "bias": 0, "multiplier": 1, "shift": 0} for d in range(-2, 3)
        ]
    expected = []
    for i in inputs:
        channel = SimpleNamespace(
            bias=[i["bias"]], multiplier=[i["multiplier"]], shift=[i["shift"]],
        )
        expected.append(requantise(i["sum"], channel, 0, lo, hi))
        i.update(lo=lo, hi=hi)
    assert lo == hi or len(set(expected)) > 10
    dut = Requantiser()
    check_pipeline(dut, inputs, expected, dut.result)


@pytest.mark.parametrize("bits, result_bits", [(48, 25), (33, 16), (20, 19)])
def test_clamp(bits, result_bits, seed):
    """Bounds differ from value to value; many values are beside a bound, or do not fit at all."""
    chance = random.Random(seed)
    inputs, expected = [], []
    for _ in range(300):
        lo, hi = sorted(random_integer(chance, result_bits) for _ in range(2))
        near = chance.choice([lo, hi, 0]) + chance.randint(-2, 2)
        value = chance.choice([near, random_integer(chance, bits), chance.choice([-1, 1]) * lo])
        value = clamp(value, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        inputs.append({"value": value, "lo": lo, "hi": hi})
        expected.append(clamp(value, lo, hi))
    dut = Clamp(bits, result_bits)
    check_pipeline(dut, inputs, expected, dut.result)
