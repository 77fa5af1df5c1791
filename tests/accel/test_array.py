"""The multiplier array against sums of Python integers."""

import itertools
import random
from dataclasses import replace

import pytest
from migen import Module, Signal
from migen.sim.core import passive

from litelic.accel.array import MultiplierArray
from litelic.accel.multipliers import DSP48, GENERIC
from tests.accel.streams import pack_lanes, random_config, simulate


class Together(Module):
    """The array, with operands and weights of the same cycle."""

    def __init__(self, config, technology):
        self.submodules.array = array = MultiplierArray(config, technology)
        self.weights, self.captured, self.sums = array.weights, array.captured, array.sums
        self.latency = array.latency + 1
        self.operands = [Signal.like(copies[0]) for copies in array.operands]
        self.valid, self.first, self.last = Signal(), Signal(), Signal()
        self.sync += [
            *[
                late.eq(early)
                for copies, early in zip(array.operands, self.operands) for late in copies
            ],
            array.valid.eq(self.valid), array.first.eq(self.first), array.last.eq(self.last),
        ]


def random_values(chance, count, bits, extreme):
    largest = (1 << bits - 1) - 1
    smallest = -largest if bits == 8 else -largest - 1  # weights are not -128
    if extreme:
        return [chance.choice((smallest, largest)) for _ in range(count)]
    return [chance.randint(smallest, largest) for _ in range(count)]


@pytest.mark.parametrize("technology", (GENERIC, DSP48))
@pytest.mark.parametrize("seed", range(5), indirect=True)
def test_sums_of_products(technology, seed):
    chance = random.Random(seed)
    check_sums(chance, random_config(chance), technology)


@pytest.mark.parametrize("technology", (GENERIC, DSP48))
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_sums_of_16_bit_products(technology, seed):
    chance = random.Random(seed)
    check_sums(chance, replace(random_config(chance), activation_bits=16), technology)


def check_sums(chance, config, technology):
    bits = config.operand_bits
    dut = Together(config, technology)
    expected = {}  # first read-out cycle -> sums in the order of the read-out
    now = 0

    def drive():
        nonlocal now
        earliest = 0  # a result may end from this cycle on
        for _ in range(12):
            words, extreme = chance.randrange(1, 9), chance.random() < 0.4
            sums = [[0] * config.outputs for _ in range(config.pixels)]
            for word in range(words):
                last = word == words - 1
                while chance.random() < 0.3 or (last and now < earliest):
                    yield dut.valid.eq(0)
                    yield from show(
                        [random_values(chance, config.reduction, bits, False)] * config.pixels,
                        [random_values(chance, config.reduction, 8, False)] * config.outputs,
                        chance.random() < 0.5, chance.random() < 0.5,
                    )
                    yield
                    now += 1
                operands, weights = (
                    [random_values(chance, config.reduction, size, extreme) for _ in range(count)]
                    for size, count in ((bits, config.pixels), (8, config.outputs))
                )
                for m, lane in enumerate(operands):
                    for n, channel in enumerate(weights):
                        sums[m][n] += sum(a * w for a, w in zip(lane, channel, strict=True))
                yield dut.valid.eq(1)
                yield from show(operands, weights, word == 0, last)
                yield
                now += 1
            expected[now + dut.latency] = [
                [sums[g * config.epilogue + r][n] for r in range(config.epilogue)]
                for n in range(config.outputs)
                for g in range(config.pixels // config.epilogue)
            ]
            earliest = now - 1 + config.drain_cycles
        yield dut.valid.eq(0)
        for _ in range(dut.latency + config.drain_cycles + 1):
            yield
            now += 1
        assert not expected

    def show(operands, weights, first, last):
        for signal, values in zip(dut.operands, operands, strict=True):
            yield signal.eq(pack_lanes(values, bits))
        for signal, values in zip(dut.weights, weights, strict=True):
            yield signal.eq(pack_lanes(values, 8))
        yield dut.first.eq(first)
        yield dut.last.eq(last)

    @passive
    def monitor():
        waited = []
        for cycle in itertools.count():
            captured = yield dut.captured
            assert captured == (cycle in expected), f"cycle {cycle}"
            if captured:
                assert not waited, "a result came before the one before it was read"
                waited = expected.pop(cycle)
            if waited:
                sums = []
                for signal in dut.sums:
                    sums.append((yield signal))
                assert sums == waited.pop(0)
            yield

    simulate(dut, monitor(), drive())
