"""The memory between a convolution and its normalisation, of one pixel lane."""

from litex.gen import *
from migen import *

# Middle Memory ------------------------------------------------------------------------------------


class MiddleMemory(LiteXModule):
    """Hold a tile's convolution results twice: as int16 values and as 8-bit operands.

    A pixel's channels are padded to a multiple of `reduction`, so operands are always read in
    aligned words.

    Attributes
    ----------
    write_enable, write_address, write_value, write_operand : one channel of one pixel.
    operand_address : any channel of the wanted word; `source` (reduction x 9 bits, operands are
                      not negative) `latency` cycles later.
    value_address   : one channel; `value` two cycles later.
    """

    latency = 3  # the address, the memory, its output register

    def __init__(self, config):
        reduction, depth = config.reduction, config.middle_depth
        self.write_enable = Signal()
        self.write_address = Signal(max=depth)
        self.write_value, self.write_operand = Signal(16), Signal(8)
        self.operand_address = Signal(max=depth)
        self.source = Signal(9 * reduction)
        self.value_address = Signal(max=depth)
        self.value = Signal((16, True))

        # # #

        values = Memory(16, depth)
        write, read = values.get_port(write_capable=True), values.get_port()
        self.specials += values, write, read
        self.comb += [
            write.adr.eq(self.write_address),
            write.dat_w.eq(self.write_value),
            write.we.eq(self.write_enable),
            read.adr.eq(self.value_address),
        ]
        self.sync += self.value.eq(read.dat_r)

        operands = Memory(8 * reduction, depth // reduction)
        write = operands.get_port(write_capable=True, we_granularity=8)
        read = operands.get_port()
        self.specials += operands, write, read
        lane_bits = log2_int(reduction)
        address, word = Signal(max=depth // reduction), Signal(8 * reduction)
        self.comb += [
            write.adr.eq(self.write_address[lane_bits:]),
            write.dat_w.eq(Replicate(self.write_operand, reduction)),
            write.we.eq(self.write_enable << self.write_address[:lane_bits]),
            read.adr.eq(address),
            self.source.eq(
                Cat(*[Cat(word[8 * i : 8 * i + 8], Constant(0, 1)) for i in range(reduction)])
            ),
        ]
        self.sync += [
            address.eq(self.operand_address[lane_bits:]),
            word.eq(read.dat_r),
        ]
