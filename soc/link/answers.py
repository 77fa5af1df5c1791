"""What the board answers to reads and writes of its DRAM, as frames."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import FSM, If, NextState, NextValue, Signal

from litelic.soc.link.frames import (
    HEADER_WORDS,
    MAGIC,
    MAX_PAYLOAD,
    VERSION,
    WORD_BYTES,
    frame_description,
    words_of,
)
from litelic.soc.link.word_memory import WordReader


def answer_layout(way_bits):
    """An answer: `length` bytes of the DRAM from `address` on, and what its header says besides."""
    return [
        ("type", 8), ("sequence", 16), ("length", 16), ("offset", 32), ("key", 32),
        ("address", 32), ("way", way_bits),
    ]

# Answer Sender ------------------------------------------------------------------------------------

class AnswerSender(LiteXModule):
    """Makes frames of answers, and of what is read for them.

    Attributes
    ----------
    sink   : Endpoint(answer_layout)
    source : Endpoint(frame_description)
    """
    def __init__(self, port, way_bits):
        self.sink   = sink = stream.Endpoint(answer_layout(way_bits))
        self.source = source = stream.Endpoint(frame_description(way_bits))
        self.reader = reader = WordReader(port, MAX_PAYLOAD//WORD_BYTES)

        # # #

        count = Signal(max=HEADER_WORDS)
        self.comb += [
            reader.address.eq(sink.address),
            reader.count.eq(words_of(sink.length)),
            source.way.eq(sink.way),
        ]
        header = [
            MAGIC | VERSION << 16 | sink.type << 24, sink.sequence | sink.length << 16,
            sink.offset, sink.key,
        ]
        self.fsm = fsm = FSM(reset_state="IDLE")
        fsm.act("IDLE",
            NextValue(count, 0),
            If(sink.valid,
                reader.start.eq(sink.length != 0),
                NextState("HEADER")
            )
        )
        fsm.act("HEADER",
            source.valid.eq(1),
            source.first.eq(count == 0),
            source.last.eq((count == HEADER_WORDS - 1) & (sink.length == 0)),
            *[If(count == n, source.data.eq(word)) for n, word in enumerate(header)],
            If(source.ready,
                NextValue(count, count + 1),
                If(count == HEADER_WORDS - 1,
                    If(sink.length == 0,
                        sink.ready.eq(1),
                        NextState("IDLE")
                    ).Else(
                        NextState("PAYLOAD")
                    )
                )
            )
        )
        fsm.act("PAYLOAD",
            source.valid.eq(reader.source.valid),
            source.data.eq(reader.source.data),
            source.last.eq(reader.source.last),
            reader.source.ready.eq(source.ready),
            If(source.valid & source.ready & source.last,
                sink.ready.eq(1),
                NextState("IDLE")
            )
        )
