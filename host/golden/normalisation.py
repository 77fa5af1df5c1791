"""Generalised divisive normalisation: section 5 of `docs/numerics.md`."""

import numpy as np

from litelic.host.golden.arithmetic import requantise, round_shift
from litelic.host.golden.tables import TABLES


def normalise(gdn, x, lo, hi):
    """Normalise `x`, int64 `[height][width][sums]` within int16, and clamp to `lo..hi`."""
    n = norm(gdn, x)
    e = exponent(n)
    t = gdn.output_shift + {
        "reciprocal": e, "multiply": -e, "rsqrt": e >> 1, "sqrt": -(e >> 1), "sigmoid": 0 * e,
    }[gdn.function]
    normalised = x[..., : len(gdn.gamma)]
    return round_shift(normalised * mantissa(gdn.function, n, e), t.clip(0, 47)).clip(lo, hi)


def norm(gdn, x):
    """`n`, 1..2^24-1, for each channel of each pixel."""
    size = x * x if gdn.squares else abs(x)
    a = round_shift(size, gdn.operand_shift).clip(0, gdn.largest_operand)
    acc = np.einsum("yxj,ij->yxi", a.astype(np.int32), gdn.gamma.astype(np.int32))
    return requantise(acc, gdn, 1, 2**24 - 1)


def exponent(n):
    """`floor(log2(n))`, by bisection."""
    e = np.zeros_like(n)
    for step in (16, 8, 4, 2, 1):
        e += step * (n >> (e + step) != 0)
    return e


def mantissa(function, n, e):
    """`mant`, 32768..65535; of a sigmoid 22..65514."""
    m = n << (23 - e) if function != "sigmoid" else (n >> 1) + (128 << 16)
    if function == "multiply":
        return m >> 8
    table = TABLES[function].astype(np.int64)
    q = e & 1
    k = (m >> 16) - 128
    d = (m >> 6) & 1023
    left, right = table[q, k], table[q, k + 1]
    return np.minimum(65535, left + round_shift((right - left) * d, 10))
