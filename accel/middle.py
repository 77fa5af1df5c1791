"""The memory between a convolution and its normalisation, of one pixel lane."""

from litex.gen import *
from migen import *

from litelic.accel.memory import SlicedMemory

# Middle Memory ------------------------------------------------------------------------------------


class MiddleMemory(LiteXModule):
    """Hold a tile's convolution results twice: as int16 values and as operands (`middle_bits`).

    A pixel's channels are padded to a multiple of `reduction`, so operands are always read in
    aligned words.

    Attributes
    ----------
    write_enable, write_address, write_value, write_operand : one channel of one pixel.
    operand_address : any channel of the wanted word; `source` (reduction x `config.operand_bits`,
                      operands are not negative) `latency` cycles later.
    value_address   : one channel; `value` two cycles later.
    """

    latency = 3  # the address, the memory, its output register

    def __init__(self, config):
        reduction, depth, bits = config.reduction, config.middle_depth, config.middle_bits
        self.write_enable = Signal()
        self.write_address = Signal(max=depth)
        self.write_value, self.write_operand = Signal(16), Signal(bits)
        self.operand_address = Signal(max=depth)
        self.source = Signal(config.operand_bits * reduction)
        self.value_address = Signal(max=depth)
        self.value = Signal((16, True))

        # # #

        self.values = values = SlicedMemory(16, depth)
        self.comb += [
            values.write_address.eq(self.write_address),
            values.write_data.eq(self.write_value),
            values.write_enable.eq(self.write_enable),
            values.read_address.eq(self.value_address),
        ]
        self.sync += self.value.eq(values.read_data)

        place = 8 * -(-bits // 8)  # whole bytes, which block RAMs have write enables for
        operands = Memory(place * reduction, depth // reduction)
        write = operands.get_port(write_capable=True, we_granularity=8, mode=READ_FIRST)
        read = operands.get_port(mode=READ_FIRST)
        self.specials += operands, write, read
        lane_bits = log2_int(reduction)
        address, word = Signal(max=depth // reduction), Signal(place * reduction)
        padded, enables = Signal(place), Signal(reduction)
        self.comb += [
            write.adr.eq(self.write_address[lane_bits:]),
            padded.eq(self.write_operand),
            write.dat_w.eq(Replicate(padded, reduction)),
            enables.eq(self.write_enable << self.write_address[:lane_bits]),
            write.we.eq(Cat(*[Replicate(enable, place // 8) for enable in enables])),
            read.adr.eq(address),
            self.source.eq(
                Cat(*[
                    Cat(word[place * i : place * i + bits], Constant(0, 1))
                    for i in range(reduction)
                ])
            ),
        ]
        self.sync += [
            address.eq(self.operand_address[lane_bits:]),
            word.eq(read.dat_r),
        ]
