"""Adders that take what the tools would spend LUTs of their own on: a carry, a cleared input."""

from migen import *

from litelic.accel.multipliers import ECP5

# Adders -------------------------------------------------------------------------------------------


def total(module, a, b, carry=None):
    """`a + b + carry`, combinational, one bit wider than `a`.

    The carry goes through the lowest bit of the same adder: a sum of three would be two adders.
    """
    result = Signal((len(a) + 1, True))
    if carry is None:
        module.comb += result.eq(a + b)
        return result
    left, right = Signal((len(a) + 1, True)), Signal((len(b) + 1, True))
    doubled = Signal((len(a) + 2, True))
    module.comb += [
        left.eq(Cat(Constant(1, 1), a)),
        right.eq(Cat(carry, b)),
        doubled.eq(left + right),
        result.eq(doubled[1:]),
    ]
    return result


def accumulated(module, technology, term, accumulator, keep, carry=None):
    """`term + carry`, and `accumulator` besides if `keep`; combinational, as wide as it."""
    if technology == ECP5 and carry is None:
        return _accumulated_ecp5(module, term, accumulator, keep)
    extended, kept = Signal((len(accumulator), True)), Signal((len(accumulator), True))
    module.comb += [extended.eq(term), kept.eq(Mux(keep, accumulator, 0))]
    return total(module, extended, kept, carry)[: len(accumulator)]


def _accumulated_ecp5(module, term, accumulator, keep):
    """A CCU2C adds two bits and has two inputs a bit to spare; one of them clears the operand."""
    size = len(accumulator)
    extended, result = Signal((size, True)), Signal(size)
    module.comb += extended.eq(term)
    # Each bit: S = (A & C) ^ B ^ carry. Where A & C equals B, the carry is the table's entry for
    # A and B with C = D = 0, which is B.
    table = Constant(0x6C6C, 16)
    carry = Constant(0, 1)
    for i in range(0, size, 2):
        following = Signal()
        module.specials += Instance(
            "CCU2C", p_INIT0=table, p_INIT1=table, p_INJECT1_0="NO", p_INJECT1_1="NO",
            i_A0=accumulator[i], i_B0=extended[i], i_C0=keep, i_D0=0,
            i_A1=accumulator[i + 1], i_B1=extended[i + 1], i_C1=keep, i_D1=0,
            i_CIN=carry, o_S0=result[i], o_S1=result[i + 1], o_COUT=following,
        )
        carry = following
    return result
