"""The masked writer before a controller that takes write data without looking at `valid`."""

import random

import pytest
from litedram.common import LiteDRAMNativeWritePort
from migen.sim.core import passive

from litelic.accel.dma import MaskedWriter
from tests.accel.streams import pause, simulate, write_fields
from tests.soc.native_memory import NativeMemory

WORDS = 32


@pytest.mark.parametrize("grant, latency", [(0.3, 1), (0.8, 12), (1, 4)])
def test_masked_writes(grant, latency, seed):
    chance = random.Random(seed)
    port = LiteDRAMNativeWritePort(address_width=5, data_width=128)
    dut = MaskedWriter(port, fifo_depth=4)
    memory = NativeMemory(16 * WORDS, seed, grant)
    memory.content[:] = chance.randbytes(16 * WORDS)
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
                chance.randrange(WORDS), chance.getrandbits(128), chance.getrandbits(16),
            )
            yield from write_fields(dut.sink, {"address": address, "data": data, "we": enable})
            yield dut.sink.valid.eq(1)
            yield
            while not (yield dut.sink.ready):
                yield
            yield dut.sink.valid.eq(0)
            for i in range(16):
                if enable >> i & 1:
                    expected[16 * address + i] = data >> 8 * i & 0xFF
        yield
        while not (yield dut.idle):
            yield
        assert memory.content == expected
        assert len(idle_seen) > 20

    simulate(dut, memory.writes(port, latency), check_idle(), bench())
