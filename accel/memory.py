"""A memory with a write and a read port, cut so that block RAMs stand side by side."""

from migen import *

BLOCK_BITS = 18 * 1024  # of an ECP5's DP16KD and of half of a RAMB36E1
WIDEST, NARROWEST = 36, 9  # of a block's ports, parity bits included

# Helpers ------------------------------------------------------------------------------------------


def slice_bits(depth):
    """The width of a block RAM that is as deep as that, 9 at least."""
    return max(NARROWEST, min(WIDEST, BLOCK_BITS // depth // NARROWEST * NARROWEST))


# Sliced Memory ------------------------------------------------------------------------------------


class SlicedMemory(Module):
    """`depth` words of `bits`; `read_data` one cycle after `read_address`.

    Left to itself, synthesis takes blocks at their widest, stacks them, and chooses between their
    outputs with LUTs, behind the slow output of a block RAM.
    """

    def __init__(self, bits, depth, write_domain="sys", read_domain="sys"):
        self.write_enable = Signal()
        self.write_address = Signal(max=depth)
        self.write_data = Signal(bits)
        self.read_address = Signal(max=depth)
        self.read_data = Signal(bits)

        # # #

        width = slice_bits(depth)
        for low in range(0, bits, width):
            part = slice(low, min(low + width, bits))
            block = Memory(part.stop - low, depth)
            # The mode in which LiteX registers what is read, not the address: synthesis puts that
            # register into the block, and not the one behind it.
            write = block.get_port(
                write_capable=True, clock_domain=write_domain, mode=READ_FIRST,
            )
            read = block.get_port(clock_domain=read_domain, mode=READ_FIRST)
            self.specials += block, write, read
            self.comb += [
                write.adr.eq(self.write_address),
                write.dat_w.eq(self.write_data[part]),
                write.we.eq(self.write_enable),
                read.adr.eq(self.read_address),
                self.read_data[part].eq(read.dat_r),
            ]
