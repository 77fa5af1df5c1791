"""Frames over bytes: a UART, or the simulator's TCP connection."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import Signal

from litelic.soc.link.frame_store import FrameStore
from litelic.soc.link.frames import MAX_WORDS, WORD_BYTES, frame_description
from litelic.soc.link.hunter import FrameHunter

SILENCE_SECONDS = 0.1  # between two bytes of a frame; a host that was interrupted goes on sooner
WAY_BITS        = 1    # there is one other end

# Serial Line --------------------------------------------------------------------------------------

class SerialLine(LiteXModule):
    """What is found in the bytes that come, and what is sent by it.

    Parameters
    ----------
    sys_clk_freq : int or float
        Hz.

    depth : int
        Words that wait for those behind, as of `FrameStore`.

    silence_seconds : float
        Between two bytes of a frame, after which the rest will not come.

    Attributes
    ----------
    sink, source : Endpoint([("data", 8)])
        Bytes from and to a PHY. While there is no room, none is taken.

    frames, words : Endpoint(frame_description)
        Good frames from the line; frames with their CRCs for it.

    lost, damaged : Signal
        As of `FrameStore`.

    idle : Signal
        Nothing is on its way in, or out.
    """
    def __init__(self, sys_clk_freq, depth=512, silence_seconds=SILENCE_SECONDS):
        self.hunter    = hunter    = FrameHunter(int(silence_seconds*sys_clk_freq))
        self.store     = store     = FrameStore(WAY_BITS, depth)
        self.converter = converter = stream.Converter(8*WORD_BYTES, 8)
        # A frame waits here, and not in the way of other lines'.
        self.buffer    = buffer    = stream.SyncFIFO([("data", 8*WORD_BYTES)], MAX_WORDS + 2,
            buffered=True)
        self.sink      = hunter.sink
        self.source    = converter.source
        self.frames    = store.source
        self.words     = words = stream.Endpoint(frame_description(WAY_BITS))
        self.lost      = store.lost
        self.damaged   = store.damaged
        self.idle      = Signal()

        # # #

        self.comb += [
            hunter.source.connect(store.sink),
            hunter.room.eq(store.room),
            words.connect(buffer.sink, keep={"valid", "ready", "data"}),
            buffer.source.connect(converter.sink),
            self.idle.eq(hunter.hunting & store.idle & (buffer.level == 0) & ~buffer.source.valid),
        ]
