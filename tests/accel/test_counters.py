"""The cycle counters add up, whatever happens."""

import random

import pytest
from migen import Signal

from litelic.accel.counters import CycleCounters
from litelic.accel.descriptor import COUNTERS
from tests.accel.streams import simulate


@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_every_cycle_is_counted_once(seed):
    chance = random.Random(seed)
    counters = {name: Signal(32) for name in ("total", *COUNTERS)}
    causes = {name: Signal() for name in COUNTERS if name != "finish"}
    dut = CycleCounters(counters, causes)

    def bench():
        expected = dict.fromkeys(counters, 0)
        for cycle in range(500):
            clear = cycle == 0 or chance.random() < 0.01
            enable = chance.random() < 0.8
            cause = chance.choice(COUNTERS)
            yield dut.clear.eq(clear)
            yield dut.enable.eq(enable)
            for name, signal in causes.items():
                yield signal.eq(name == cause)
            if clear:
                expected = dict.fromkeys(counters, 0)
            elif enable:
                expected["total"] += 1
                expected[cause] += 1
            yield
            yield dut.enable.eq(0)
            yield dut.clear.eq(0)
            yield
            got = {}
            for name, signal in counters.items():
                got[name] = yield signal
            assert got == expected
            assert got["total"] == sum(got[name] for name in COUNTERS)

    simulate(dut, bench())
