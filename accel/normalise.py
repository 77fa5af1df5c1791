"""The mantissa of 1/n, 1/sqrt(n), sqrt(n) and n (numerics, section 5), one value a cycle."""

from litex.gen import *
from migen import *

from litelic.accel.descriptor import FUNCTION_CODES
from litelic.host.golden.tables import TABLES

ENTRY_BITS, SLOPE_BITS = 17, 10


def _rom():
    """Table entries and slopes, addressed by {function, parity, segment}."""
    words = [0] * (len(FUNCTION_CODES) * 256)
    for function, tables in TABLES.items():
        for parity, table in enumerate(tables.tolist()):
            for k, (entry, following) in enumerate(zip(table, table[1:])):
                slope = (following - entry) & ((1 << SLOPE_BITS) - 1)
                address = FUNCTION_CODES[function] * 256 + parity * 128 + k
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

    latency = 5

    def __init__(self):
        self.norm = Signal(24)
        self.function = Signal(2)
        self.mantissa = Signal(16)
        self.adjust = Signal((6, True))

        # # #

        # 1: exponent ------------------------------------------------------------------------------
        norm, exponent = Signal(24), Signal(5)
        found = Signal(5)
        for i in range(24):
            self.comb += If(self.norm[i], found.eq(i))
        self.sync += [norm.eq(self.norm), exponent.eq(found)]

        # 2: normalise -----------------------------------------------------------------------------
        scaled, adjust = Signal(24), Signal((6, True))
        root = self.function[1]
        magnitude = Mux(root, exponent >> 1, exponent)
        rising = self.function[0]  # multiply and sqrt grow with the norm
        parity = Signal()
        self.sync += [
            scaled.eq(norm << (23 - exponent)),
            parity.eq(exponent[0] & root),
            adjust.eq(Mux(rising, -magnitude, magnitude)),
        ]

        # 3: table ---------------------------------------------------------------------------------
        table = Memory(ENTRY_BITS + SLOPE_BITS, 1024, init=_rom())
        port = table.get_port()
        self.specials += table, port
        self.comb += port.adr.eq(Cat(scaled[16:23], parity, self.function))
        offset, direct, adjust3 = Signal(10), Signal(16), Signal((6, True))
        self.sync += [offset.eq(scaled[6:16]), direct.eq(scaled[8:]), adjust3.eq(adjust)]

        # 4: interpolate ---------------------------------------------------------------------------
        slope = Signal((SLOPE_BITS, True))
        signed_offset = Signal((11, True))
        product = Signal((21, True))
        entry, direct4, adjust4 = Signal(ENTRY_BITS), Signal(16), Signal((6, True))
        self.comb += [slope.eq(port.dat_r[ENTRY_BITS:]), signed_offset.eq(offset)]
        self.sync += [
            product.eq(slope * signed_offset),
            entry.eq(port.dat_r[:ENTRY_BITS]),
            direct4.eq(direct),
            adjust4.eq(adjust3),
        ]

        # 5: round ---------------------------------------------------------------------------------
        delta, value = Signal((12, True)), Signal((19, True))
        self.comb += [
            delta.eq((product + 512) >> 10),
            value.eq(Cat(entry, Constant(0, 1)) + delta),
        ]
        self.sync += [
            self.adjust.eq(adjust4),
            If(self.function == FUNCTION_CODES["multiply"],
                self.mantissa.eq(direct4),
            ).Elif(value[16],
                self.mantissa.eq(0xFFFF),
            ).Else(
                self.mantissa.eq(value),
            ),
        ]
