"""From the bus clock to the array clock and back; nothing at all where they are the same.

The field's usual means: FIFOs with Gray-coded pointers for what must not be lost, two registers
for levels. What goes along with a level or a token (a descriptor's fields, a segment's
parameters, finished counters) is stable when it arrives.
"""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *
from migen.genlib.cdc import MultiReg

# Crossings ----------------------------------------------------------------------------------------


class TokenCrossing(LiteXModule):
    """Every cycle of `give` becomes one cycle of `taken`; at most 8 may be under way.

    The most frequent are those of finished segments. They are at least two array cycles apart, so
    that an array clock of up to twice the bus clock never has more.
    """

    def __init__(self, cd_from, cd_to):
        self.give, self.taken = Signal(), Signal()

        # # #

        self.tokens = tokens = stream.ClockDomainCrossing([], cd_from, cd_to, depth=8)
        self.comb += [
            tokens.sink.valid.eq(self.give),
            tokens.source.ready.eq(1),
            self.taken.eq(tokens.source.valid),
        ]


class Landing(LiteXModule):
    """Registers behind a FIFO: neither whether it has something to give nor whether that is taken
    reaches further than here within a cycle."""

    def __init__(self, layout):
        self.ready = ready = stream.Buffer(layout, pipe_valid=False, pipe_ready=True)
        self.valid = valid = stream.Buffer(layout)
        self.sink, self.source = ready.sink, valid.source
        self.comb += ready.source.connect(valid.sink)


class PointerCrossing(LiteXModule):
    """`output` follows `input`, which changes by at most 1 (modulo 2^width) a cycle: a level, or
    the pointer of a ring."""

    def __init__(self, width, cd_from, cd_to):
        self.input, self.output = Signal(width), Signal(width)

        # # #

        if cd_from == cd_to:
            self.comb += self.output.eq(self.input)
            return
        gray, arrived = Signal(width), Signal(width)
        parts, binary = Signal(width), Signal(width)
        from_sync, to_sync = getattr(self.sync, cd_from), getattr(self.sync, cd_to)
        from_sync += gray.eq(self.input ^ (self.input >> 1))
        self.specials += MultiReg(gray, arrived, cd_to)
        # A bit is the exclusive or of those above it: in two steps, four bits each at a time.
        to_sync += [parts[i].eq(Reduce("XOR", arrived[i : i + 4])) for i in range(width)]
        self.comb += [binary[i].eq(Reduce("XOR", Cat(*parts[i::4]))) for i in range(width)]
        to_sync += self.output.eq(binary)


class LevelCrossing(PointerCrossing):
    """`output` follows `input`, one bit each."""

    def __init__(self, cd_from, cd_to):
        PointerCrossing.__init__(self, 1, cd_from, cd_to)
