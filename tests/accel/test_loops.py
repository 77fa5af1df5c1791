"""The FIFO of words: flags in registers, places behind a pointer, always of the same word."""

import random

import pytest

from litelic.accel.loops import FIFO_DEPTH, FLAG_LAYOUT, PLACE_LAYOUT, WORD_LAYOUT, WordFifo
from tests.accel.streams import pause, receive, simulate, write_fields

NAMES = ("first", "last", *(name for name, _ in WORD_LAYOUT))


def random_words(chance, count):
    bits = {"first": 1, "last": 1, **dict(WORD_LAYOUT)}
    return [{name: chance.getrandbits(bits[name]) for name in NAMES} for _ in range(count)]


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


@pytest.mark.parametrize("offered, taken_at", ((1, 1), (1, 0.3), (0.3, 1), (0.5, 0.5)))
def test_words_come_out_whole_and_in_order(offered, taken_at, seed):
    chance = random.Random(seed)
    words, taken = random_words(chance, 200), []
    dut = WordFifo()
    simulate(
        dut, offer(dut, words, chance, offered),
        receive(dut.source, NAMES, len(words), taken, chance, taken_at),
    )
    assert taken == [tuple(word[name] for name in NAMES) for word in words]


def test_a_full_one_keeps_every_word(seed):
    """Nothing is taken before it is full, with one word more than `FIFO_DEPTH`."""
    chance = random.Random(seed)
    words, taken = random_words(chance, 3 * FIFO_DEPTH), []
    dut = WordFifo()

    def late():
        while (yield dut.sink.ready) or not (yield dut.source.valid):
            yield
        assert (yield dut.level) == FIFO_DEPTH + 1
        yield from receive(dut.source, NAMES, len(words), taken, chance, 1)

    simulate(dut, offer(dut, words, chance, 1), late())
    assert taken == [tuple(word[name] for name in NAMES) for word in words]


def test_a_reader_may_be_ready_before_there_is_a_word(seed):
    chance = random.Random(seed)
    words, taken = random_words(chance, 20), []
    dut = WordFifo()

    def bench():
        yield dut.source.ready.eq(1)
        while len(taken) < len(words):
            yield
            if (yield dut.source.valid):
                word = []
                for name in NAMES:
                    word.append((yield getattr(dut.source, name)))
                taken.append(tuple(word))

    simulate(dut, offer(dut, words, chance, 0.3), bench())
    assert taken == [tuple(word[name] for name in NAMES) for word in words]


def test_every_field_has_its_side():
    sides = [name for name, _ in FLAG_LAYOUT + PLACE_LAYOUT]
    assert sorted(sides) == sorted({name for name, _ in WORD_LAYOUT}) and len(set(sides)) == 9
