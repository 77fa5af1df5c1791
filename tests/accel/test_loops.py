"""The pointer into the weight ring: never ahead of what has arrived, and hardly behind it."""

import random
from types import SimpleNamespace

import pytest

from litelic.accel.loops import WeightPointer
from tests.accel.streams import simulate

BITS = 7
LOOKED_UP = 2  # cycles ago


def random_segments(chance, count):
    return [
        SimpleNamespace(words=chance.choice([1, 2, 3, 4, 9]), pixels=chance.randint(1, 4))
        for _ in range(count)
    ]


def steps_of(segments):
    """(pointer, last, retire, begins) of each step."""
    first = 0
    for segment in segments:
        for pixel in range(segment.pixels):
            for word in range(segment.words):
                yield SimpleNamespace(
                    value=first + word, last=word == segment.words - 1,
                    retire=pixel == segment.pixels - 1, begins=pixel == word == 0,
                )
        first += segment.words


def walk(dut, segments, arrivals, room, chance):
    """Make the steps of all segments, as the loops do; return the cycle of each.

    arrivals : how many more words have arrived, a cycle; at its end, all.
    room     : how probable it is that a cycle has room for a step.
    """
    steps = list(steps_of(segments))
    total = sum(segment.words for segment in segments)
    history = [0]  # words that have arrived, a cycle
    made, cycles = [], []
    loaded = stepping = idle = 0

    def bench():
        nonlocal loaded, stepping, idle
        begins = 0
        while len(made) < len(steps) or stepping:
            yield
            if stepping:
                assert (yield dut.value) == made[-1].value % (1 << BITS) < 1 << BITS
                assert made[-1].value < history[-1]
                cycles.append(len(history) - 1)
            idle = 0 if stepping else idle + 1
            loaded |= begins
            step = steps[len(made)] if len(made) < len(steps) else None
            ready = yield dut.ready
            if step and idle > LOOKED_UP and step.value < history[-1 - LOOKED_UP]:
                assert ready, f"{step} is there, {history[-3:]}"
            stepping = step is not None and loaded and ready and chance.random() < room
            yield dut.step.eq(stepping)
            if stepping:
                yield dut.last.eq(step.last)
                yield dut.retire.eq(step.retire)
                made.append(step)
                loaded = not (step.last and step.retire)
            begins = not loaded and chance.random() < room
            yield dut.begins.eq(begins)
            history.append(min(total, history[-1] + next(arrivals, total)))
            yield dut.arrived.eq(history[-1])

    simulate(dut, bench())
    assert made == steps
    return cycles


@pytest.mark.parametrize("room", (1, 0.5))
@pytest.mark.parametrize("arriving", (0.1, 0.5, 1))
@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_no_word_is_read_before_it_is_there(arriving, room, seed):
    chance = random.Random(seed)
    segments = random_segments(chance, 12)
    arrivals = (int(chance.random() < arriving) for _ in range(10_000))
    walk(WeightPointer(BITS), segments, arrivals, room, chance)


def test_no_cycle_is_lost_from_pixel_to_pixel(seed):
    """Although no word is there behind the last one."""
    chance = random.Random(seed)
    segments = random_segments(chance, 12)
    for segment in segments:  # two results are at least two cycles apart
        segment.words += 1
    cycles = walk(WeightPointer(BITS), segments, iter(()), 1, chance)
    assert cycles == list(range(cycles[0], cycles[0] + len(cycles)))
