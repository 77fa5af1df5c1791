"""Frames over UDP: one a datagram, at a port of a LiteEth core of 32 bits."""

from liteeth.common import eth_udp_user_description
from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import Cat, If, Signal

from litelic.soc.link.frame_store import FrameStore
from litelic.soc.link.frames import MAX_WORDS, WORD_BYTES, frame_description

WAY_BITS  = 32 + 16         # IP address and port of the other end
LONGEST   = MAX_WORDS + 2   # words of a datagram
DATAGRAMS = 4               # that wait to be sent
PATIENCE  = 2**20           # cycles that a frame waits for room: some ms, many frames at 10 Mb/s

# UDP Line -----------------------------------------------------------------------------------------

class UDPLine(LiteXModule):
    """Frames from whoever sends some, and to whom they say.

    Nothing that arrives is ever kept waiting: what finds no room is lost, by whole frames. The
    frames' own CRCs say whether they are good, so nobody asks for the Ethernet frame's.

    Parameters
    ----------
    udp_port : int
        Where datagrams come from; the core's port hears what is sent there.

    receive_words, transmit_words : int
        Depths of the buffers.

    Attributes
    ----------
    sink, source : Endpoint(eth_udp_user_description(32))
        From and to the core's port.

    frame_end, fragment : Signal, in
        As those of `EthernetCore`, `frame_end` with as many registers as there are before `sink`.

    frames, words : Endpoint(frame_description)
        Good frames from the line; frames with their CRCs for it.

    lost, damaged : Signal
        As of `FrameStore`.

    idle : Signal
        No frame is here.
    """
    def __init__(self, udp_port, receive_words=2048, transmit_words=1024):
        description    = eth_udp_user_description(8*WORD_BYTES)
        self.sink      = sink = stream.Endpoint(description)
        self.source    = stream.Endpoint(description)
        self.frame_end = Signal()
        self.fragment  = Signal()
        self.store     = store  = FrameStore(WAY_BITS, receive_words)
        self.sender    = sender = DatagramSender(udp_port, transmit_words)
        self.frames    = store.source
        self.words     = sender.sink
        self.lost      = store.lost
        self.damaged   = store.damaged
        self.idle      = Signal()

        # # #

        first = Signal(reset=1)
        self.comb += [
            sink.ready.eq(1),
            store.sink.valid.eq(sink.valid & ~self.fragment),
            store.sink.first.eq(first),
            store.sink.data.eq(sink.data),
            store.way.eq(Cat(sink.ip_address, sink.src_port)),
            store.abort.eq(self.frame_end),
            sender.source.connect(self.source),
            self.idle.eq(~sink.valid & store.idle & sender.idle),
        ]
        self.sync += [
            If(sink.valid, first.eq(sink.last)),
            If(self.frame_end, first.eq(1)),
        ]

# Datagram Sender ----------------------------------------------------------------------------------

class DatagramSender(LiteXModule):
    """Makes a datagram of every frame.

    It is in the buffer as a whole before it starts, so its words come without a gap: an Ethernet
    frame cannot wait for anybody. While nothing leaves, such as with a PHY that has no clock
    without a cable, frames are lost, as a whole, and do not stand in the way of other lines'.

    Attributes
    ----------
    sink : Endpoint(frame_description)
        Frames with their CRCs; `way` says to whom.

    source : Endpoint(eth_udp_user_description(32))
        Datagrams.

    idle : Signal
        No word is here that has not been sent.
    """
    def __init__(self, udp_port, depth, patience=PATIENCE):
        self.sink   = sink   = stream.Endpoint(frame_description(WAY_BITS))
        self.source = source = stream.Endpoint(eth_udp_user_description(8*WORD_BYTES))
        self.idle   = Signal()

        # # #

        layout = [("count", len(Signal(max=LONGEST + 1))), ("way", WAY_BITS)]
        self.words     = words     = stream.SyncFIFO([("data", 8*WORD_BYTES)], depth, buffered=True)
        self.datagrams = datagrams = stream.SyncFIFO(layout, DATAGRAMS)

        # Room -------------------------------------------------------------------------------------
        # For the longest frame, looked at before one begins; it then stays.
        room    = Signal()
        waited  = Signal(max=patience + 1)
        stuck   = Signal()
        inside  = Signal()  # A frame has begun,
        losing  = Signal()  # and is lost.
        keep    = Signal()
        lose    = Signal()
        self.comb += [
            If(inside,
                keep.eq(~losing),
                lose.eq(losing)
            ).Else(
                keep.eq(room),
                lose.eq(~room & stuck)
            ),
        ]
        self.sync += [
            # What is taken in this cycle is in the level one later, and a frame does not end then.
            room.eq((words.level <= depth - LONGEST - 1) & datagrams.sink.ready & ~inside),
            If(sink.valid & sink.ready,
                inside.eq(~sink.last),
                losing.eq(lose)
            ),
            If(room,
                waited.eq(0),
                stuck.eq(0)
            ).Elif(sink.valid & ~inside & ~stuck,
                waited.eq(waited + 1),
                stuck.eq(waited == patience - 1)
            ),
        ]

        # Collecting -------------------------------------------------------------------------------
        count = Signal(max=LONGEST + 1)
        taken = Signal()
        self.comb += [
            taken.eq(sink.valid & keep),
            sink.ready.eq(keep | lose),
            words.sink.valid.eq(taken),
            words.sink.data.eq(sink.data),
            datagrams.sink.valid.eq(taken & sink.last),
            datagrams.sink.count.eq(count + 1),
            datagrams.sink.way.eq(sink.way),
        ]
        self.sync += If(taken,
            count.eq(count + 1),
            If(sink.last, count.eq(0))
        )

        # Sending ----------------------------------------------------------------------------------
        # The shortest frame fills an Ethernet frame, so none is padded: LiteEth does not pad the
        # one that comes after one of 57 to 59 bytes.
        sending = Signal()
        left    = Signal.like(count)  # Words, this one too.
        self.comb += [
            source.valid.eq(sending & words.source.valid),
            source.last.eq(left == 1),
            If(source.last,
                source.last_be.eq(1 << (WORD_BYTES - 1))
            ),
            source.data.eq(words.source.data),
            source.src_port.eq(udp_port),
            words.source.ready.eq(sending & source.ready),
            datagrams.source.ready.eq(~sending),
            self.idle.eq((count == 0) & ~sink.valid & ~datagrams.source.valid & ~sending),
        ]
        self.sync += If(~sending,
            sending.eq(datagrams.source.valid),
            left.eq(datagrams.source.count),
            source.length.eq(datagrams.source.count << 2),
            Cat(source.ip_address, source.dst_port).eq(datagrams.source.way)
        ).Elif(source.valid & source.ready,
            left.eq(left - 1),
            sending.eq(~source.last)
        )
