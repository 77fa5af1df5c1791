"""CRC-32 (IEEE 802.3, what zlib.crc32 computes), one or several bytes a cycle."""

from functools import reduce
from operator import xor

from litex.gen import LiteXModule
from migen import Cat, If, Signal

POLYNOMIAL = 0xEDB88320  # reflected: the first bit of a byte is its least significant one
RESIDUE = 0xDEBB20E3  # what the register holds after data followed by their own CRC-32


def next_register(register, byte):
    """The shift register after one more byte. Plain integers; also the model of the hardware."""
    register ^= byte
    for _ in range(8):
        register = (register >> 1) ^ (POLYNOMIAL if register & 1 else 0)
    return register


def _after(register, size):
    """The register after `size` bytes of zeros."""
    for _ in range(size):
        register = next_register(register, 0)
    return register


# CRC32 --------------------------------------------------------------------------------------------

class CRC32(LiteXModule):
    """CRC-32 of the bytes presented since `clear`.

    `data_width` bits are taken in every cycle in which `enable` is set, whole bytes, the least
    significant one first. `value` is the CRC of all bytes taken before this cycle, sent least
    significant byte first; `match` says that the last four of them were the CRC of the others.
    `clear` wins over `enable`. With `restart`, if there is one, and `enable` these bytes are the
    first.
    """
    def __init__(self, data_width=8, with_restart=False):
        self.clear   = Signal()
        self.restart = Signal()
        self.enable  = Signal()
        self.data    = Signal(data_width)
        self.value   = Signal(32)
        self.match   = Signal()

        # # #

        # Data are added to the register's low bits, and the rest is linear over GF(2): the response
        # to each bit says where it is xored in.
        register  = Signal(32, reset=2**32 - 1)
        before    = Signal(32)
        mixed     = Signal(32)
        self.comb += [
            before.eq(register),
            If(self.restart, before.eq(register.reset)) if with_restart else [],
            mixed.eq(before ^ self.data),
        ]
        responses = [_after(1 << n, data_width//8) for n in range(32)]
        following = Cat(*[
            reduce(xor, [mixed[bit] for bit, response in enumerate(responses) if response >> n & 1])
            for n in range(32)
        ])

        self.sync += If(self.clear,
            register.eq(register.reset)
        ).Elif(self.enable,
            register.eq(following)
        )
        self.comb += [
            self.value.eq(~register),
            self.match.eq(register == RESIDUE),
        ]
