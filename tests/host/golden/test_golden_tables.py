"""The tables are the nearest integers of what they stand for, and the mantissas made from them are
as near as stated."""

import random
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from litelic.host.golden.normalisation import exponent, mantissa
from litelic.host.golden.tables import TABLES, nearest, nearest_root
from litelic.host.program.layer import FUNCTIONS

EXACT = {
    "reciprocal": lambda k, q: 2**16 * Decimal(128) / (128 + k),
    "rsqrt": lambda k, q: 2**16 * (Decimal(128) / ((128 + k) * 2**q)).sqrt(),
    "sqrt": lambda k, q: 2**15 * (Decimal(128 + k) * 2**q / 128).sqrt(),
    "sigmoid": lambda k, q: 2**16 / (1 + (Decimal(64 - k) / 8).exp()),
}

# The square of mantissa / what it stands for, a fraction of integers, for n = v and its exponent e
SQUARED_RATIO = {
    "multiply": lambda mant, v, e: Fraction(mant * 2**e, v * 2**15) ** 2,
    "reciprocal": lambda mant, v, e: Fraction(mant * v, 2 ** (16 + e)) ** 2,
    "rsqrt": lambda mant, v, e: Fraction(mant**2 * v, 2 ** (32 + 2 * (e // 2))),
    "sqrt": lambda mant, v, e: Fraction(mant**2 * 2 ** (2 * (e // 2)), v * 2**30),
}

# How far that ratio may lie from 1. `multiply` loses up to one unit of 32768 where it drops bits.
# For the others four errors can meet: the chord of a segment, the rounding of the table, that of
# the interpolation, and the bits of m below the position; over all norms they come to 1.20, 1.01
# and 1.10 units of 32768.
BOUND = {
    "multiply": Fraction(1, 2**15),
    "reciprocal": Fraction(5, 2**17),
    "rsqrt": Fraction(5, 2**17),
    "sqrt": Fraction(5, 2**17),
}


@pytest.mark.parametrize("function", TABLES)
@pytest.mark.parametrize("q", [0, 1])
def test_entries_are_the_nearest_integers(function, q):
    with localcontext() as context:
        context.prec = 50
        for k, entry in enumerate(TABLES[function][q].tolist()):
            assert abs(EXACT[function](k, q) - entry) < Decimal("0.5"), f"T[{k}]"  # no halves


@pytest.mark.parametrize("function, q, first, last", [
    ("reciprocal", 0, 65536, 32768), ("reciprocal", 1, 65536, 32768),
    ("rsqrt", 0, 65536, 46341), ("rsqrt", 1, 46341, 32768),
    ("sqrt", 0, 32768, 46341), ("sqrt", 1, 46341, 65536),
    ("sigmoid", 0, 22, 65514), ("sigmoid", 1, 22, 65514),
])
def test_ends_and_direction(function, q, first, last):
    table = TABLES[function][q]
    assert table.dtype == np.int32 and table.shape == (129,)
    assert (table[0], table[-1]) == (first, last)
    steps = np.diff(table)
    assert (steps > 0).all() if first < last else (steps < 0).all()


def test_nearest():
    for denominator in range(1, 20):
        for numerator in range(100):
            v = Fraction(numerator, denominator)
            assert abs(nearest(numerator, denominator) - v) <= Fraction(1, 2)
            root = nearest_root(numerator, denominator)
            assert (root - Fraction(1, 2)) ** 2 <= v < (root + Fraction(1, 2)) ** 2 or root == 0
            assert root > 0 or v < Fraction(1, 4)


def test_exponent():
    n = sorted({2**e + step for e in range(24) for step in (-1, 0, 1)} - {0} | set(range(1, 5000)))
    assert exponent(np.array(n)).tolist() == [v.bit_length() - 1 for v in n]


def norms():
    """Both edges of every segment and of some positions in it, at the largest exponents of both
    parities; all small norms; and some of the others."""
    edges = [
        ((128 + k) << 16 | d << 6 | below) >> odd
        for k in range(128) for d in (0, 1, 256, 511, 512, 513, 768, 1023)
        for below in (0, 63) for odd in (0, 1)
    ]
    generator = random.Random(20)
    others = [generator.randrange(1, 2 ** generator.randrange(1, 25)) for _ in range(10000)]
    return sorted(set(edges + others) | set(range(1, 2048)) | {2**24 - 1})


@pytest.mark.parametrize("function", [f for f in FUNCTIONS if f != "sigmoid"])
def test_mantissas_are_as_near_as_stated(function):
    n = norms()
    mantissas = mantissa(function, np.array(n), exponent(np.array(n))).tolist()
    assert min(mantissas) >= 32768 and max(mantissas) <= 65535
    low, high = (1 - BOUND[function]) ** 2, (1 + BOUND[function]) ** 2
    for v, mant in zip(n, mantissas, strict=True):
        ratio = SQUARED_RATIO[function](mant, v, v.bit_length() - 1)
        assert low <= ratio <= high, f"n = {v}: mantissa {mant}"


def test_sigmoids_are_as_near_as_stated():
    """The chord of the most curved segment is 12.3 units of 65536 off, roundings add to that."""
    n = np.array(norms())
    exact = 2**16 / (1 + np.exp(8 - n / 2**20))
    assert abs(mantissa("sigmoid", n, exponent(n)) - exact).max() < 14
