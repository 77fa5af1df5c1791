"""From the CPU's words and bytes in DRAM to the serial line, with their CRC."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import FSM, If, NextState, NextValue, Signal

from litelic.soc.link.crc import CRC32
from litelic.soc.link.reader import ByteReader

# Transmitter --------------------------------------------------------------------------------------

class Transmitter(LiteXModule):
    """Sends what the CPU asks for, in order, one byte a cycle.

    While `busy` is clear the CPU sets one of: `word` (the four bytes of `data`, least significant
    first), `memory` (`length` bytes, 1..max_length, of the DRAM from `address` on), `checksum`
    (the CRC-32 of all words and memory since the last one) or `byte` (the lowest one of `data`,
    for text between frames, which no checksum counts).
    """
    def __init__(self, port, max_length=4096, fifo_depth=64):
        self.source   = stream.Endpoint([("data", 8)])

        self.word     = Signal()
        self.byte     = Signal()
        self.memory   = Signal()
        self.checksum = Signal()
        self.data     = Signal(32)
        self.address  = Signal(32)
        self.length   = Signal(max=max_length + 1)
        self.busy     = Signal()
        self.empty    = Signal()  # Nothing is on its way to the line.

        # # #

        self.fifo = fifo = stream.SyncFIFO([("data", 8)], fifo_depth)
        self.comb += fifo.source.connect(self.source)

        shift       = Signal(32)
        left        = Signal(max=4)
        counted     = Signal()  # By the checksum.
        is_checksum = Signal()

        self.crc    = crc    = CRC32()
        self.reader = reader = ByteReader(port, max_length)
        self.comb += [
            reader.address.eq(self.address),
            reader.length.eq(self.length),
            crc.data.eq(fifo.sink.data),
            crc.enable.eq(counted & fifo.sink.valid & fifo.sink.ready),
        ]

        # Control ----------------------------------------------------------------------------------
        self.fsm = fsm = FSM(reset_state="IDLE")
        self.comb += [
            self.busy.eq(~fsm.ongoing("IDLE")),
            self.empty.eq(~self.busy & ~fifo.source.valid),
        ]
        fsm.act("IDLE",
            NextValue(shift, self.data),
            NextValue(left, 3),
            NextValue(counted, 1),
            NextValue(is_checksum, 0),
            If(self.word,
                NextState("SHIFT")
            ).Elif(self.byte,
                NextValue(left, 0),
                NextValue(counted, 0),
                NextState("SHIFT")
            ).Elif(self.checksum,
                NextValue(shift, crc.value),
                NextValue(is_checksum, 1),
                NextState("SHIFT")
            ).Elif(self.memory,
                reader.start.eq(1),
                NextState("MEMORY")
            )
        )
        fsm.act("SHIFT",
            fifo.sink.valid.eq(1),
            fifo.sink.data.eq(shift),
            crc.clear.eq(is_checksum),
            If(fifo.sink.ready,
                NextValue(shift, shift[8:]),
                NextValue(left, left - 1),
                If(left == 0,
                    NextState("IDLE")
                )
            )
        )
        fsm.act("MEMORY",
            reader.source.connect(fifo.sink, omit={"last"}),
            If(fifo.sink.valid & fifo.sink.ready & reader.source.last,
                NextState("IDLE")
            )
        )
