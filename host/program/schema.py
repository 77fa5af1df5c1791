"""What a program file's description holds (`docs/program.md`): keys, types, and when they are left
out."""

from litelic.host.program.layer import SLOPE_ONE

ALIGNMENT = 64

DTYPES = {"int8": "<i1", "uint8": "<u1", "uint16": "<u2", "int32": "<i4", "uint32": "<u4"}
REQUANTISER = {"bias": "int32", "multiplier": "uint16", "shift": "uint8"}
GDN_TENSORS = {"gamma": "int8", **REQUANTISER}
GDN_SCALARS = {"name": str, "function": str, "operand_shift": int, "output_shift": int}
GDN_DEFAULTS = {"operand_bits": 8}  # left out where they are that
LAYER_DEFAULTS = {"negative_slope": SLOPE_ONE, "shuffle": 1, "sources": None}  # likewise
LAYER_TENSORS = {"weight": "int8", **REQUANTISER}
LAYER_SCALARS = {
    "name": str, "kind": str, "stride": int, "padding": int, "output_padding": int,
    "input": str, "output": str, "lo": int, "hi": int,
}
ENTROPY_TENSORS = {"offsets": "int32", "lengths": "uint32", "cdfs": "uint32"}


def align(size):
    """The next multiple of the tensors' alignment."""
    return -(-size // ALIGNMENT) * ALIGNMENT
