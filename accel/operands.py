"""The operand memory of one pixel lane: written in whole bank words, read at any operand."""

from litex.gen import *
from migen import *

from litelic.accel.copies import own
from litelic.accel.memory import SlicedMemory
from litelic.accel.multipliers import GENERIC
from litelic.accel.requantise import delay

# Helpers ------------------------------------------------------------------------------------------


def bank_rows(word):
    """(even, odd): the rows of both banks that hold the words `word` and `word + 1`."""
    return (word + 1) >> 1, word >> 1


# Operand Memory -----------------------------------------------------------------------------------


class OperandMemory(LiteXModule):
    """Read `reduction` consecutive signed operands a cycle, starting at any operand.

    Words of `bank` operands (at least `reduction`) alternate between an even and an odd bank, so
    that a run that straddles two words still takes one cycle, and so does writing two words.

    An operand is not moved: it leaves in lane `its place mod reduction`, so that a run comes out
    rotated by `OperandAddress.rotation`, the same in all pixel lanes. The weights are rotated
    instead, once for all of them.

    Latency: `latency` cycles from `OperandAddress.address` to `sources`.

    Attributes
    ----------
    write_enable : one bit a bank.
    write_rows, write_data : (even, odd), from `OperandWrite`.
    even_row, odd_row, choice : from `OperandAddress`; each lane has a register of its own of them.
    middle       : reduction x `config.operand_bits` that may take the memory's place, two cycles
                   before `sources`.
    from_middle  : they do; a cycle before them, for the way to all lanes.
    sources      : reduction x `config.operand_bits`, the same for each of `config.channel_groups`.

    Written with the bus clock, read with the clock `cd_array`.
    """

    latency = 1 + SlicedMemory.latency + 2  # the rows, the memory, the choice

    def __init__(self, config, cd_array="sys", technology=GENERIC):
        reduction, bank, bits = config.reduction, config.bank, config.operand_bits
        rows = 2 * config.input_depth // (2 * bank)
        words = 2 * bank // reduction  # in a row of both banks
        self.write_enable = Signal(2)
        self.write_rows = [Signal(max=rows) for _ in range(2)]
        self.write_data = [Signal(bits * bank) for _ in range(2)]
        self.even_row = Signal(max=rows)
        self.odd_row = Signal(max=rows)
        self.choice = [Signal(max=words) for _ in range(reduction)]
        self.middle = Signal(bits * reduction)
        self.from_middle = Signal()
        self.sources = []

        # # #

        array_sync = getattr(self.sync, cd_array)
        both = []
        for odd, row in enumerate((self.even_row, self.odd_row)):
            memory = SlicedMemory(
                bits * bank, rows, read_domain=cd_array, technology=technology,
            )
            self.submodules += memory
            word = memory.read_data
            self.comb += [
                memory.write_address.eq(self.write_rows[odd]),
                memory.write_data.eq(self.write_data[odd]),
                memory.write_enable.eq(self.write_enable[odd]),
                memory.read_address.eq(row),
            ]
            both += [word[bits * i : bits * i + bits] for i in range(bank)]
        # A word of each pair, then one of these, or'ed with the middle memory's: zeros come from
        # whichever is not wanted. So a LUT is all that there is behind a block RAM.
        from_middle = own(self, self.from_middle, technology, cd_array)
        from_banks = own(self, ~self.from_middle, technology, cd_array)
        source = Signal(bits * reduction)
        choices = own(self, Cat(*self.choice), technology, cd_array)
        choice_bits = len(self.choice[0])
        for i in range(reduction):
            choice = choices[choice_bits * i : choice_bits * (i + 1)]
            lane = slice(bits * i, bits * i + bits)
            candidates = both[i::reduction]
            picked = [Signal(bits) for _ in candidates[::2]]
            middle, pair = Signal(bits), Signal(max=max(2, len(picked)))
            for register, low, high in zip(picked, candidates[::2], candidates[1::2]):
                array_sync += [
                    register.eq(Mux(choice[0], high, low)),
                    If(from_middle, register.eq(0)),
                ]
            array_sync += [
                middle.eq(self.middle[lane]),
                If(from_banks, middle.eq(0)),
                pair.eq(choice >> 1),
            ]
            self.comb += source[lane].eq(Array(picked)[pair] | middle)
        self.sources += [
            own(self, source, technology, cd_array) for _ in config.channel_groups
        ]


class OperandAddress(LiteXModule):
    """Turn an operand address into what all lanes have in common.

    Attributes
    ----------
    address  : of the first operand of a run.
    even_row, odd_row : of both banks, a cycle later.
    choice   : for each lane of the result, which word of the rows holds it; 3 cycles later.
    rotation : the lane of the run's first operand, 3 cycles later.
    """

    def __init__(self, config):
        reduction, bank = config.reduction, config.bank
        self.address = Signal(max=2 * config.input_depth)
        self.even_row = Signal(max=config.input_depth // bank)
        self.odd_row = Signal(max=config.input_depth // bank)
        self.choice = [Signal(max=2 * bank // reduction) for _ in range(reduction)]
        self.rotation = Signal(max=reduction)

        # # #

        rows = bank_rows(self.address[log2_int(bank) :])
        for row, place in zip((self.even_row, self.odd_row), rows):
            self.comb += row.eq(delay(self, place, 1))
        place = delay(self, self.address[: log2_int(2 * bank)], 2)
        lane_bits = log2_int(reduction)
        lane, word = place[:lane_bits], place[lane_bits:]
        self.comb += self.rotation.eq(delay(self, lane, 1))
        # What lies in the lanes before the first operand's belongs to the next word.
        self.sync += [choice.eq(word + (lane > i)) for i, choice in enumerate(self.choice)]


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
