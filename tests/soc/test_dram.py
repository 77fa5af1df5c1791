"""The registers in front of an SDR memory: everything comes through, a cycle later."""

import random
from types import SimpleNamespace

from litedram.common import PhySettings
from litedram.phy import dfi
from litex.gen import LiteXModule
from migen.genlib.record import DIR_M_TO_S

from litelic.soc.dram import DFIBuffer
from tests.accel.streams import simulate

READ_LATENCY = 3


class Phy(LiteXModule):
    """As `GENSDRPHY` looks to a controller."""

    def __init__(self):
        self.settings = PhySettings(
            phytype="SDR", memtype="SDR", databits=16, dfi_databits=16, nphases=1, rdphase=0,
            wrphase=0, cl=2, read_latency=READ_LATENCY, write_latency=0,
        )
        self.dfi = dfi.Interface(13, 2, 1, 16)


def test_everything_a_cycle_later(seed):
    chance = random.Random(seed)
    phy = Phy()
    dut = DFIBuffer(phy)
    near, far = dut.dfi.p0, phy.dfi.p0
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
        for name in from_memory:
            assert (yield getattr(ends.near, name)) == given[name]
        for name in to_memory if before else ():
            assert (yield getattr(ends.far, name)) == before[name]

    simulate(dut, bench())


def test_the_controller_is_told():
    phy = Phy()
    dut = DFIBuffer(phy)
    assert dut.settings.read_latency == READ_LATENCY + 1
    assert phy.settings.read_latency == READ_LATENCY
    assert dut.settings.write_latency == 0
