"""Frames to and from the CPU, a word at a time."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import If, Signal

from litelic.soc.link.frames import MAX_WORDS, WORD_BYTES, frame_description

# CPU Port -----------------------------------------------------------------------------------------

class CPUFrames(LiteXModule):
    """Lets the CPU read a frame's words as it likes, and sends only frames that it has completed.

    Attributes
    ----------
    sink, source : Endpoint(frame_description)
        Frames for the CPU, and from it.

    valid, first, last, word, way : Signal
        The oldest word for the CPU.

    take, drop : Signal, in
        It goes; its frame goes, to the last word.

    put, end, new_word, new_way : Signal, in
        Add a word to a frame; with `end` it is the last one, and the frame is sent where `new_way`
        says. Only while `room` is up when a frame begins.

    room : Signal
        A frame of any length has room. One is sent at a time.
    """
    def __init__(self, way_bits):
        self.sink     = sink   = stream.Endpoint(frame_description(way_bits))
        self.source   = source = stream.Endpoint(frame_description(way_bits))
        self.valid    = Signal()
        self.first    = Signal()
        self.last     = Signal()
        self.word     = Signal(8*WORD_BYTES)
        self.way      = Signal(way_bits)
        self.take     = Signal()
        self.drop     = Signal()
        self.put      = Signal()
        self.end      = Signal()
        self.new_word = Signal(8*WORD_BYTES)
        self.new_way  = Signal(way_bits)
        self.room     = Signal()

        # # #

        # To the CPU -------------------------------------------------------------------------------
        dropping = Signal()
        self.comb += [
            self.valid.eq(sink.valid & ~dropping),
            self.first.eq(sink.first),
            self.last.eq(sink.last),
            self.word.eq(sink.data),
            self.way.eq(sink.way),
            sink.ready.eq(self.take | dropping),
        ]
        self.sync += [
            If(self.drop & self.valid, dropping.eq(1)),
            If(sink.valid & sink.ready & sink.last, dropping.eq(0)),
        ]

        # From the CPU -----------------------------------------------------------------------------
        self.words = words = stream.SyncFIFO([("data", 8*WORD_BYTES)], MAX_WORDS, buffered=True)
        begun      = Signal()  # A frame is being put together, or sent,
        complete   = Signal()  # and all of it is here.
        first      = Signal(reset=1)
        way        = Signal(way_bits)
        self.comb += [
            words.sink.valid.eq(self.put),
            words.sink.first.eq(~begun),
            words.sink.last.eq(self.end),
            words.sink.data.eq(self.new_word),
            words.source.connect(source, keep={"data", "last"}),
            source.valid.eq(words.source.valid & complete),
            source.first.eq(first),
            source.way.eq(way),
            words.source.ready.eq(source.ready & complete),
            self.room.eq(~begun),
        ]
        self.sync += [
            If(self.put, begun.eq(1)),
            If(self.put & self.end, complete.eq(1), way.eq(self.new_way)),
            If(source.valid & source.ready,
                first.eq(source.last),
                If(source.last, begun.eq(0), complete.eq(0))
            ),
        ]
