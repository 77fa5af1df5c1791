"""Layout of a layer descriptor and of its completion record in DRAM (no Migen here).

A descriptor is one layer, convolution, transposed convolution or pair of maps, with what is fused
behind it, over a grid of equal tiles. All fields are 32-bit little-endian words; addresses are byte
offsets from the start of DRAM; "bytes" of a row position count from the row's first byte and may be
negative (two's complement). `docs/engine.md` explains the terms.
"""

import struct

from litelic.host.errors import LitelicError

DESCRIPTOR_BYTES = 256
RECORD_OFFSET = 192
MAGIC = 0x31444C4C  # "LLD1"

FLAG_GDN = 1 << 0  # a normalisation follows; results go through the middle memory
FLAG_INTERRUPT = 1 << 1  # raise the interrupt when done
FLAG_OUTPUT16 = 1 << 2  # results are stored as int16
FLAG_SLOPE = 1 << 3  # negative results are multiplied by `negative_slope`; without a normalisation

# "wide", "wide_magnitude" and FUNCTION_OPERANDS15 are for arrays of 16-bit activations only.
STORAGE_MAGNITUDE = 1 << 3
STORAGE_CODES = {
    "int8": 0, "uint8": 1, "centred": 2, "int16": 3, "wide": 4,
    "magnitude": 3 | STORAGE_MAGNITUDE, "wide_magnitude": 4 | STORAGE_MAGNITUDE,
}
# Bit 0: grows with the norm. Bit 1: a root. The sigmoid has the table that `multiply` does without.
FUNCTION_CODES = {"reciprocal": 0, "multiply": 1, "rsqrt": 2, "sqrt": 3, "sigmoid": 5}
FUNCTION_BITS = 3
FUNCTION_OPERANDS15 = 1 << 24  # the normalisation's operands have 15 bits, not 8

FIELDS = (
    "magic",
    "flags",
    # Tiles and lanes.
    "tiles",  # two 16-bit halves: columns, rows << 16
    "lanes",  # columns, rows << 16
    # Load.
    "in_storage",
    "in_address",  # of row in_y at row position 0
    "in_pitch",  # bytes between rows
    "in_rows",
    "in_row_bytes",
    "in_y",  # first row and row position of tile 0, lane 0
    "in_x",
    "in_tile_rows",  # step from tile to tile, lane to lane
    "in_tile_pitch",  # the same in bytes: in_tile_rows * in_pitch
    "in_tile_bytes",
    "in_lane_rows",
    "in_lane_pitch",
    "in_lane_bytes",
    "strip_rows",
    "strip_beats",  # words of a DRAM port
    # Weights.
    "weight_address",
    "weight_words",  # of a DRAM port
    # Compute.
    "strip_pitch",  # operands a strip row takes in the operand memory
    "step_x",  # operands from one result to the next
    "step_y",
    "pixels",  # a lane's results: columns, rows << 16
    "result_step_x",  # result positions (middle values or output bytes)
    "result_step_y",
    "result_pitch",  # of one phase row
    "norm_step",  # middle values a pixel
    "norm_pixels",  # a lane's normalised pixels: columns, rows << 16
    "output_step",  # output bytes a pixel
    "output_pitch",  # output bytes a row, a multiple of 16
    # Epilogue.
    "clamp",  # lo, hi of what is stored, two int16
    # Code, operand_shift << 8, output_shift << 16, FUNCTION_OPERANDS15; with FLAG_SLOPE the slope.
    "function",
    # Store.
    "out_address",  # of row out_y at row position 0
    "out_pitch",  # bytes between rows
    "out_rows",
    "out_row_bytes",
    "out_y",  # first row and row position of tile 0, lane 0
    "out_x",
    "out_tile_rows",
    "out_tile_pitch",
    "out_tile_bytes",
    "out_lane_rows",
    "out_lane_pitch",
    "out_lane_bytes",
    "block_rows",  # rows and bytes a row that a lane stores of a tile
    "block_bytes",
)

COUNTERS = (
    "busy",  # the array multiplies
    "input",  # waits for the operands of a tile
    "weights",  # waits for weights
    "output",  # waits for a free output half
    "drain",  # waits for results to leave the array or the epilogue
    "control",  # moves from tile to tile or segment to segment
    "finish",  # everything computed, the last stores are under way
    "fetch",  # between two descriptors: the record is written, the next descriptor read
)

TRAFFIC = (
    "input_words",  # read, words of a DRAM port
    "weight_words",  # likewise
    "output_beats",  # written, 16 bytes each, whole or in part
)


def pack(values):
    """Return the 192 bytes of a descriptor from a mapping of every field but `magic`.

    Raises `LitelicError` when a field does not fit 32 bits.
    """
    for name in FIELDS[1:]:
        if not -(1 << 31) <= values[name] < 1 << 32:
            raise LitelicError(
                f"descriptor field {name} does not fit 32 bits; use a smaller picture"
            )
    words = [MAGIC] + [values[name] & 0xFFFFFFFF for name in FIELDS[1:]]
    words += [0] * (RECORD_OFFSET // 4 - len(words))
    return struct.pack(f"<{len(words)}I", *words)


def unpack_record(data):
    """Return {name: count} of a 64-byte completion record, None if it is not one.

    Names are "total", the `COUNTERS` (cycles; they add up to the total) and the `TRAFFIC`.
    """
    words = struct.unpack("<16I", data)
    if words[0] != MAGIC:
        return None
    return dict(zip(("total", *COUNTERS, *TRAFFIC), words[1:]))
