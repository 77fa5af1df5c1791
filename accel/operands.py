"""The operand memory of one pixel lane: written in whole bank words, read at any operand."""

from litex.gen import *
from migen import *

# Helpers ------------------------------------------------------------------------------------------


def bank_rows(word):
    """(even, odd): the rows of both banks that hold the words `word` and `word + 1`."""
    return (word + 1) >> 1, word >> 1


# Operand Memory -----------------------------------------------------------------------------------


class OperandMemory(LiteXModule):
    """Read `reduction` consecutive signed operands a cycle, starting at any operand.

    Words of `bank` operands (at least `reduction`) alternate between an even and an odd bank, so
    that a run that straddles two words still takes one cycle, and so does writing two words.

    Latency: `latency` cycles from the rows to `source`. What is common to all lanes, rows and
    rotation, comes from `OperandAddress`.

    Attributes
    ----------
    write_enable : one bit a bank.
    write_rows, write_data : (even, odd), from `OperandWrite`.
    even_row, odd_row, rotation : from `OperandAddress`.
    source       : reduction x `config.operand_bits`.

    Written with the bus clock, read with the clock `cd_array`.
    """

    latency = 3  # memory, its output register, rotation

    def __init__(self, config, cd_array="sys"):
        reduction, bank, bits = config.reduction, config.bank, config.operand_bits
        rows = 2 * config.input_depth // (2 * bank)
        self.write_enable = Signal(2)
        self.write_rows = [Signal(max=rows) for _ in range(2)]
        self.write_data = [Signal(bits * bank) for _ in range(2)]
        self.even_row = Signal(max=rows)
        self.odd_row = Signal(max=rows)
        self.rotation = Signal(max=2 * bank)  # two cycles after the rows
        self.source = Signal(bits * reduction)

        # # #

        array_sync = getattr(self.sync, cd_array)
        both = []
        for odd, row in enumerate((self.even_row, self.odd_row)):
            memory = Memory(bits * bank, rows)
            write = memory.get_port(write_capable=True)
            read = memory.get_port(clock_domain=cd_array)
            self.specials += memory, write, read
            word = Signal(bits * bank)
            self.comb += [
                write.adr.eq(self.write_rows[odd]),
                write.dat_w.eq(self.write_data[odd]),
                write.we.eq(self.write_enable[odd]),
                read.adr.eq(row),
            ]
            array_sync += word.eq(read.dat_r)
            both += [word[bits * i : bits * i + bits] for i in range(bank)]
        rotated = [
            Array([both[(i + r) % (2 * bank)] for r in range(2 * bank)])[self.rotation]
            for i in range(reduction)
        ]
        array_sync += self.source.eq(Cat(*rotated))


class OperandAddress(LiteXModule):
    """Split an operand address into the rows of both banks and the rotation, for all lanes."""

    def __init__(self, config):
        bank = config.bank
        self.address = Signal(max=2 * config.input_depth)
        self.even_row = Signal(max=config.input_depth // bank)
        self.odd_row = Signal(max=config.input_depth // bank)
        self.rotation = Signal(max=2 * bank)

        # # #

        delayed = Signal(max=2 * bank)
        even, odd = bank_rows(self.address[log2_int(bank) :])
        self.comb += [self.even_row.eq(even), self.odd_row.eq(odd)]
        self.sync += [
            delayed.eq(self.address[: log2_int(2 * bank)]),
            self.rotation.eq(delayed),
        ]


class OperandWrite(LiteXModule):
    """Place a granule of one or two bank words at any word of a lane's memory, in one cycle.

    Attributes
    ----------
    valid    : write.
    lane, half, word : where the first bank word goes.
    keep     : one bit a bank word: 0 leaves its place as it is.
    operands : granule x `config.operand_bits`.
    lanes, enable, rows, data : to the lanes' memories, one cycle later; the last three are
               (even, odd).
    """

    def __init__(self, config):
        size = config.operand_bits * config.bank
        words = config.granule // config.bank
        row_bits = log2_int(config.input_depth // config.bank) - 1
        self.valid, self.half = Signal(), Signal()
        self.lane = Signal(max=max(2, config.pixels))
        self.word = word = Signal(row_bits + 1)
        self.keep = keep = Signal(words)
        self.operands = Signal(config.operand_bits * config.granule)
        self.lanes = Signal(config.pixels)
        self.enable = Signal(2)
        self.rows = [Signal(row_bits + 1) for _ in range(2)]
        self.data = [Signal(size) for _ in range(2)]

        # # #

        odd = word[0]
        places = [Signal(row_bits) for _ in range(2)]
        parts = [self.operands[size * i : size * (i + 1)] for i in range(words)]
        low, high = parts[0], parts[-1]
        self.comb += [place.eq(row) for place, row in zip(places, bank_rows(word))]
        self.sync += [
            self.lanes.eq(0),
            If(self.valid, self.lanes.eq(1 << self.lane)),
            *[row.eq(Cat(place, self.half)) for row, place in zip(self.rows, places)],
        ]
        if words == 2:
            self.sync += [
                self.enable.eq(Mux(odd, Cat(keep[1], keep[0]), keep)),
                self.data[0].eq(Mux(odd, high, low)),
                self.data[1].eq(Mux(odd, low, high)),
            ]
        else:
            self.sync += [
                self.enable.eq(Mux(odd, Cat(Constant(0, 1), keep), Cat(keep, Constant(0, 1)))),
                *[data.eq(low) for data in self.data],
            ]
