"""Mantissas of 1/n, 1/sqrt(n), sqrt(n), n and sigmoids (numerics, section 5), one value a cycle."""

from litex.gen import *
from migen import *

from litelic.accel import fabric, multipliers
from litelic.accel.descriptor import FUNCTION_BITS, FUNCTION_CODES
from litelic.accel.requantise import delay
from litelic.host.golden.tables import TABLES

ENTRY_BITS, SLOPE_BITS = 17, 12
TABLE_WORDS = 4 * 2 * 128


def _rom():
    """Table entries and slopes, addressed by {low bits of the function, parity, segment}."""
    words = [0] * TABLE_WORDS
    for function, tables in TABLES.items():
        for parity, table in enumerate(tables.tolist()):
            for k, (entry, following) in enumerate(zip(table, table[1:])):
                slope = (following - entry) & ((1 << SLOPE_BITS) - 1)
                address = (FUNCTION_CODES[function] & 3) * 256 + parity * 128 + k
                words[address] = entry | slope << ENTRY_BITS
    return words


# Mantissa -----------------------------------------------------------------------------------------


class Mantissa(LiteXModule):
    """Turn a norm into a 16-bit mantissa and the exponent's contribution to the final shift.

    Latency: `latency` cycles.

    Attributes
    ----------
    norm     : 1 .. 2^24 - 1.
    function : code, static.
    mantissa : 32768 .. 65535.
    adjust   : signed, to be added to `output_shift`.
    """

    latency = 3 + 2 + fabric.LATENCY + 2

    def __init__(self, technology=multipliers.GENERIC):
        self.norm = Signal(24)
        self.function = Signal(FUNCTION_BITS)
        self.mantissa = Signal(16)
        self.adjust = Signal((6, True))

        # # #

        # 1: the highest byte that is not 0, moved to the top -------------------------------------
        # A sigmoid's argument stays where it is: the table's segments are its highest seven bits.
        sigmoid = self.function[2]
        scaled1, bytes_above = Signal(24), Signal(2)
        self.sync += If(sigmoid,
            scaled1.eq(self.norm >> 1),
            bytes_above.eq(0),
        ).Elif(self.norm[16:],
            scaled1.eq(self.norm),
            bytes_above.eq(0),
        ).Elif(self.norm[8:16],
            scaled1.eq(self.norm << 8),
            bytes_above.eq(1),
        ).Else(
            scaled1.eq(self.norm << 16),
            bytes_above.eq(2),
        )

        # 2: the highest bit of that byte ----------------------------------------------------------
        scaled2, found, zeros = Signal(24), Signal(3), Signal(5)
        for i in range(8):
            self.comb += If(scaled1[16 + i], found.eq(7 - i))
        self.sync += [
            scaled2.eq(scaled1),
            zeros.eq(Mux(sigmoid, 0, Cat(found, bytes_above))),
        ]

        # 3: normalise -----------------------------------------------------------------------------
        scaled, adjust = Signal(24), Signal((6, True))
        exponent, magnitude, parity = Signal(5), Signal(5), Signal()
        root = self.function[1]
        rising = self.function[0]  # multiply and sqrt grow with the norm
        self.comb += [
            exponent.eq(23 - zeros),
            magnitude.eq(Mux(root, exponent >> 1, exponent)),
        ]
        self.sync += [
            scaled.eq(scaled2 << zeros[:3]),
            parity.eq(exponent[0] & root),
            adjust.eq(Mux(sigmoid, 0, Mux(rising, -magnitude, magnitude))),
        ]

        # 4: table, and a register behind it, for block RAMs are slow ------------------------------
        table = Memory(ENTRY_BITS + SLOPE_BITS, TABLE_WORDS, init=_rom())
        port = table.get_port(mode=READ_FIRST)
        self.specials += table, port
        entry, slope = Signal(ENTRY_BITS), Signal((SLOPE_BITS, True))
        self.comb += port.adr.eq(Cat(scaled[16:23], parity, self.function[:2]))
        self.sync += Cat(entry, slope).eq(port.dat_r)

        # 5: interpolate ---------------------------------------------------------------------------
        offset, delta = delay(self, scaled[6:16], 2), Signal((12, True))
        product = fabric.product(technology, self, slope, offset)
        base = delay(self, entry, fabric.LATENCY + 1)
        self.sync += delta.eq((product + 512) >> 10)

        # 6: round ---------------------------------------------------------------------------------
        value = Signal((19, True))
        self.comb += value.eq(Cat(base, Constant(0, 1)) + delta)
        direct = delay(self, scaled[8:], fabric.LATENCY + 3)
        self.sync += [
            self.adjust.eq(delay(self, adjust, fabric.LATENCY + 3)),
            If(self.function == FUNCTION_CODES["multiply"],
                self.mantissa.eq(direct),
            ).Elif(value[16],
                self.mantissa.eq(0xFFFF),
            ).Else(
                self.mantissa.eq(value),
            ),
        ]
