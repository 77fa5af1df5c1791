"""The memory between a convolution and its normalisation, of one pixel lane."""

from litex.gen import *
from migen import *

from litelic.accel.copies import own
from litelic.accel.memory import SlicedMemory
from litelic.accel.multipliers import GENERIC
from litelic.accel.operands import OperandMemory
from litelic.accel.requantise import delay

# Middle Memory ------------------------------------------------------------------------------------


class MiddleMemory(LiteXModule):
    """Hold a tile's convolution results twice: as int16 values and as operands (`middle_bits`).

    A pixel's channels are padded to a multiple of `reduction`, so operands are always read in
    aligned words.

    Attributes
    ----------
    write_enable, write_address, write_value, write_operand : one channel of one pixel; it is there
                      two cycles later.
    operand_address : any channel of the wanted word; `source` (reduction x `config.operand_bits`,
                      operands are not negative) `latency` cycles later.
    value_address   : one channel; `value` `value_latency` cycles later.
    """

    latency = OperandMemory.latency - 2  # the same way, but for the choice
    value_latency = SlicedMemory.latency + 1  # the memory, the way from there

    def __init__(self, config, technology=GENERIC):
        reduction, depth, bits = config.reduction, config.middle_depth, config.middle_bits
        self.write_enable = Signal()
        self.write_address = Signal(max=depth)
        self.write_value, self.write_operand = Signal(16), Signal(bits)
        self.operand_address = Signal(max=depth)
        self.source = Signal(config.operand_bits * reduction)
        self.value_address = Signal(max=depth)
        self.value = Signal((16, True))

        # # #

        place = 8 * -(-bits // 8)  # whole bytes, which block RAMs have write enables for
        lane_bits = log2_int(reduction)
        self.values = values = SlicedMemory(16, depth, technology=technology)
        self.operands = operands = SlicedMemory(
            place * reduction, depth // reduction, technology=technology, granularity=place,
        )
        # What a block RAM is written with comes straight from registers.
        address = own(self, self.write_address, technology)
        operand = own(self, self.write_operand, technology)
        self.sync += [
            values.write_enable.eq(self.write_enable),
            operands.write_enable.eq(self.write_enable << self.write_address[:lane_bits]),
            self.value.eq(values.read_data),
        ]
        way = self.latency - SlicedMemory.latency
        self.comb += [
            values.write_address.eq(address),
            values.write_data.eq(own(self, self.write_value, technology)),
            values.read_address.eq(self.value_address),
            operands.write_address.eq(address[lane_bits:]),
            operands.write_data.eq(Replicate(Cat(
                operand, Constant(0, place - bits) if place > bits else []
            ), reduction)),
            operands.read_address.eq(
                delay(self, self.operand_address[lane_bits:], way)
            ),
            self.source.eq(Cat(*[
                Cat(operands.read_data[place * i : place * i + bits], Constant(0, 1))
                for i in range(reduction)
            ])),
        ]
