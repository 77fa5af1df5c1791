"""Frames as they are on a line: with their CRCs."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import FSM, If, NextState, NextValue, Signal

from litelic.soc.link.crc import CRC32
from litelic.soc.link.frames import HEADER_WORDS, WORD_BYTES, frame_description

# Frame Encoder ------------------------------------------------------------------------------------

class FrameEncoder(LiteXModule):
    """Puts the CRC of the header behind the header, and that of header and payload behind both.

    Attributes
    ----------
    sink, source : Endpoint(frame_description)
        Frames without CRCs, and with them.
    """
    def __init__(self, way_bits):
        self.sink   = sink   = stream.Endpoint(frame_description(way_bits))
        self.source = source = stream.Endpoint(frame_description(way_bits))

        # # #

        count = Signal(max=HEADER_WORDS)
        fresh = Signal(reset=1)  # No word of this frame so far.
        ended = Signal()  # The word before this CRC was the frame's last.
        way   = Signal(way_bits)
        self.crc = crc = CRC32(8*WORD_BYTES, with_restart=True)
        self.comb += [
            crc.data.eq(sink.data),
            crc.enable.eq(sink.valid & sink.ready),
            crc.restart.eq(fresh),
        ]
        self.sync += [
            If(sink.valid & sink.ready, fresh.eq(0), ended.eq(sink.last), way.eq(sink.way)),
            If(source.valid & source.ready & ~sink.ready, fresh.eq(ended)),
        ]
        self.fsm = fsm = FSM(reset_state="HEADER")
        fsm.act("HEADER",
            sink.connect(source, omit={"last"}),
            If(sink.valid & sink.ready,
                NextValue(count, count + 1),
                If(count == HEADER_WORDS - 1, NextState("CRC"))
            )
        )
        fsm.act("PAYLOAD",
            sink.connect(source, omit={"last"}),
            If(sink.valid & sink.ready & sink.last, NextState("CRC"))
        )
        fsm.act("CRC",
            source.valid.eq(1),
            source.data.eq(crc.value),
            source.way.eq(way),
            source.last.eq(ended),
            NextValue(count, 0),
            If(source.ready,
                If(ended, NextState("HEADER")).Else(NextState("PAYLOAD"))
            )
        )
