"""Multipliers made of adders, for the few products that are not worth a block of their own."""

from migen import *

from litelic.accel.multipliers import ECP5

FACTOR_BITS = 16  # of the unsigned factor
LATENCY = log2_int(FACTOR_BITS)  # its rows in pairs, then level by level half as many terms

# Fabric Multiplier --------------------------------------------------------------------------------


def product(technology, module, a, b):
    """`a * b` of a signed and an unsigned signal (at most `FACTOR_BITS`), `LATENCY` cycles later.

    The signals come from registers; the result, signed, has as many bits as both together. The
    array has the blocks of the FPGA, these have its fabric: an epilogue multiplies once where the
    array multiplies hundreds of times.
    """
    bits = [b[i] for i in range(len(b))]
    if len(bits) % 2:
        bits.append(Constant(0, 1))
    # (place, value): what is to be added up, each value shifted by its place.
    terms = [
        (i, _registered(module, _pair_of_rows(technology, module, a, bits[i], bits[i + 1])))
        for i in range(0, len(bits), 2)
    ]
    for _ in range(LATENCY - 1):
        pairs = zip(terms[::2], terms[1::2])
        odd = terms[-1:] if len(terms) % 2 else []
        terms = [_added(module, *pair) for pair in pairs]
        terms += [(place, _registered(module, value)) for place, value in odd]
    (_, value), = terms
    result = Signal((len(a) + len(b), True))
    module.comb += result.eq(value)
    return result


def _registered(module, value):
    register = Signal((len(value), True))
    module.sync += register.eq(value)
    return register


def _added(module, low, high):
    """The sum of two terms, a cycle later. The lowest bits of `low` meet nothing. Both terms are
    products of the same factor, so that their sum is no longer than `high`."""
    (place, a), (above, b) = low, high
    shift = above - place
    rest, upper = Signal((len(a) - shift, True)), Signal((len(b), True))
    module.comb += [rest.eq(a[shift:]), upper.eq(b + rest)]
    return place, _registered(module, Cat(a[:shift], upper))


def _pair_of_rows(technology, module, a, bit0, bit1):
    """`a * bit0 + 2 * a * bit1`, combinational, signed."""
    size = len(a) + 2
    if technology == ECP5:
        return _pair_of_rows_ecp5(module, a, bit0, bit1, size)
    single, double, result = (Signal((size, True)) for _ in range(3))
    extended = Signal((size, True))
    module.comb += [
        extended.eq(a),
        single.eq(Mux(bit0, extended, 0)),
        double.eq(Mux(bit1, extended << 1, 0)),
        result.eq(single + double),
    ]
    return result


def _pair_of_rows_ecp5(module, a, bit0, bit1, size):
    """A CCU2C has four inputs a bit: enough for both products and their sum."""
    result = Signal((size, True))
    even = size + size % 2
    extended, doubled, sums = (Signal((even, True)) for _ in range(3))
    module.comb += [
        extended.eq(a),
        doubled.eq(Cat(Constant(0, 1), extended[: even - 1])),
        result.eq(sums[:size]),
    ]
    # Each bit: S = (A & B) ^ (C & D) ^ carry. Where both products are equal, the carry is the
    # table's entry for A and B with C = D = 0, which is A & B.
    table = Constant(0x7888, 16)
    carry = Constant(0, 1)
    for i in range(0, even, 2):
        following = Signal()
        module.specials += Instance(
            "CCU2C", p_INIT0=table, p_INIT1=table, p_INJECT1_0="NO", p_INJECT1_1="NO",
            i_A0=extended[i], i_B0=bit0, i_C0=doubled[i], i_D0=bit1,
            i_A1=extended[i + 1], i_B1=bit0, i_C1=doubled[i + 1], i_D1=bit1,
            i_CIN=carry, o_S0=sums[i], o_S1=sums[i + 1], o_COUT=following,
        )
        carry = following
    return result
