"""Serves the host's reads and writes of DRAM; everything else goes to the CPU."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import FSM, Array, Case, If, Mux, NextState, NextValue, Signal

from litelic.soc.link.answers import AnswerSender, answer_layout
from litelic.soc.link.frames import (
    ANSWER,
    HEADER_WORDS,
    MAX_PAYLOAD,
    READ,
    VERSION,
    WORD_BYTES,
    WRITE,
    frame_description,
)
from litelic.soc.link.windows import Windows
from litelic.soc.link.word_memory import WordWriter

# Remote Memory ------------------------------------------------------------------------------------

class RemoteMemory(LiteXModule):
    """WRITE and READ (docs/streaming.md) at the speed of a word a cycle, each way.

    A request that no window allows, or that is malformed, is for the CPU like every other frame:
    it has the words for an error. Of a WRITE it gets the header only. What is answered to WRITE has
    reached the DRAM, as far as any later access sees.

    Parameters
    ----------
    write_port, read_port : LiteDRAMNativePort
        Of the DRAM.

    way_bits : int
        Of the frames.

    windows, pending : int
        Windows, and answers that may wait to be sent.

    Attributes
    ----------
    sink, source : Endpoint(frame_description)
        Frames from the lines; answers.

    cpu : Endpoint(frame_description)
        Frames for the CPU.

    windows : Windows
        Of which the CPU writes the table.

    busy : Signal
        A request is being served, or an answer waits to be sent.

    served : Signal
        Requests that were answered, a count that wraps.

    closing : Signal
        The table was written, and a request from before may still be served. It falls even if
        there is always another request.
    """
    def __init__(self, write_port, read_port, way_bits, windows=8, pending=16):
        self.sink    = sink = stream.Endpoint(frame_description(way_bits))
        self.source  = stream.Endpoint(frame_description(way_bits))
        self.cpu     = cpu  = stream.Endpoint(frame_description(way_bits))
        self.windows = table = Windows(windows)
        self.writer  = writer = WordWriter(write_port)
        self.answers = answers = stream.SyncFIFO(answer_layout(way_bits), pending, buffered=True)
        self.sender  = sender = AnswerSender(read_port, way_bits)
        self.busy    = Signal()
        self.served  = Signal(8)
        self.closing = closing = Signal()

        # # #

        self.comb += [
            answers.source.connect(sender.sink),
            sender.source.connect(self.source),
        ]

        # Request ----------------------------------------------------------------------------------
        # A READ says in its payload, of one word, how many bytes it asks for.
        words    = [Signal(8*WORD_BYTES) for _ in range(HEADER_WORDS + 1)]
        count    = Signal(max=HEADER_WORDS + 2)  # Words that are here.
        ended    = Signal()                      # They are the whole frame.
        way      = Signal(way_bits)
        version, type_    = words[0][16:24], words[0][24:32]
        sequence, length  = words[1][:16], words[1][16:]
        offset, key       = words[2], words[3]
        wanted   = Signal(16)
        reads    = Signal()
        sound    = Signal()
        self.comb += [
            reads.eq(type_ == READ),
            wanted.eq(Mux(reads, words[HEADER_WORDS][:16], length)),
            sound.eq(
                (version == VERSION) & (reads | (type_ == WRITE)) & (offset[:2] == 0)
                & (wanted != 0) & (wanted <= MAX_PAYLOAD)
                & (~reads | ((length == WORD_BYTES) & (words[HEADER_WORDS][16:] == 0)))
            ),
            table.key.eq(key),
            table.offset.eq(offset),
            table.length.eq(wanted),
            table.write.eq(~reads),
        ]

        # Answer -----------------------------------------------------------------------------------
        self.comb += [
            answers.sink.type.eq(type_ | ANSWER),
            answers.sink.sequence.eq(sequence),
            answers.sink.length.eq(Mux(reads, wanted, 0)),
            answers.sink.offset.eq(offset),
            answers.sink.key.eq(key),
            answers.sink.address.eq(table.address),
            answers.sink.way.eq(way),
        ]

        # Control ----------------------------------------------------------------------------------
        forwarded = Signal.like(count)
        waiting   = Signal(max=pending + 3)  # Answers.
        serving   = Signal()                 # The table may have been asked.
        self.fsm = fsm = FSM(reset_state="HEADER")
        fsm.act("HEADER",
            sink.ready.eq(1),
            If(sink.valid,
                Case(count, {n: NextValue(word, sink.data) for n, word in enumerate(words)}),
                NextValue(count, count + 1),
                NextValue(way, sink.way),
                NextValue(ended, sink.last),
                # Of a READ the word behind the header, too.
                If(sink.last | (count == HEADER_WORDS) | ((count == HEADER_WORDS - 1) & ~reads),
                    NextState("LOOK")
                )
            )
        )
        fsm.act("LOOK",
            NextValue(forwarded, 0),
            If(sound & (reads == ended),
                table.start.eq(1),
                NextState("WAIT")
            ).Else(
                NextState("FORWARD")
            )
        )
        fsm.act("WAIT",
            If(table.done,
                If(~table.found,
                    NextState("FORWARD")
                ).Elif(reads,
                    NextState("ANSWER")
                ).Else(
                    NextState("BEGIN")
                )
            )
        )
        fsm.act("BEGIN",
            writer.start.eq(1),
            NextState("WRITE")
        )
        fsm.act("WRITE",
            writer.sink.valid.eq(sink.valid),
            sink.ready.eq(writer.sink.ready),
            If(sink.valid & sink.ready & sink.last,
                NextState("SETTLE")
            )
        )
        fsm.act("SETTLE",
            If(writer.idle, NextState("ANSWER"))
        )
        fsm.act("ANSWER",
            answers.sink.valid.eq(1),
            NextValue(count, 0),
            If(answers.sink.ready, NextState("HEADER"))
        )
        fsm.act("FORWARD",
            cpu.valid.eq(1),
            cpu.way.eq(way),
            cpu.data.eq(Array(words)[forwarded]),
            cpu.first.eq(forwarded == 0),
            cpu.last.eq((ended | (type_ == WRITE)) & (forwarded == count - 1)),
            If(cpu.ready,
                NextValue(forwarded, forwarded + 1),
                If(forwarded == count - 1,
                    NextValue(count, 0),
                    NextState("REST"),
                    If(type_ == WRITE, NextState("SWALLOW")),
                    If(ended, NextState("HEADER"))
                )
            )
        )
        fsm.act("REST",
            sink.connect(cpu),
            If(sink.valid & sink.ready & sink.last,
                NextState("HEADER")
            )
        )
        fsm.act("SWALLOW",
            sink.ready.eq(1),
            If(sink.valid & sink.last,
                NextState("HEADER")
            )
        )
        for state in ("LOOK", "WAIT", "BEGIN", "WRITE", "SETTLE", "ANSWER"):
            fsm.act(state, serving.eq(1))

        # Payload of a WRITE -----------------------------------------------------------------------
        self.comb += [
            writer.address.eq(table.address),
            writer.sink.data.eq(sink.data),
            writer.sink.last.eq(sink.last),
            writer.sink.we.eq(2**WORD_BYTES - 1),
            If(sink.last & (length[:2] != 0),
                writer.sink.we.eq((1 << length[:2]) - 1)
            ),
            self.busy.eq(~fsm.ongoing("HEADER") | (count != 0) | (waiting != 0)),
        ]

        # Closed windows ---------------------------------------------------------------------------
        # First the request in work ends, then the answers that wait then are sent.
        looked, ahead = Signal(), Signal.like(waiting)
        queued, sent   = Signal(), Signal()
        self.comb += [
            queued.eq(answers.sink.valid & answers.sink.ready),
            sent.eq(answers.source.valid & answers.source.ready),
        ]
        self.sync += [
            waiting.eq(waiting + queued - sent),
            self.served.eq(self.served + queued),
            If(looked,
                ahead.eq(ahead - sent),
                If(ahead == 0, closing.eq(0), looked.eq(0))
            ).Elif(closing & ~serving,
                looked.eq(1),
                ahead.eq(waiting - sent)
            ),
            If(table.load, closing.eq(1), looked.eq(0)),
        ]
