"""The cycle counters add up, whatever happens."""

import random

import pytest
from migen import Signal

from litelic.accel.counters import CycleCounters, EventCounters
from litelic.accel.descriptor import COUNTERS, TRAFFIC
from tests.accel.streams import simulate, write_fields

CAUSES = tuple(name for name in COUNTERS if name not in ("finish", "fetch"))


def some_descriptors(chance, count):
    """What the fetcher shows, cycle by cycle: (state, cause), the state one of "idle", "between",
    "clear" (the last cycle between two descriptors) and "enable"."""
    for _ in range(count):
        # The record of the descriptor before; the next one may be there already, or come later.
        yield from [("between", None)] * chance.randrange(6)
        yield from [("idle", None)] * chance.choice([0, 0, 1, 20])
        yield from [("between", None)] * chance.randrange(30)
        yield "clear", None
        for _ in range(chance.randrange(1, 60)):
            yield "enable", chance.choice([*CAUSES, "finish"])


@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_every_cycle_is_counted_once(seed):
    chance = random.Random(seed)
    counters = {name: Signal(32) for name in ("total", *COUNTERS)}
    causes = {name: Signal() for name in CAUSES}
    dut = CycleCounters(counters, causes)

    def bench():
        expected, waited = None, 0
        earlier = [None] * (CycleCounters.latency - 1)  # what was expected, the oldest first
        for state, cause in some_descriptors(chance, 12):
            yield from write_fields(dut, {
                "between": state in ("between", "clear"), "clear": state == "clear",
                "enable": state == "enable",
            })
            for name, signal in causes.items():
                yield signal.eq(name == cause)
            yield
            got = {}
            for name, signal in counters.items():
                got[name] = yield signal
            if earlier[0]:
                assert got == earlier[0]
                assert got["total"] == sum(got[name] for name in COUNTERS)
            earlier = earlier[1:] + [expected and dict(expected)]
            waited = 0 if state in ("idle", "enable") else waited + 1
            if state == "clear":
                expected = dict.fromkeys(counters, 0) | {"total": waited, "fetch": waited}
                waited = 0
            elif state == "enable":
                for name in ("total", cause):
                    expected[name] += 1

    simulate(dut, bench())


def test_events_are_counted_since_clear(seed):
    chance = random.Random(seed)
    counters = {name: Signal(32) for name in TRAFFIC}
    events = {name: Signal() for name in TRAFFIC}
    dut = EventCounters(counters, events)

    def bench():
        expected = dict.fromkeys(TRAFFIC, 0)
        for _ in range(300):
            clear = chance.random() < 0.02
            happens = {name: chance.random() < 0.4 for name in TRAFFIC}
            yield dut.clear.eq(clear)
            for name, signal in events.items():
                yield signal.eq(happens[name])
            yield
            for name, signal in counters.items():
                assert (yield signal) == expected[name]
                expected[name] = 0 if clear else expected[name] + happens[name]

    simulate(dut, bench())
