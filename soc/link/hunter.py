"""Finds frames in a stream of bytes that does not say where one begins, as a serial line."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import FSM, Cat, If, NextState, NextValue, Signal

from litelic.soc.link.crc import CRC32
from litelic.soc.link.frames import HEADER_WORDS, MAGIC, MAX_PAYLOAD, WORD_BYTES, words_of

# Frame Hunter -------------------------------------------------------------------------------------

class FrameHunter(LiteXModule):
    """Bytes to words, from a header on that has proved to be one.

    The last 20 bytes are always in view: whenever they begin with the magic number and end with
    the right CRC, they are a header, wherever the bytes before came from. No byte of a good
    frame is lost to garbage in front of it. As many words follow as the header says; whether they
    are right is for the store to find out.

    Parameters
    ----------
    silence : int
        Cycles without a byte, after which the rest of a frame is not waited for any more.

    Attributes
    ----------
    sink : Endpoint([("data", 8)])
        Bytes.

    source : Endpoint([("data", 32)])
        Words as `FrameStore.sink` takes them; one that is there is taken at once.

    room : Signal, in
        A frame may come. Until then the line waits, if it can.

    hunting : Signal
        Nothing that arrived waits for anything.
    """
    def __init__(self, silence):
        self.sink    = sink   = stream.Endpoint([("data", 8)])
        self.source  = source = stream.Endpoint([("data", 8*WORD_BYTES)])
        self.room    = Signal()
        self.hunting = Signal()

        # # #

        # View -------------------------------------------------------------------------------------
        window_words = HEADER_WORDS + 1
        window_bytes = WORD_BYTES*window_words
        window       = Signal(8*window_bytes)
        arriving     = Cat(window[8:], sink.data)
        count        = Signal(max=window_bytes)
        length       = Signal(16)

        # Payload ----------------------------------------------------------------------------------
        word  = Signal(8*(WORD_BYTES - 1))
        lane  = Signal(2)
        left  = Signal(max=MAX_PAYLOAD//WORD_BYTES + 2)  # Words of the payload and of its CRC.
        quiet = Signal(max=silence + 1)

        # Control ----------------------------------------------------------------------------------
        self.crc = crc = CRC32()
        self.fsm = fsm = FSM(reset_state="HUNT")
        fsm.act("HUNT",
            self.hunting.eq(~sink.valid),
            sink.ready.eq(1),
            crc.clear.eq(1),
            If(sink.valid,
                NextValue(window, arriving),
                If(arriving[:16] == MAGIC,
                    NextValue(count, 0),
                    NextState("CHECK")
                )
            )
        )
        # The window turns once around its own length, past the CRC.
        fsm.act("CHECK",
            crc.enable.eq(1),
            crc.data.eq(window),
            NextValue(window, Cat(window[8:], window[:8])),
            NextValue(count, count + 1),
            If(count == window_bytes - 1,
                NextState("DECIDE")
            )
        )
        fsm.act("DECIDE",
            NextValue(count, 0),
            NextValue(length, window[48:64]),
            If(crc.match,
                NextState("HEADER")
            ).Else(
                NextState("HUNT")
            )
        )
        # Zeros come after it, so that an old header is not seen again with what comes behind.
        fsm.act("HEADER",
            source.data.eq(window),
            source.first.eq(count == 0),
            source.valid.eq(self.room | ~source.first),
            NextValue(lane, 0),
            NextValue(quiet, 0),
            NextValue(left, words_of(length) + 1),
            If(source.valid,
                NextValue(window, window[8*WORD_BYTES:]),
                NextValue(count, count + 1),
                If(count == window_words - 1,
                    If((length == 0) | (length > MAX_PAYLOAD),
                        NextState("HUNT")
                    ).Else(
                        NextState("PAYLOAD")
                    )
                )
            )
        )
        fsm.act("PAYLOAD",
            sink.ready.eq(1),
            source.data.eq(Cat(word, sink.data)),
            source.last.eq(left == 1),
            source.valid.eq(sink.valid & (lane == WORD_BYTES - 1)),
            NextValue(quiet, quiet + 1),
            If(sink.valid,
                NextValue(quiet, 0),
                NextValue(word, Cat(word[8:], sink.data)),
                NextValue(lane, lane + 1)
            ),
            If(source.valid,
                NextValue(left, left - 1)
            ),
            If((source.valid & source.last) | (quiet == silence),
                NextState("HUNT")
            )
        )
