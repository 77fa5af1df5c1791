"""Items over several workers: each once, results in order, and an end in every case."""

import random
import threading
import time

import pytest

from litelic.host.streaming.order import spread


def late(chance, longest=0.002):
    time.sleep(chance.random() * longest)


def simple(chance):
    def work(items):
        for item in items:
            late(chance)
            yield 10 * item

    return work


def deep(chance, depth):
    """Yields a result only when it has got `depth` items more, as a pipeline does."""

    def work(items):
        waiting = []
        for item in items:
            late(chance)
            waiting.append(10 * item)
            if len(waiting) > depth:
                yield waiting.pop(0)
        yield from waiting

    return work


@pytest.mark.parametrize("count", (0, 1, 5, 60))
@pytest.mark.parametrize("depths", ((0,), (2,), (0, 0, 0), (3, 0), (2, 2, 2, 2)))
def test_results_come_in_order(depths, count, seed):
    chance = random.Random(seed)
    workers = [deep(chance, depth) if depth else simple(chance) for depth in depths]
    found = list(spread(range(count), workers, 2))
    assert found == [(item, 10 * item) for item in range(count)]


def test_a_slow_worker_holds_the_others_only_so_long(seed):
    """The others go ahead by as many items as they may, and wait for it then."""
    chance = random.Random(seed)
    gate, began = threading.Event(), threading.Event()
    taken = []

    def slow(items):
        for item in items:
            began.set()
            gate.wait(10)
            yield 10 * item

    def quick(items):
        began.wait(10)
        for item in items:
            taken.append(item)
            yield 10 * item

    results = spread(range(50), [slow, quick], 8)
    opener = threading.Timer(0.2, gate.set)
    opener.start()
    first = next(results)
    assert first == (0, 0) and max(taken[:7]) <= 8
    assert len(list(results)) == 49
    late(chance)


@pytest.mark.parametrize("at", (0, 3, 9))
def test_an_error_comes_after_the_results_before_it(at):
    def work(items):
        for item in items:
            if item == at:
                raise ValueError(f"item {item}")
            yield item

    found = []
    with pytest.raises(ValueError, match=f"item {at}"):
        for _, result in spread(range(20), [work], 4):
            found.append(result)
    assert found == list(range(at))


def test_an_error_of_the_items_is_told(seed):
    def items():
        yield 1
        yield 2
        raise OSError("the camera is gone")

    found = []
    with pytest.raises(OSError, match="camera"):
        for _, result in spread(items(), [simple(random.Random(seed))] * 2, 4):
            found.append(result)
    assert found == [10, 20]


@pytest.mark.parametrize("depth", (0, 2))
def test_left_early_it_takes_no_more(depth, seed):
    """What was begun is ended, and no thread stays."""
    chance = random.Random(seed)
    taken = []

    def items():
        for item in range(1000):
            taken.append(item)
            yield item

    before = threading.active_count()
    results = spread(items(), [deep(chance, depth), simple(chance)], 4)
    assert next(results) == (0, 0)
    results.close()
    assert len(taken) < 20 and threading.active_count() == before
