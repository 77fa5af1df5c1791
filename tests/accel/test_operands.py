"""The operand memory: granules in, any run of operands out."""

import random

import pytest
from litex.gen import LiteXModule

from litelic.accel.config import GRANULE, ArrayConfig
from litelic.accel.operands import OperandAddress, OperandMemory
from tests.accel.streams import pack_lanes, simulate


class AddressedMemory(LiteXModule):
    """The memory behind its address, as in the engine."""

    def __init__(self, config):
        self.address = OperandAddress(config)
        self.memory = OperandMemory(config)
        self.comb += [
            self.memory.even_row.eq(self.address.even_row),
            self.memory.odd_row.eq(self.address.odd_row),
            self.memory.rotation.eq(self.address.rotation),
        ]


@pytest.mark.parametrize("reduction", (4, 8))
def test_reads_at_any_operand(reduction, seed):
    chance = random.Random(seed)
    config = ArrayConfig(reduction, outputs=4, pixels=1, epilogue=1, input_depth=64)
    dut = AddressedMemory(config)
    operands = [chance.randrange(-256, 256) for _ in range(2 * config.input_depth)]

    def bench():
        granules = list(range(len(operands) // GRANULE))
        chance.shuffle(granules)
        for granule in granules:
            values = operands[GRANULE * granule : GRANULE * (granule + 1)]
            yield dut.memory.write_enable.eq(1)
            yield dut.memory.write_address.eq(granule)
            yield dut.memory.write_data.eq(pack_lanes(values, 9))
            yield
            if chance.random() < 0.3:  # what is not enabled is not written
                yield dut.memory.write_enable.eq(0)
                yield dut.memory.write_data.eq(chance.getrandbits(9 * GRANULE))
                yield
        yield dut.memory.write_enable.eq(0)
        addresses = list(range(len(operands) - reduction + 1))
        chance.shuffle(addresses)
        wanted = [None] * (OperandMemory.latency + 1)  # what `source` shows, the oldest first
        for address in addresses + [0] * OperandMemory.latency:
            yield dut.address.address.eq(address)
            yield
            wanted = wanted[1:] + [pack_lanes(operands[address : address + reduction], 9)]
            if wanted[0] is not None:
                assert (yield dut.memory.source) == wanted[0]

    simulate(dut, bench())
