"""The mantissa tables of section 5 of `docs/numerics.md`, computed with integers only.

Each table is int32 `[2][129]`: `T[q][k]` is the value at the left edge of segment `k`, which is the
right edge of segment `k - 1`; `q` is the parity of the exponent. Reciprocal and sigmoid know no
parity: their two rows are equal, so that every function is looked up in the same way.
"""

from math import isqrt

import numpy as np

SEGMENTS = 128


def nearest(numerator, denominator):
    """The integer nearest to a positive fraction: floor(v + 1/2) = (floor(2 v) + 1) // 2."""
    return (2 * numerator // denominator + 1) // 2


def nearest_root(numerator, denominator):
    """The integer nearest to the square root of a positive fraction, from floor(sqrt(4 v))."""
    return (isqrt(4 * numerator // denominator) + 1) // 2


def _reciprocal(k, q):
    return nearest(2**16 * SEGMENTS, SEGMENTS + k)


def _rsqrt(k, q):
    return nearest_root(2**32 * SEGMENTS, (SEGMENTS + k) * 2**q)


def _sqrt(k, q):
    return nearest_root(2**30 * (SEGMENTS + k) * 2**q, SEGMENTS)


def _sigmoid(k, q):
    """2^16 / (1 + exp((64 - k) / 8)): e^(1/8) to 2^-200, so that no rounding can be in doubt."""
    one = 1 << 200
    eighth = term = one
    for i in range(1, 60):
        term //= 8 * i
        eighth += term
    power = one
    for _ in range(abs(k - SEGMENTS // 2)):
        power = power * eighth >> 200
    falling = power if k < SEGMENTS // 2 else (one << 200) // power  # exp((64 - k) / 8)
    return nearest(2**16 * one, one + falling)


def _table(entry):
    return np.array([[entry(k, q) for k in range(SEGMENTS + 1)] for q in (0, 1)], np.int32)


TABLES = {
    "reciprocal": _table(_reciprocal),
    "rsqrt": _table(_rsqrt),
    "sqrt": _table(_sqrt),
    "sigmoid": _table(_sigmoid),
}
