"""Which parts of the DRAM the host may reach without the CPU, and by which key."""

from litex.gen import LiteXModule
from migen import FSM, READ_FIRST, Cat, If, Memory, NextState, NextValue, Signal

# Windows ------------------------------------------------------------------------------------------

class Windows(LiteXModule):
    """A table of address ranges; no address can be formed that lies outside of all of them.

    The CPU writes entries, one at a time; one of size 0 is none. Looking up takes 3 cycles an
    entry: frames are long, and a row of comparators is not needed.

    Attributes
    ----------
    entry, new_key, new_base, new_size, new_writable, load : Signal, in
        Write an entry: base and size in bytes, multiples of 16 and of 4. `new_writable` says what
        the host may do in it, write (1) or read (0).

    start, key, offset, length, write : Signal, in
        Look a request up: bytes from an offset in its window on. They stand still until `done`.

    done, found, address : Signal
        It has been looked up, for a cycle; whether it may be served, and at which byte of the DRAM,
        which stands until the next request is looked up.
    """
    def __init__(self, count=8):
        self.entry        = Signal(max=count)
        self.new_key      = Signal(32)
        self.new_base     = Signal(32)
        self.new_size     = Signal(32)
        self.new_writable = Signal()
        self.load         = Signal()

        self.start   = Signal()
        self.key     = Signal(32)
        self.offset  = Signal(32)
        self.length  = Signal(16)
        self.write   = Signal()
        self.done    = Signal()
        self.found   = Signal()
        self.address = Signal(32)

        # # #

        # Table ------------------------------------------------------------------------------------
        table  = Memory(3*32 + 1, count, init=[0]*count)
        writer = table.get_port(write_capable=True, mode=READ_FIRST)
        reader = table.get_port(mode=READ_FIRST)
        self.specials += table, writer, reader
        key, base, size, writable = Signal(32), Signal(32), Signal(32), Signal()
        self.comb += [
            writer.adr.eq(self.entry),
            writer.dat_w.eq(Cat(self.new_key, self.new_base, self.new_size, self.new_writable)),
            writer.we.eq(self.load),
            Cat(key, base, size, writable).eq(reader.dat_r),
        ]

        # Looking up -------------------------------------------------------------------------------
        index = Signal(max=count)
        end   = Signal(33)
        meant, inside = Signal(), Signal()
        self.comb += reader.adr.eq(index)
        self.sync += end.eq(self.offset + self.length)
        self.fsm = fsm = FSM(reset_state="IDLE")
        fsm.act("IDLE",
            NextValue(index, 0),
            If(self.start, NextState("READ"))
        )
        fsm.act("READ", NextState("COMPARE"))
        # What is decided, and what it leads to, comes from the same moment's entry.
        fsm.act("COMPARE",
            NextValue(meant, (key == self.key) & (writable == self.write)),
            NextValue(inside, (end <= size) & (size != 0)),
            NextValue(self.address, base + self.offset),
            NextState("DECIDE")
        )
        fsm.act("DECIDE",
            self.found.eq(meant & inside),
            If(self.found | (index == count - 1),
                self.done.eq(1),
                NextState("IDLE")
            ).Else(
                NextValue(index, index + 1),
                NextState("READ")
            )
        )
