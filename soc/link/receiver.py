"""From serial bytes to frames: finds headers, checks them, delivers payloads."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import FSM, Cat, If, NextState, NextValue, Signal

from litelic.soc.link.crc import CRC32
from litelic.soc.link.writer import ByteWriter

MAGIC        = 0x9C4C  # the first two bytes of every frame, "L" and then one that is not text
HEADER_BYTES = 16
CRC_BYTES    = 4

# Where a payload goes.
DISCARD = 0
MEMORY  = 1
CPU     = 2

# Receiver -----------------------------------------------------------------------------------------

class Receiver(LiteXModule):
    """Hunts for frames in a byte stream and hands their payloads on, one byte a cycle.

    The last 20 bytes are always in view: whenever they begin with the magic number and end with
    the right CRC, they are a header, wherever the bytes before came from. No byte of a good
    frame is lost to garbage in front of it, and garbage never costs the CPU a cycle.

    The CPU then sees `header_valid`, reads `header`, and answers with `accept`: the next `length`
    bytes go to `destination` (for `MEMORY` to `address`) and four bytes of CRC are compared.
    `done` and `crc_ok` follow, without payload and CRC at once for a `length` of zero. `release`
    returns to hunting from any state, also from the middle of a payload.
    """
    def __init__(self, port, max_length=4096, fifo_depth=2048):
        self.sink         = stream.Endpoint([("data", 8)])
        self.source       = source = stream.Endpoint([("data", 8)])  # payloads for the CPU

        self.accept       = Signal()
        self.release      = Signal()
        self.destination  = Signal(2)
        self.address      = Signal(32)
        self.length       = Signal(max=max_length + 1)

        self.header       = header = Signal(8*HEADER_BYTES)
        self.header_valid = Signal()
        self.done         = Signal()
        self.crc_ok       = Signal()
        self.hunting      = Signal()    # Nothing arrived that waits for anyone.
        self.remaining    = remaining = Signal.like(self.length)
        self.skipped      = skipped   = Signal(32)  # Bytes that belonged to no header or payload.
        self.rejected     = Signal(32)  # Times that the magic number was not followed by a header.

        # # #

        # Input ------------------------------------------------------------------------------------
        # Deep enough for what a line without flow control delivers while the CPU thinks.
        self.fifo = fifo = stream.SyncFIFO([("data", 8)], fifo_depth, buffered=True)
        self.comb += self.sink.connect(fifo.sink)
        data = fifo.source

        # View -------------------------------------------------------------------------------------
        window_bytes = HEADER_BYTES + CRC_BYTES
        window       = Signal(8*window_bytes)
        arriving     = Cat(window[8:], data.data)
        checked      = Signal(max=window_bytes)
        self.comb += header.eq(window)

        # Payload ----------------------------------------------------------------------------------
        self.crc    = crc    = CRC32()
        self.writer = writer = ByteWriter(port)
        self.comb += [
            writer.address.eq(self.address),
            writer.sink.data.eq(data.data),
            writer.sink.last.eq(remaining == 1),
            writer.abort.eq(self.release),
            source.data.eq(data.data),
        ]

        # Control ----------------------------------------------------------------------------------
        self.fsm = fsm = FSM(reset_state="HUNT")
        fsm.act("HUNT",
            self.hunting.eq(~data.valid),
            data.ready.eq(1),
            crc.clear.eq(1),
            If(data.valid,
                NextValue(window, arriving),
                NextValue(skipped, skipped + 1),
                If(arriving[:16] == MAGIC,
                    NextValue(checked, 0),
                    NextState("CHECK")
                )
            )
        )
        # The window turns once around its own length, past the CRC.
        fsm.act("CHECK",
            crc.enable.eq(1),
            crc.data.eq(window),
            NextValue(window, Cat(window[8:], window[:8])),
            NextValue(checked, checked + 1),
            If(checked == window_bytes - 1,
                NextState("DECIDE")
            )
        )
        fsm.act("DECIDE",
            If(crc.match,
                NextValue(skipped, skipped - window_bytes),
                NextState("HEADER")
            ).Else(
                NextValue(self.rejected, self.rejected + 1),
                NextState("HUNT")
            )
        )
        fsm.act("HEADER",
            crc.clear.eq(1),
            self.header_valid.eq(1),
            NextValue(remaining, self.length),
            If(self.accept,
                writer.start.eq(1),
                If(self.length == 0,
                    NextValue(self.crc_ok, 1),
                    NextState("FLUSH")
                ).Else(
                    NextState("PAYLOAD")
                )
            )
        )
        fsm.act("PAYLOAD",
            writer.sink.valid.eq(data.valid & (self.destination == MEMORY)),
            source.valid.eq(data.valid & (self.destination == CPU)),
            If(self.destination == MEMORY,
                data.ready.eq(writer.sink.ready)
            ).Elif(self.destination == CPU,
                data.ready.eq(source.ready)
            ).Else(
                data.ready.eq(1)
            ),
            crc.data.eq(data.data),
            If(data.valid & data.ready,
                crc.enable.eq(1),
                NextValue(remaining, remaining - 1),
                If(remaining == 1,
                    NextValue(remaining, CRC_BYTES),
                    NextState("CRC")
                )
            )
        )
        fsm.act("CRC",
            data.ready.eq(1),
            crc.data.eq(data.data),
            If(data.valid,
                crc.enable.eq(1),
                NextValue(remaining, remaining - 1),
                If(remaining == 1,
                    NextState("COMPARE")
                )
            )
        )
        fsm.act("COMPARE",
            NextValue(self.crc_ok, crc.match),
            NextState("FLUSH")
        )
        fsm.act("FLUSH",
            If(writer.idle,
                NextState("DONE")
            )
        )
        fsm.act("DONE",
            self.done.eq(1)
        )
        for state in list(fsm.actions):
            fsm.act(state,
                If(self.release,
                    # An old header must not be seen again together with what comes after it.
                    NextValue(window, 0),
                    NextState("HUNT")
                )
            )
