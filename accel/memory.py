"""A memory with a write and a read port, cut so that block RAMs stand side by side."""

from migen import *

from litelic.accel.copies import own
from litelic.accel.multipliers import ECP5, GENERIC

BLOCK_BITS = 18 * 1024  # of an ECP5's DP16KD and of half of a RAMB36E1
WIDEST, NARROWEST = 36, 9  # of a block's ports, parity bits included
ECP5_WIDTHS = {1024: 18, 2048: 9, 4096: 4, 8192: 2, 16384: 1}  # by depth
ECP5_ADDRESS_BITS, ECP5_DATA_BITS = 14, 18
BLOCKS_AN_ADDRESS = 8

# Helpers ------------------------------------------------------------------------------------------


def slice_bits(depth):
    """The width of a block RAM that is as deep as that, 9 at least."""
    return max(NARROWEST, min(WIDEST, BLOCK_BITS // depth // NARROWEST * NARROWEST))


def slice_bits_ecp5(depth):
    """The width of a DP16KD with two ports that is as deep as that, 0 if there is none."""
    return next((width for deepest, width in ECP5_WIDTHS.items() if depth <= deepest), 0)


# Sliced Memory ------------------------------------------------------------------------------------


class SlicedMemory(Module):
    """`depth` words of `bits`; `read_data` `latency` cycles after `read_address`.

    Left to itself, synthesis takes blocks at their widest, stacks them, and chooses between their
    outputs with LUTs, behind the slow output of a block RAM. It also leaves the second register of
    a read in the fabric: an ECP5's blocks are instantiated, with the register that they have, since
    their output comes 4 ns after the clock without it. The address has a register for every
    `BLOCKS_AN_ADDRESS` blocks.

    Attributes
    ----------
    write_enable : one bit for each `granularity` bits of a word (default: one for all).
    write_address, write_data, read_address, read_data.
    """

    latency = 3

    def __init__(
        self, bits, depth, write_domain="sys", read_domain="sys", technology=GENERIC,
        granularity=None,
    ):
        granularity = granularity or bits
        self.write_enable = Signal(bits // granularity)
        self.write_address = Signal(max=depth)
        self.write_data = Signal(bits)
        self.read_address = Signal(max=depth)
        self.read_data = Signal(bits, reset_less=True)

        # # #

        width, block = slice_bits(depth), self._block
        narrowest = granularity if granularity < bits else 1
        if technology == ECP5 and slice_bits_ecp5(depth) >= narrowest:
            width, block = slice_bits_ecp5(depth), self._block_ecp5
        if granularity < bits:  # whole granules, each with its enable
            width = max(width // granularity, 1) * granularity
        for low in range(0, bits, width):
            part = slice(low, min(low + width, bits))
            enables = self.write_enable[low // granularity : (part.stop - 1) // granularity + 1]
            if low // width % BLOCKS_AN_ADDRESS == 0:
                address = own(self, self.read_address, technology, read_domain)
            block(part, enables, depth, write_domain, read_domain, address)

    def _block(self, part, enables, depth, write_domain, read_domain, read_address):
        bits = part.stop - part.start
        memory = Memory(bits, depth)
        # The mode in which LiteX registers what is read, not the address: synthesis puts that
        # register into the block.
        write = memory.get_port(
            write_capable=True, clock_domain=write_domain, mode=READ_FIRST,
            we_granularity=bits // len(enables) if len(enables) > 1 else 0,
        )
        read = memory.get_port(clock_domain=read_domain, mode=READ_FIRST)
        self.specials += memory, write, read
        self.comb += [
            write.adr.eq(self.write_address),
            write.dat_w.eq(self.write_data[part]),
            write.we.eq(enables),
            read.adr.eq(read_address),
        ]
        sync = getattr(self.sync, read_domain)
        sync += self.read_data[part].eq(read.dat_r)

    def _block_ecp5(self, part, enables, depth, write_domain, read_domain, read_address):
        """A DP16KD: port A writes, port B reads through its output register (FPGA-TN-02204)."""
        bits, width = part.stop - part.start, slice_bits_ecp5(depth)
        unused = width.bit_length() - 1  # address bits below a word of this width
        # Parts with write enables of their own lie in the halves of a word.
        size = bits // len(enables)
        places = [width // len(enables) * (i // size) + i % size for i in range(bits)]
        data = dict(zip(places, self.write_data[part]))
        pins = {}
        for port, address in (("A", self.write_address), ("B", read_address)):
            lines = {unused + i: bit for i, bit in enumerate(address)}
            if port == "A" and width == 18:  # its lowest address bits enable halves
                lines |= {0: enables[0], 1: enables[-1]} if len(enables) > 1 else {0: 1, 1: 1}
            for i in range(ECP5_ADDRESS_BITS):
                pins[f"i_AD{port}{i}"] = lines.get(i, 0)
            for i in range(ECP5_DATA_BITS):
                pins[f"i_DI{port}{i}"] = data.get(i, 0) if port == "A" else 0
            for i in range(3):
                pins[f"i_CS{port}{i}"] = 0
            pins |= {
                f"p_DATA_WIDTH_{port}": width, f"p_CSDECODE_{port}": "0b000",
                f"p_WRITEMODE_{port}": "NORMAL", f"p_CLK{port}MUX": f"CLK{port}",
                f"i_CE{port}": 1, f"i_OCE{port}": 1, f"i_RST{port}": 0,
            }
        output = Signal(ECP5_DATA_BITS)
        self.comb += self.read_data[part].eq(Cat(*[output[place] for place in places]))
        self.specials += Instance(
            "DP16KD", p_REGMODE_A="OUTREG", p_REGMODE_B="OUTREG", p_RESETMODE="SYNC",
            p_ASYNC_RESET_RELEASE="SYNC", p_GSR="DISABLED",
            i_CLKA=ClockSignal(write_domain), i_CLKB=ClockSignal(read_domain),
            i_WEA=enables if len(enables) == 1 else 1, i_WEB=0, **pins,
            **{f"o_DOB{i}": output[i] for i in range(ECP5_DATA_BITS)},
        )
