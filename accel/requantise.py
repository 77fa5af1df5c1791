"""Requantisation and rounding shifts (numerics, section 2), one value a cycle."""

from litex.gen import *
from migen import *

from litelic.accel import fabric, multipliers

# Helpers ------------------------------------------------------------------------------------------


def delay(module, signal, cycles):
    """`signal`, `cycles` later. A reset takes as long to arrive."""
    for _ in range(cycles):
        delayed = Signal((len(signal), getattr(signal, "signed", False)), reset_less=True)
        module.sync += delayed.eq(signal)
        signal = delayed
    return signal


# Rounding Shift -----------------------------------------------------------------------------------


class RoundingShift(LiteXModule):
    """`round_shift(value, shift)` for a signed value and a shift of 0..63, in `latency` cycles.

    The shift is made in steps of two bits of it; one extra bit below the point carries the
    rounding, since (floor(2 v / 2^s) + 1) >> 1 is v / 2^s with halves rounded up.
    """

    latency = 4

    def __init__(self, bits):
        self.value = Signal((bits, True))
        self.shift = Signal(6)
        self.result = Signal((bits, True))

        # # #

        value, shift = Signal((bits + 1, True)), self.shift
        self.comb += value.eq(Cat(Constant(0, 1), self.value))
        for low in (4, 2, 0):
            shifted = Signal((bits + 1, True))
            self.sync += shifted.eq(value >> Cat(Constant(0, low) if low else [], shift[low:]))
            value, shift = shifted, delay(self, shift[:low], 1) if low else None
        self.sync += self.result.eq((value + 1) >> 1)


# Clamp --------------------------------------------------------------------------------------------


class Clamp(LiteXModule):
    """`clamp(value, lo, hi)` in `latency` cycles: does it fit at all, compare, choose.

    value of `bits`, lo, hi and result of `result_bits`, all signed.
    """

    latency = 3

    def __init__(self, bits, result_bits):
        self.value = Signal((bits, True))
        self.lo, self.hi = Signal((result_bits, True)), Signal((result_bits, True))
        self.result = Signal((result_bits, True))

        # # #

        bounds = [(self.lo, self.hi)]
        for _ in range(2):
            bounds.append(tuple(delay(self, bound, 1) for bound in bounds[-1]))
        values = [self.value[:result_bits]]
        for _ in range(2):
            value = Signal((result_bits, True))
            self.sync += value.eq(values[-1])
            values.append(value)
        negative, too_large = Signal(), Signal()
        high = self.value[result_bits - 1 :]  # copies of the sign, if it fits
        self.sync += [
            negative.eq(self.value[-1]),
            too_large.eq((high != 0) & (high != 2 ** len(high) - 1)),
        ]
        # Comparisons are the signs of differences: nothing comes after the carry chain.
        above_lo, below_hi = (Signal((result_bits + 1, True)) for _ in range(2))
        under, over = Signal(), Signal()
        self.comb += [
            above_lo.eq(values[1] - bounds[1][0]),
            below_hi.eq(bounds[1][1] - values[1]),
        ]
        self.sync += [under.eq(above_lo[-1]), over.eq(below_hi[-1])]
        was_negative, was_too_large = delay(self, negative, 1), delay(self, too_large, 1)
        self.sync += If(Mux(was_too_large, was_negative, under),
            self.result.eq(bounds[2][0]),
        ).Elif(Mux(was_too_large, ~was_negative, over),
            self.result.eq(bounds[2][1]),
        ).Else(
            self.result.eq(values[2]),
        )


# Requantiser --------------------------------------------------------------------------------------


class Requantiser(LiteXModule):
    """Bias, multiplier, rounding shift and clamp, in `latency` cycles.

    Attributes
    ----------
    sum, bias  : signed 32 bits.
    multiplier : unsigned 16 bits.
    shift      : 0..47.
    lo, hi     : signed 25 bits, of the value that is `Clamp.latency` cycles from its result.
    result     : signed 25 bits.
    """

    latency = 1 + fabric.LATENCY + RoundingShift.latency + Clamp.latency

    def __init__(self, technology=multipliers.GENERIC):
        self.sum, self.bias = Signal((32, True)), Signal((32, True))
        self.multiplier, self.shift = Signal(16), Signal(6)
        self.lo, self.hi = Signal((25, True)), Signal((25, True))
        self.result = Signal((25, True))

        # # #

        biased, factor = Signal((32, True)), Signal(16)
        self.sync += [biased.eq(self.sum + self.bias), factor.eq(self.multiplier)]
        product = fabric.product(technology, self, biased, factor)
        self.rounding = rounding = RoundingShift(48)
        self.comb += [
            rounding.value.eq(product),
            rounding.shift.eq(delay(self, self.shift, 1 + fabric.LATENCY)),
        ]
        self.clamp = clamp = Clamp(48, 25)
        self.comb += [
            clamp.value.eq(rounding.result),
            clamp.lo.eq(self.lo),
            clamp.hi.eq(self.hi),
            self.result.eq(clamp.result),
        ]
