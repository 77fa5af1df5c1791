"""In front of a narrow memory: registers, a cycle later each way, and ports that are wider."""

import random
from types import SimpleNamespace

import pytest
from litedram.common import LiteDRAMNativePort, PhySettings
from litedram.phy import dfi
from litex.gen import LiteXModule
from migen.genlib.record import DIR_M_TO_S

from litelic.soc.dram import DFIBuffer, WidePort
from tests.accel.streams import simulate
from tests.soc.native_memory import NativeMemory

READ_LATENCY = 3
PHASES = 2


class Phy(LiteXModule):
    """As `GENSDRPHY` looks to a controller."""

    def __init__(self):
        self.settings = PhySettings(
            phytype="SDR", memtype="SDR", databits=16, dfi_databits=16, nphases=PHASES, rdphase=0,
            wrphase=0, cl=2, read_latency=READ_LATENCY, write_latency=0,
        )
        self.dfi = dfi.Interface(13, 2, 1, 16, PHASES)


@pytest.mark.parametrize("phase", range(PHASES))
def test_everything_a_cycle_later(phase, seed):
    chance = random.Random(seed)
    phy = Phy()
    dut = DFIBuffer(phy)
    near, far = dut.dfi.phases[phase], phy.dfi.phases[phase]
    to_memory = [name for name, _, direction in near.layout if direction == DIR_M_TO_S]
    from_memory = [name for name, _, direction in near.layout if direction != DIR_M_TO_S]
    assert len(to_memory) == 14 and len(from_memory) == 2
    given = {}

    def bench():
        for name in to_memory:  # a memory that nobody has spoken to is not selected
            assert (yield getattr(far, name)) == getattr(near, name).reset.value
        for _ in range(100):
            before = dict(given)
            for name in near.layout:
                given[name[0]] = chance.getrandbits(name[1])
                source = near if name[0] in to_memory else far
                yield getattr(source, name[0]).eq(given[name[0]])
            yield
            yield from compare(SimpleNamespace(far=far, near=near), before)

    def compare(ends, before):
        for name in from_memory if before else ():
            assert (yield getattr(ends.near, name)) == before[name]
        for name in to_memory if before else ():
            assert (yield getattr(ends.far, name)) == before[name]

    simulate(dut, bench())


def test_the_controller_is_told():
    phy = Phy()
    dut = DFIBuffer(phy)
    assert dut.settings.read_latency == READ_LATENCY + 2
    assert phy.settings.read_latency == READ_LATENCY
    assert dut.settings.write_latency == 0


@pytest.mark.parametrize(("narrow", "wide"), [(32, 128), (16, 128), (64, 128)])
def test_words_of_a_wide_port_are_put_together(narrow, wide, seed):
    chance = random.Random(seed)
    lanes, words = wide // 8, 64
    memory = NativeMemory(words * lanes, seed)
    memory.content[:] = expected = bytearray(chance.randbytes(len(memory.content)))
    port = LiteDRAMNativePort("write", 16, narrow)
    dut = WidePort(port, wide)
    writes = [
        (chance.randrange(words), chance.randbytes(lanes), chance.getrandbits(lanes))
        for _ in range(200)
    ]

    def commands():
        for address, _, _ in writes:
            yield from give(dut.port.cmd, chance, we=1, addr=address)

    def data():  # of the next words, before it is asked for
        for _, given, mask in writes:
            yield from give(dut.port.wdata, None, data=int.from_bytes(given, "little"), we=mask)

    simulate(dut, commands(), data(), memory.writes(port))
    for address, given, mask in writes:
        for lane in range(lanes):
            if mask >> lane & 1:
                expected[address * lanes + lane] = given[lane]
    assert memory.content == expected

    port = LiteDRAMNativePort("read", 16, narrow)
    dut = WidePort(port, wide)
    found = []

    def reads():
        for address, _, _ in writes:
            yield from give(dut.port.cmd, chance, we=0, addr=address)

    def answers():
        yield dut.port.rdata.ready.eq(1)
        while len(found) < len(writes):
            yield
            if (yield dut.port.rdata.valid):
                found.append((yield dut.port.rdata.data).to_bytes(lanes, "little"))

    simulate(dut, reads(), answers(), memory.reads(port))
    assert found == [expected[a * lanes : (a + 1) * lanes] for a, _, _ in writes]


def test_a_wide_port_never_rests():
    port = LiteDRAMNativePort("read", 16, 32)
    dut = WidePort(port, 128)

    def bench():
        yield port.cmd.ready.eq(1)
        yield dut.port.cmd.valid.eq(1)
        yield
        for cycle in range(40):
            assert (yield port.cmd.valid)
            assert (yield port.cmd.addr) % 4 == cycle % 4
            assert (yield dut.port.cmd.ready) == (cycle % 4 == 3)
            yield

    simulate(dut, bench())


def give(endpoint, chance, **values):
    """Offer one transfer, after a pause now and then."""
    while chance and chance.random() < 0.3:
        yield
    for name, value in values.items():
        yield getattr(endpoint, name).eq(value)
    yield endpoint.valid.eq(1)
    yield
    while not (yield endpoint.ready):
        yield
    yield endpoint.valid.eq(0)


def test_a_user_that_was_reset_leaves_no_trace(seed):
    """Commands whose data are gone write nothing, and the words after them are whole."""
    chance = random.Random(seed)
    memory = NativeMemory(64 * 16, seed)
    expected = bytearray(memory.content)
    port = LiteDRAMNativePort("write", 16, 32)
    dut = WidePort(port, 128)

    def bench():
        for word in range(20):
            lost, data = chance.random() < 0.4, chance.randbytes(16)
            yield dut.port.wdata.valid.eq(not lost)
            yield dut.port.wdata.data.eq(int.from_bytes(data, "little"))
            yield dut.port.wdata.we.eq(0 if lost else 0xFFFF)
            yield from give(dut.port.cmd, None, we=1, addr=word)
            while not (yield dut.port.wdata.ready):
                yield
            yield
            if not lost:
                expected[16 * word : 16 * word + 16] = data

    simulate(dut, bench(), memory.writes(port))
    assert memory.content == expected
