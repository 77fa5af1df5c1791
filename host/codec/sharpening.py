"""Sharper and flatter versions of a probability table, with integers only.

Version `k` has probabilities proportional to the `EXPONENTS[k] / 64`-th power of the table's own:
for a Laplacian that divides its scale by the exponent. `docs/container.md` says exactly how.
"""

import functools
import math

import numpy as np

from litelic.host.codec.lanes import PRECISION, WHOLE

EXPONENTS = (16, 20, 25, 32, 40, 51, 64, 81, 102, 128, 161, 203, 256, 323, 406, 512)
FRACTION = 12  # bits behind the point of a logarithm
ONE = 1 << 32


@functools.cache
def powers_of_two():
    """`2^32 * 2^(-f / 4096)` for f = 0..4095, as uint64: each factor and product rounded down."""
    powers = np.full(1 << FRACTION, ONE, dtype=np.uint64)
    fractions = np.arange(1 << FRACTION)
    root = ONE >> 1
    for bit in reversed(range(FRACTION)):
        root = math.isqrt(root << 32)
        chosen = (fractions >> bit & 1).astype(bool)
        powers[chosen] = (powers[chosen] * np.uint64(root)) >> np.uint64(32)
    powers.setflags(write=False)
    return powers


@functools.cache
def _costs():
    powers = powers_of_two()
    frequency = np.arange(1, WHOLE + 1, dtype=np.uint64)
    doublings = np.array([2 << k for k in range(PRECISION)], dtype=np.uint64)
    exponent = doublings.searchsorted(frequency, side="right")  # floor(log2)
    mantissa = frequency << (np.uint64(31) - exponent.astype(np.uint64))  # 2^31..2^32 - 1
    # How many powers lie above the mantissa: they fall from 2^32 to just above 2^31
    above = len(powers) - powers[::-1].searchsorted(mantissa, side="right")
    costs = np.zeros(WHOLE + 1, dtype=np.int64)
    costs[1:] = ((PRECISION - 1 - exponent) << FRACTION) + above
    costs.setflags(write=False)
    return costs


def cost(frequency):
    """`-log2(frequency / 65536)` in 1/4096 bits, int64, for frequencies 1..65536."""
    return _costs()[frequency]


def versions(frequency):
    """All versions of a table of frequencies, int64 [len(EXPONENTS)][symbols].

    Each row sums to 65536 and has no zero; every machine gets the same integers.
    """
    powers = powers_of_two()
    exponents = np.array(EXPONENTS, dtype=np.int64)[:, None]
    falls = (cost(frequency) - cost(frequency.max())) * exponents >> 6
    shifts = np.minimum(falls >> FRACTION, 63).astype(np.uint64)
    weights = (powers[falls & ((1 << FRACTION) - 1)] >> shifts).astype(np.int64)
    shared = WHOLE - len(frequency)  # each symbol has one for certain, the rest is shared out
    rows = 1 + weights * shared // weights.sum(axis=1, keepdims=True)
    largest = rows.argmax(axis=1)
    rows[np.arange(len(rows)), largest] += WHOLE - rows.sum(axis=1)
    return rows
