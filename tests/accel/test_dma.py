"""The writers before a controller that takes write data without looking at `valid`."""

import random

import pytest
from litedram.common import LiteDRAMNativeWritePort
from migen.sim.core import passive

from litelic.accel.config import BEAT_BYTES, PORT_BYTES
from litelic.accel.dma import BeatWriter, MaskedWriter
from tests.accel.streams import pause, simulate, write_fields
from tests.soc.native_memory import NativeMemory

MEMORY_BYTES = 1024
SPEEDS = pytest.mark.parametrize("grant, latency", [(0.3, 1), (0.8, 12), (1, 4)])


def check_writes(dut, port, unit, grant, latency, seed):
    """Write `unit` bytes with random enables at random places; every byte of the memory counts."""
    chance = random.Random(seed)
    memory = NativeMemory(MEMORY_BYTES, seed, grant)
    memory.content[:] = chance.randbytes(MEMORY_BYTES)
    expected = bytearray(memory.content)
    idle_seen = []

    @passive
    def check_idle():
        """`idle` promises that whatever was accepted is in the DRAM."""
        while True:
            yield
            if (yield dut.idle):
                idle_seen.append(True)
                assert memory.content == expected

    def bench():
        for _ in range(200):
            yield from pause(chance, 0.9)
            if chance.random() < 0.05:
                for _ in range(30):
                    yield
            address, data, enable = (
                chance.randrange(MEMORY_BYTES // unit), chance.getrandbits(8 * unit),
                chance.getrandbits(unit),
            )
            yield from write_fields(dut.sink, {"address": address, "data": data, "we": enable})
            yield dut.sink.valid.eq(1)
            yield
            while not (yield dut.sink.ready):
                yield
            yield dut.sink.valid.eq(0)
            for i in range(unit):
                if enable >> i & 1:
                    expected[unit * address + i] = data >> 8 * i & 0xFF
        yield
        while not (yield dut.idle):
            yield
        assert memory.content == expected
        assert len(idle_seen) > 20

    simulate(dut, memory.writes(port, latency), check_idle(), bench())


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
@SPEEDS
def test_masked_writes(port_bytes, grant, latency, seed):
    port = LiteDRAMNativeWritePort(address_width=10, data_width=8 * port_bytes)
    dut = MaskedWriter(port, fifo_depth=4)
    check_writes(dut, port, port_bytes, grant, latency, seed)


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
@SPEEDS
def test_beats_find_their_place_in_a_word(port_bytes, grant, latency, seed):
    port = LiteDRAMNativeWritePort(address_width=10, data_width=8 * port_bytes)
    dut = BeatWriter(port)
    assert len(dut.sink.data) == 8 * BEAT_BYTES
    check_writes(dut, port, BEAT_BYTES, grant, latency, seed)


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
def test_beats_of_a_word_are_written_together(port_bytes, seed):
    """A run of beats takes one write a word, however its parts are masked."""
    chance = random.Random(seed)
    port = LiteDRAMNativeWritePort(address_width=10, data_width=8 * port_bytes)
    dut = BeatWriter(port)
    memory = NativeMemory(MEMORY_BYTES, seed, 1)
    first, count = chance.randrange(20), chance.randint(8, 30)
    beats = [chance.getrandbits(8 * BEAT_BYTES) for _ in range(count)]
    written = []

    @passive
    def watch():
        while True:
            yield
            if (yield port.cmd.valid) and (yield port.cmd.ready):
                written.append((yield port.cmd.addr))

    def bench():
        for i, beat in enumerate(beats):
            yield from write_fields(dut.sink, {
                "address": first + i, "data": beat, "we": 2**BEAT_BYTES - 1, "valid": 1,
            })
            yield
            while not (yield dut.sink.ready):
                yield
        yield dut.sink.valid.eq(0)
        yield
        while not (yield dut.idle):
            yield
        start = BEAT_BYTES * first
        expected = b"".join(beat.to_bytes(BEAT_BYTES, "little") for beat in beats)
        assert memory.content[start : start + len(expected)] == expected
        last = start + len(expected) - 1
        assert written == list(range(start // port_bytes, last // port_bytes + 1))

    simulate(dut, memory.writes(port, 2), watch(), bench())
