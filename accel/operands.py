"""The operand memory of one pixel lane: written in aligned granules, read at any operand."""

from litex.gen import *
from migen import *

from litelic.accel.config import GRANULE

# Operand Memory -----------------------------------------------------------------------------------


class OperandMemory(LiteXModule):
    """Read `reduction` consecutive 9-bit operands a cycle, starting at any operand.

    Words of `reduction` operands alternate between an even and an odd bank, so that a run that
    straddles two words still takes one cycle.

    Latency: `latency` cycles from `address` to `source`. The addresses of both banks and the
    rotation are common to all lanes and come from `OperandAddress`.

    Attributes
    ----------
    write_enable, write_address, write_data : a granule of 8 operands.
    even_row, odd_row, rotation             : from `OperandAddress`.
    source                                  : reduction x 9 bits.
    """

    latency = 3  # memory, its output register, rotation

    def __init__(self, config):
        reduction = config.reduction
        rows = 2 * config.input_depth // (2 * reduction)
        self.write_enable = Signal()
        self.write_address = Signal(max=2 * config.input_depth // GRANULE)
        self.write_data = Signal(9 * GRANULE)
        self.even_row = Signal(max=rows)
        self.odd_row = Signal(max=rows)
        self.rotation = Signal(max=2 * reduction)  # two cycles after the rows
        self.source = Signal(9 * reduction)

        # # #

        banks = []
        for odd, row in enumerate((self.even_row, self.odd_row)):
            memory = Memory(9 * reduction, rows)
            write = memory.get_port(write_capable=True)
            read = memory.get_port()
            part = slice(9 * reduction * odd, 9 * reduction * (odd + 1))
            self.specials += memory, write, read
            if reduction == GRANULE:  # a granule is a word, in one of the banks
                self.comb += [
                    write.adr.eq(self.write_address[1:]),
                    write.dat_w.eq(self.write_data),
                    write.we.eq(self.write_enable & (self.write_address[0] == odd)),
                ]
            else:  # a granule is a word in either bank
                self.comb += [
                    write.adr.eq(self.write_address),
                    write.dat_w.eq(self.write_data[part]),
                    write.we.eq(self.write_enable),
                ]
            self.comb += read.adr.eq(row)
            bank = Signal(9 * reduction)
            self.sync += bank.eq(read.dat_r)
            banks.append(bank)
        both = [bank[9 * i : 9 * i + 9] for bank in banks for i in range(reduction)]
        rotated = [
            Array([both[(i + r) % (2 * reduction)] for r in range(2 * reduction)])[self.rotation]
            for i in range(reduction)
        ]
        self.sync += self.source.eq(Cat(*rotated))


class OperandAddress(LiteXModule):
    """Split an operand address into the rows of both banks and the rotation, for all lanes."""

    def __init__(self, config):
        reduction = config.reduction
        self.address = Signal(max=2 * config.input_depth)
        self.even_row = Signal(max=config.input_depth // reduction)
        self.odd_row = Signal(max=config.input_depth // reduction)
        self.rotation = Signal(max=2 * reduction)

        # # #

        word = self.address[log2_int(reduction) :]
        delayed = Signal(max=2 * reduction)
        self.comb += [self.odd_row.eq(word >> 1), self.even_row.eq((word + 1) >> 1)]
        self.sync += [
            delayed.eq(self.address[: log2_int(2 * reduction)]),
            self.rotation.eq(delayed),
        ]
