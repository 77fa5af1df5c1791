"""The queue of words: flags before the rest, always of the same word."""

import random

import pytest

from litelic.accel.words import FIFO_DEPTH, FLAG_LAYOUT, HEADS, Heads, WordQueue, word_layout
from tests.accel.streams import pause, read_fields, simulate, write_fields

POINTER_BITS = 12
BITS = {"first": 1, "last": 1, **dict(word_layout(POINTER_BITS))}
DENSITIES = ((1, 1), (1, 0.3), (0.3, 1), (0.5, 0.5))


def random_items(chance, bits, count):
    return [{name: chance.getrandbits(size) for name, size in bits.items()} for _ in range(count)]


# Heads --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("put_at, taken_at", DENSITIES)
def test_heads_are_a_queue(put_at, taken_at, seed):
    """Against a list; an item may be put in while there is room, and be taken while it is there."""
    chance = random.Random(seed)
    dut = Heads(FLAG_LAYOUT)
    names = [name for name, _ in FLAG_LAYOUT]
    queue, taken = [], 0

    def bench():
        nonlocal taken
        for item in random_items(chance, dict(FLAG_LAYOUT), 200):
            while True:
                # What was decided at the last edge has been done now.
                put = chance.random() < put_at and len(queue) < HEADS
                take = chance.random() < taken_at and len(queue) > 0
                yield from write_fields(dut.item, item)
                yield dut.put.eq(put)
                yield dut.take.eq(take)
                yield
                assert (yield dut.valid) == (len(queue) > 0)
                assert (yield dut.room) == (len(queue) < HEADS)
                if queue:
                    assert (yield from read_fields(dut.head, names)) == queue[0]
                if take:
                    queue.pop(0)
                    taken += 1
                if put:
                    queue.append(tuple(item.values()))
                    break

    simulate(dut, bench())
    assert taken + len(queue) == 200 and taken > 100


# Word Queue ---------------------------------------------------------------------------------------


def offer(dut, words, chance, density):
    """Write words with random gaps, each only while there is room."""
    for word in words:
        yield from pause(chance, density)
        while not (yield dut.sink.ready):
            yield
        yield from write_fields(dut.sink, word)
        yield dut.sink.valid.eq(1)
        yield
        yield dut.sink.valid.eq(0)
        yield


def take(dut, count, chance, density, flags, words):
    """Decide about words at random times, and note what comes: the flags, and then the words."""
    while len(words) < count:
        decided = (yield dut.valid) and chance.random() < density
        if decided:
            flags.append((yield from read_fields(dut, ("last", "gdn"))))
        yield dut.take.eq(decided)
        # `take` is seen by the registers at the next edge, while `valid` is that of this cycle.
        yield
        yield dut.take.eq(0)
        yield
        assert (yield dut.issued) == decided
        if decided:
            assert not (yield dut.empty)
            words.append((yield from read_fields(dut.word, BITS)))


@pytest.mark.parametrize("offered, taken_at", DENSITIES)
def test_words_come_out_whole_and_in_order(offered, taken_at, seed):
    chance = random.Random(seed)
    given, flags, words = random_items(chance, BITS, 200), [], []
    dut = WordQueue(POINTER_BITS)
    simulate(
        dut, offer(dut, given, chance, offered),
        take(dut, len(given), chance, taken_at, flags, words),
    )
    assert words == [tuple(word.values()) for word in given]
    assert flags == [(word["last"], word["gdn"]) for word in given]


def test_a_full_one_keeps_every_word(seed):
    """Nothing is taken before it is full."""
    chance = random.Random(seed)
    given, flags, words = random_items(chance, BITS, 3 * FIFO_DEPTH), [], []
    dut = WordQueue(POINTER_BITS)

    def late():
        assert (yield dut.empty)
        for _ in range(4 * FIFO_DEPTH):
            yield
        assert not (yield dut.sink.ready) and (yield dut.level) == FIFO_DEPTH
        assert (yield dut.words.level) == FIFO_DEPTH + HEADS
        yield from take(dut, len(given), chance, 1, flags, words)
        yield
        assert (yield dut.empty)

    simulate(dut, offer(dut, given, chance, 1), late())
    assert words == [tuple(word.values()) for word in given]


def test_a_word_a_cycle(seed):
    """Taken as soon as they are there, words come as fast as they are offered."""
    chance = random.Random(seed)
    given, times, words = random_items(chance, BITS, 40), [], []
    dut = WordQueue(POINTER_BITS)
    dut.comb += dut.take.eq(dut.valid)

    def feed():
        yield dut.sink.valid.eq(1)
        for word in given:
            yield from write_fields(dut.sink, word)
            yield
            assert (yield dut.sink.ready)
        yield dut.sink.valid.eq(0)

    def bench():
        for cycle in range(len(given) + 10):
            yield
            if (yield dut.issued):
                words.append((yield from read_fields(dut.word, BITS)))
                times.append(cycle)

    simulate(dut, feed(), bench())
    assert words == [tuple(word.values()) for word in given]
    assert times == list(range(times[0], times[0] + len(given)))
