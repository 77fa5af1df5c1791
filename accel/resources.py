"""What an array takes of an FPGA, told before anything is synthesised.

Multipliers and block RAMs follow from how the memories are cut (`memory.py`): `make area` measures
the same numbers. LUTs are straight lines through what it measured.
"""

from dataclasses import dataclass

from migen.genlib.record import layout_len

from litelic.accel.config import BEAT_BYTES
from litelic.accel.memory import BLOCK_BITS, WIDEST, slice_bits, slice_bits_ecp5
from litelic.accel.multipliers import ECP5, products_a_block
from litelic.accel.normalise import ENTRY_BITS, SLOPE_BITS, TABLE_WORDS
from litelic.accel.weights import PARAMETER_LAYOUT, SLOTS

FIFO_WORDS, FIFO_BITS_MORE = 64, 2  # of the readers of operands and of weights

# LUTs (technology ECP5: four inputs, carry chains and distributed memories included) of everything
# that is there once, of an epilogue's lane, of a pixel lane without and with its multipliers.
LUTS_ONCE = {True: 8190, False: 5700}
LUTS_EPILOGUE = {True: 1660, False: 2150}
LUTS_LANE = {True: 260, False: 300}
LUTS_MAC = {True: 28.0, False: 19.75}


@dataclass(frozen=True)
class Resources:
    """LUTs, multiplier blocks, and block RAMs of 18 kbit."""

    luts: float
    dsps: int
    block_rams: int

    def __add__(self, other):
        return Resources(
            self.luts + other.luts, self.dsps + other.dsps, self.block_rams + other.block_rams)

    def __sub__(self, other):
        return Resources(
            self.luts - other.luts, self.dsps - other.dsps, self.block_rams - other.block_rams)


def of_array(config, technology):
    """The `Resources` of an `ArrayConfig`; `technology` is one of `multipliers.TECHNOLOGIES`."""
    c, ecp5 = config, technology == ECP5
    lane = (
        2 * _sliced(c.operand_bits * c.bank, c.input_depth // c.bank, technology)
        + _sliced(16, c.middle_depth, technology)
        + _middle_operands(c, technology)
        + _inferred(8 * BEAT_BYTES, 2 * c.output_depth // BEAT_BYTES)
    )
    once = (
        _sliced(8 * c.reduction * c.outputs, c.weight_depth, technology)
        + _parameters(c, technology)
        + c.epilogue * _inferred(ENTRY_BITS + SLOPE_BITS, TABLE_WORDS)
    )
    if ecp5:  # a 7 series has distributed memories that are deep enough
        once += 2 * _inferred(8 * c.port_bytes + FIFO_BITS_MORE, FIFO_WORDS)
    luts = (
        LUTS_ONCE[ecp5] + c.epilogue * LUTS_EPILOGUE[ecp5] + c.pixels * LUTS_LANE[ecp5]
        + c.macs * LUTS_MAC[ecp5]
    )
    return Resources(
        luts=luts,
        dsps=c.macs // products_a_block(technology, c.operand_bits),
        block_rams=once + c.pixels * lane,
    )


def _inferred(bits, depth):
    """A memory that synthesis cuts: blocks at their widest."""
    wide = max(1, min(WIDEST, BLOCK_BITS // depth))
    return -(-bits // wide)


def _sliced(bits, depth, technology, granularity=None):
    """A `SlicedMemory`."""
    width, narrowest = slice_bits(depth), granularity or 1
    if technology == ECP5 and slice_bits_ecp5(depth) >= narrowest:
        width = slice_bits_ecp5(depth)
    if granularity:
        width = max(width // granularity, 1) * granularity
    deep = -(-depth * min(width, bits) // BLOCK_BITS)
    return -(-bits // width) * deep


def _middle_operands(c, technology):
    place = 8 * -(-c.middle_bits // 8)
    return _sliced(place * c.reduction, c.middle_depth // c.reduction, technology, place)


def _parameters(c, technology):
    bits, depth = layout_len(PARAMETER_LAYOUT), SLOTS * c.outputs
    if technology == ECP5:
        return _sliced(bits, depth, technology)
    return 1  # most of it is in distributed memories
