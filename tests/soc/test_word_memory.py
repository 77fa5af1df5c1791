"""Words to and from DRAM: any run of them, and nothing beside it."""

import random

import pytest
from litedram.common import LiteDRAMNativeReadPort, LiteDRAMNativeWritePort

from litelic.soc.link.word_memory import WordReader, WordWriter
from tests.accel.streams import simulate
from tests.soc.link_frames import padded, words
from tests.soc.native_memory import NativeMemory

BYTES = 1 << 12


def begin(dut, address, **values):
    yield dut.address.eq(address)
    for name, value in values.items():
        yield getattr(dut, name).eq(value)
    yield dut.start.eq(1)
    yield
    yield dut.start.eq(0)


def runs(chance, count):
    """Random runs of bytes, whose first is a multiple of 4."""
    for _ in range(count):
        length = chance.choice((1, 2, 3, 4, 5, chance.randrange(1, 40), chance.randrange(1, 300)))
        yield chance.randrange((BYTES - length) // 4) * 4, length


@pytest.mark.parametrize("width", (128, 256, 512))
def test_runs_are_written(width, seed):
    chance = random.Random(seed)
    port = LiteDRAMNativeWritePort(address_width=12, data_width=width)
    dut, memory = WordWriter(port), NativeMemory(BYTES, seed, grant=0.7)
    memory.content[:] = expected = bytearray(chance.randbytes(BYTES))

    def write(address, data):
        yield from begin(dut, address)
        items = words(padded(data))
        for n, word in enumerate(items):
            last = n == len(items) - 1
            yield dut.sink.valid.eq(1)
            yield dut.sink.data.eq(word)
            yield dut.sink.we.eq((1 << len(data) - 4 * n) - 1 if last else 15)
            yield dut.sink.last.eq(last)
            yield
            while not (yield dut.sink.ready):
                yield
            yield dut.sink.valid.eq(0)
            if chance.random() < 0.1:
                yield
        yield

    def stimulus():
        for address, length in runs(chance, 30):
            data = chance.randbytes(length)
            yield from write(address, data)
            expected[address : address + length] = data
            if chance.random() < 0.5:
                continue
            while not (yield dut.idle):
                yield
            assert memory.content == expected
        while not (yield dut.idle):
            yield

    simulate(dut, stimulus(), memory.writes(port), limit=50_000)
    assert memory.content == expected


@pytest.mark.parametrize("width", (128, 256, 512))
def test_runs_are_read(width, seed):
    chance = random.Random(seed)
    port = LiteDRAMNativeReadPort(address_width=12, data_width=width)
    dut, memory = WordReader(port, 128), NativeMemory(BYTES, seed, grant=0.7)
    memory.content[:] = chance.randbytes(BYTES)

    def stimulus():
        for address, length in runs(chance, 30):
            count, found = -(-length // 4), []
            yield from begin(dut, address, count=count)
            while len(found) < count:
                yield dut.source.ready.eq(int(chance.random() < 0.8))
                yield
                if (yield dut.source.valid) and (yield dut.source.ready):
                    found.append((yield dut.source.data))
                    assert (yield dut.source.last) == (len(found) == count)
            yield dut.source.ready.eq(0)
            assert found == words(memory.content[address : address + 4 * count])
            yield

    simulate(dut, stimulus(), memory.reads(port), limit=50_000)
