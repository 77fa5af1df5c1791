"""The registers around the engine: queue, status, reset, interrupt."""

import numpy as np
import pytest
from litedram.common import LiteDRAMNativePort
from litex.gen import LiteXModule
from litex.soc.interconnect.csr_bus import CSRBank

from litelic.accel.accelerator import Accelerator
from litelic.accel.config import ArrayConfig
from litelic.accel.descriptor import FLAG_INTERRUPT
from litelic.accel.fetch import QUEUE_DEPTH
from tests.accel.layers import Job
from tests.accel.streams import simulate
from tests.random_layers import random_input, random_layer
from tests.soc.native_memory import NativeMemory

CONFIG = ArrayConfig(4, 4, 1, 1, input_depth=64, weight_depth=64, middle_depth=64, output_depth=64)
MEMORY_BYTES = 80 << 10
BUSY, MALFORMED = 1, 2


class Registers(LiteXModule):
    """The accelerator behind its CSR bank, as the CPU sees it."""

    def __init__(self, cd_array):
        self.ports = []
        self.accelerator = Accelerator(CONFIG, self._port, cd_array)
        self.bank = CSRBank(self.accelerator.get_csrs())
        self.places = {csr.name: i for i, csr in enumerate(self.bank.simple_csrs)}

    def _port(self, mode):
        self.ports.append(LiteDRAMNativePort(mode, 16, 128))
        return self.ports[-1]

    def queue(self, address):
        for i in reversed(range(4)):
            yield from self.bank.bus.write(self.places[f"queue{i}"], address >> 8 * i & 0xFF)
        for _ in range(4):  # no CPU reads the status sooner
            yield

    def read(self, name):
        yield self.bank.bus.adr.eq(self.places[name])
        yield
        yield
        return (yield self.bank.bus.dat_r)

    def reset(self):
        yield from self.bank.bus.write(self.places["control0"], 1)
        for _ in range(20):
            yield
        yield from self.bank.bus.write(self.places["control0"], 0)


CLOCKS = {
    "one clock": {"sys": 10}, "fast array": {"sys": 10, "array": 5},
    "slow array": {"sys": 10, "array": 14},
}


@pytest.mark.parametrize("clocks", CLOCKS.values(), ids=CLOCKS)
def test_queue_status_reset_and_interrupt(clocks, seed):
    rng = np.random.default_rng(seed)
    layer = random_layer(
        rng, kind="conv", kernel=1, stride=1, padding=0, in_channels=2, out_channels=2, gdn=False,
    )
    job = Job(rng, CONFIG, [layer], random_input(rng, layer, 2, 2), MEMORY_BYTES)
    job.memory[4] |= FLAG_INTERRUPT
    job._before = bytes(job.memory)
    dut = Registers(list(clocks)[-1])
    memory = NativeMemory(MEMORY_BYTES, seed)
    memory.content[:] = job.memory
    nothing = 4096  # an address without a descriptor

    def until(status):
        while (yield from dut.read("status")) != status:
            yield

    def cpu():
        yield from dut.bank.bus.write(dut.places["ev_enable0"], 1)
        assert (yield from dut.read("status")) == 0
        assert (yield from dut.read("queue_level")) == QUEUE_DEPTH
        yield from dut.queue(nothing)
        yield from dut.queue(0)
        yield from until(MALFORMED)
        assert (yield from dut.read("queue_level")) == QUEUE_DEPTH - 2
        yield from dut.reset()
        assert (yield from dut.read("status")) == 0
        assert (yield from dut.read("queue_level")) == QUEUE_DEPTH
        yield from dut.queue(0)
        for _ in range(40):  # into the middle of it
            yield
        assert (yield from dut.read("status")) == BUSY
        yield from dut.reset()
        yield from dut.queue(0)
        assert not (yield dut.accelerator.ev.irq)
        yield from until(0)
        assert (yield dut.accelerator.ev.irq)
        assert (yield from dut.read("completed0")) == 1
        yield from dut.bank.bus.write(dut.places["ev_pending"], 1)
        yield
        yield
        assert not (yield dut.accelerator.ev.irq)

    reads = [memory.reads(port) for port in dut.ports[:3]]
    simulate(dut, *reads, memory.writes(dut.ports[3]), cpu(), limit=3000, clocks=clocks)
    job.memory[:] = memory.content
    job.check()
