"""Real factors as a 16-bit multiplier and a shift (docs/numerics.md, section 2)."""

import numpy as np

from litelic.host.errors import LitelicError


def requantiser(ratio, name):
    """Return (multiplier uint16, shift uint8), arrays, with `multiplier * 2^-shift` near `ratio`.

    The multiplier is 32768..65535, but below 2^-32 it has fewer bits, as the shift ends at 47.
    Ratios above 65535 become 65535: either makes any sum but 0 saturate.
    """
    if not np.isfinite(ratio).all() or (np.asarray(ratio) < 0).any():
        raise LitelicError(f"layer {name}: a scale is not finite; are its weights sound?")
    ratio = np.minimum(ratio, 65535.0)
    fraction, exponent = np.frexp(ratio)
    multiplier = np.round(fraction * 65536)
    exponent = np.where(multiplier == 65536, exponent + 1, exponent)
    multiplier = np.where(multiplier == 65536, 32768, multiplier)
    shift = 16 - exponent
    excess = np.maximum(shift - 47, 0)
    multiplier = np.round(np.ldexp(multiplier, -excess))
    return multiplier.astype(np.uint16), (shift - excess).astype(np.uint8)


def whole(values, name):
    """`values` rounded to int32, or a `LitelicError` when they do not fit."""
    rounded = np.round(values)
    if not (np.abs(rounded) < 2**31).all():
        raise LitelicError(f"layer {name}: a bias does not fit 32 bits")
    return rounded.astype(np.int32)
