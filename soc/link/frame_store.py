"""Keeps what arrives on a line until it has proved to be a frame."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import READ_FIRST, Constant, If, Memory, Mux, Signal, log2_int

from litelic.soc.link.crc import CRC32
from litelic.soc.link.frames import (
    HEADER_WORDS,
    MAGIC,
    MAX_PAYLOAD,
    MAX_WORDS,
    WORD_BYTES,
    frame_description,
    words_of,
)

# Frame Store --------------------------------------------------------------------------------------

class FrameStore(LiteXModule):
    """A ring of words, of which only frames with both CRCs right ever leave.

    Nothing that arrives waits: a frame that finds no room is lost, as one that is damaged is. What
    is behind sees whole frames, so it needs no way to give one up.

    Parameters
    ----------
    way_bits : int
        Of `way`.

    depth : int
        Words of the ring, a power of two, more than the longest frame has.

    frames : int
        Frames that it holds at most.

    Attributes
    ----------
    sink : Endpoint([("data", 32)])
        Words with their CRCs among them; `first` marks where a frame may begin, `last` is not
        looked at. What follows a frame, such as padding, is ignored. Always ready.

    way : Signal, in
        Where the frame that arrives comes from; looked at with its first word.

    abort : Signal, in
        What is under way will not go on.

    source : Endpoint(frame_description)
        Good frames.

    room : Signal
        The longest frame would find room.

    idle : Signal
        No word of a frame is here, and none is awaited.

    lost, damaged : Signal
        A frame found no room; a CRC, the header's or the payload's, was not right. For a cycle.
    """
    def __init__(self, way_bits=1, depth=2048, frames=16):
        if depth <= MAX_WORDS:
            raise ValueError(f"{depth} words do not hold a frame, which has up to {MAX_WORDS}")
        self.sink    = sink   = stream.Endpoint([("data", 8*WORD_BYTES)])
        self.way     = Signal(way_bits)
        self.abort   = Signal()
        self.source  = source = stream.Endpoint(frame_description(way_bits))
        self.room    = Signal()
        self.idle    = Signal()
        self.lost    = Signal()
        self.damaged = Signal()

        # # #

        head      = Signal(log2_int(depth) + 1)  # Where the next word is written.
        committed = Signal.like(head)            # The end of what is certain.
        read      = Signal.like(head)
        self.ways = ways = stream.SyncFIFO([("way", way_bits)], frames)  # One a frame.

        # Memory -----------------------------------------------------------------------------------
        memory = Memory(8*WORD_BYTES, depth)
        writer = memory.get_port(write_capable=True, mode=READ_FIRST)
        reader = memory.get_port(has_re=True, mode=READ_FIRST)
        self.specials += memory, writer, reader

        # Writing ----------------------------------------------------------------------------------
        self.crc  = crc = CRC32(8*WORD_BYTES, with_restart=True)
        length    = Signal(16)
        way       = Signal(way_bits)
        under_way = Signal()
        payload   = Signal()            # The header was good: this is what it announced.
        left      = Signal(max=MAX_WORDS + 1)  # Words to come before the CRC.
        fits      = Signal()            # All words so far found room.
        begins, taken, check, right, ends = (Signal() for _ in range(5))
        place = Signal.like(head)
        self.comb += [
            sink.ready.eq(1),
            begins.eq(sink.valid & sink.first),
            taken.eq(begins | (sink.valid & under_way & (left != 0))),
            check.eq(sink.valid & ~sink.first & under_way & (left == 0)),
            place.eq(Mux(begins, committed, head)),
            writer.adr.eq(place),
            writer.dat_w.eq(sink.data),
            # Behind a word that was not written none is: its place may be another frame's.
            writer.we.eq(taken & (begins | fits) & ((place - read)[:len(head)] != depth)),
            crc.data.eq(sink.data),
            crc.enable.eq(taken),
            crc.restart.eq(begins),
            right.eq(sink.data == crc.value),
            ends.eq(check & right & (payload | (length == 0))),
            ways.sink.way.eq(way),
            ways.sink.valid.eq(ends & fits),
            self.lost.eq(ends & (~fits | ~ways.sink.ready)),
            self.damaged.eq(check & ~right),
        ]
        self.sync += [
            If(taken,
                head.eq(place + 1),
                left.eq(left - 1),
                fits.eq(fits & writer.we)
            ),
            # The second word of the header.
            If(taken & ~payload & (left == HEADER_WORDS - 1),
                length.eq(sink.data[16:])
            ),
            If(check,
                payload.eq(1),
                left.eq(words_of(length)),
                If(~right | payload | (length == 0) | (length > MAX_PAYLOAD),
                    under_way.eq(0)
                )
            ),
            If(self.abort,
                under_way.eq(0)
            ),
            If(begins,
                way.eq(self.way),
                under_way.eq(sink.data[:16] == MAGIC),
                payload.eq(0),
                left.eq(HEADER_WORDS - 1),
                fits.eq(writer.we)
            ),
            If(ways.sink.valid & ways.sink.ready,
                committed.eq(head)
            ),
            self.room.eq(((committed - read)[:len(head)] <= depth - MAX_WORDS) & ways.sink.ready),
        ]

        # Reading ----------------------------------------------------------------------------------
        # The register behind the memory keeps its slow output out of other paths.
        self.words = words = stream.Buffer([("data", 8*WORD_BYTES)])
        fetched = Signal()
        fetch   = Signal()
        more    = Signal()
        self.comb += [
            fetch.eq(~fetched | words.sink.ready),
            more.eq(read != committed),
            reader.adr.eq(read),
            reader.re.eq(fetch),
            words.sink.valid.eq(fetched),
            words.sink.data.eq(reader.dat_r),
        ]
        self.sync += If(fetch,
            fetched.eq(more),
            read.eq(read + more)
        )

        # Framing ----------------------------------------------------------------------------------
        behind = Signal(max=MAX_WORDS + 1, reset=HEADER_WORDS - 1)  # Words after this one.
        header = Signal(reset=1)
        moved  = Signal()
        extra  = Signal.like(behind)
        second = Signal()
        self.comb += [
            source.valid.eq(words.source.valid & ways.source.valid),
            source.data.eq(words.source.data),
            source.way.eq(ways.source.way),
            source.first.eq(header & (behind == HEADER_WORDS - 1)),
            source.last.eq(behind == 0),
            words.source.ready.eq(source.ready & ways.source.valid),
            moved.eq(source.valid & source.ready),
            second.eq(header & (behind == HEADER_WORDS - 2)),
            extra.eq(Mux(second, words_of(source.data[16:]), Constant(0))),
            ways.source.ready.eq(moved & source.last),
            self.idle.eq(~sink.valid & ~under_way & (ways.level == 0)),
        ]
        self.sync += If(moved,
            header.eq(header & ~second),
            behind.eq(behind - 1 + extra),
            If(source.last,
                header.eq(1),
                behind.eq(HEADER_WORDS - 1)
            )
        )
