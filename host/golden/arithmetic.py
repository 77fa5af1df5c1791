"""Operands, rounding and requantisation: sections 1 and 2 of `docs/numerics.md`."""

import numpy as np


def operands(stored, storage):
    """What the multiplier array sees (int32) of the stored elements."""
    values = stored.astype(np.int32)
    if storage == "centred":
        return values - 128
    if storage == "int16":
        return values.clip(-256, 255)
    if storage == "magnitude":
        return np.minimum(abs(values), 255)
    if storage == "wide_magnitude":
        return np.minimum(abs(values), 32767)
    return values  # "wide" among them


def round_shift(values, shift):
    """`values` (int64) / 2^shift, halves towards plus infinity. `shift` is a number or an array."""
    shift = np.asarray(shift, np.int64)
    half = (np.int64(1) << shift) >> 1
    return (values + half) >> shift


def bend(values, slope):
    """`values` (int64), the negative ones times `slope` / 65536."""
    return np.where(values < 0, round_shift(values * np.int64(slope), 16), values)


def requantise(acc, channel, lo, hi):
    """Turn sums of products into results (int64), clamped to `lo..hi`.

    `acc` is int32 with the channels last; `channel.bias`, `.multiplier` and `.shift` are arrays
    over the channels, those of a `Layer` or of a `Gdn`.
    """
    product = (acc + channel.bias) * channel.multiplier.astype(np.int64)
    return round_shift(product, channel.shift).clip(lo, hi)
