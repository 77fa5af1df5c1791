"""Datagrams to bytes and bytes to datagrams, at the UDP port of a LiteEth core of 32 bits."""

from liteeth.common import eth_udp_user_description
from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import READ_FIRST, Array, Case, Cat, If, Memory, Mux, Signal, log2_int

from litelic.soc.link.ethernet_core import MIN_PAYLOAD, WORD_BYTES

BROADCAST = 0xFFFFFFFF  # the IP address of everybody on the wire

# Datagram Receiver --------------------------------------------------------------------------------

class DatagramReceiver(LiteXModule):
    """Keeps whole datagrams, and hands their bytes on.

    `sink` is always ready. A datagram is written into the buffer as it comes and counts only when
    its Ethernet frame has ended well; otherwise, and when there is no room, it was never there.

    Attributes
    ----------
    sink : Endpoint(eth_udp_user_description(32))
        Datagrams for our port. `length` tells how much is payload: `last_be` does not, LiteEth
        leaves the padding of short frames in it.

    frame_end, frame_good, fragment : Signal, in
        An Ethernet frame has ended, it is undamaged; the IP packet is only part of a datagram.
        `frame_end` is due after the frame's last word at `sink`, and before the next frame's first.

    source : Endpoint([("data", 8)])
        Bytes of the payloads.

    ip_address, port : Signal
        Who sent the last datagram that was kept; until then everybody, and `udp_port`.

    idle : Signal
        There is nothing in the buffer, and no datagram is on its way into it.
    """
    def __init__(self, udp_port, max_datagram, buffer_bytes):
        self.sink       = sink = stream.Endpoint(eth_udp_user_description(8*WORD_BYTES))
        self.frame_end  = Signal()
        self.frame_good = Signal()
        self.fragment   = Signal()
        self.source     = source = stream.Endpoint([("data", 8)])
        self.ip_address = Signal(32, reset=BROADCAST)
        self.port       = Signal(16, reset=udp_port)
        self.idle       = Signal()

        # # #

        depth     = buffer_bytes//WORD_BYTES
        head      = Signal(log2_int(depth) + 1)  # Where the next word is written.
        committed = Signal.like(head)            # The end of what is certain.
        read      = Signal.like(head)

        # Buffer -----------------------------------------------------------------------------------
        # Beside every word the number of its last byte, so that datagrams need no borders.
        memory = Memory(8*WORD_BYTES + 2, depth)
        writer = memory.get_port(write_capable=True, mode=READ_FIRST)
        reader = memory.get_port(has_re=True, mode=READ_FIRST)
        self.specials += memory, writer, reader

        # Writing ----------------------------------------------------------------------------------
        first     = Signal(reset=1)
        intact    = Signal()    # All words of this datagram were as they should be.
        complete  = Signal()    # So was the last one.
        left      = Signal(16)  # Bytes of the datagram from this word on.
        following = Signal(16)
        suits     = Signal()
        sender    = Signal(len(self.ip_address) + len(self.port))
        self.comb += [
            sink.ready.eq(1),
            If(first,
                left.eq(sink.length),
                suits.eq((sink.length != 0) & (sink.length <= max_datagram) & ~self.fragment)
            ).Else(
                left.eq(following),
                suits.eq(intact)
            ),
            writer.adr.eq(head),
            writer.dat_w.eq(Cat(sink.data, Mux(left >= WORD_BYTES, WORD_BYTES - 1, left - 1)[:2])),
            writer.we.eq(sink.valid & suits & ((head - read)[:len(head)] != depth)),
        ]
        self.sync += [
            If(sink.valid,
                first.eq(sink.last),
                following.eq(left - WORD_BYTES),
                intact.eq(writer.we),
                # A frame that is shorter than its datagram says ends with more bytes to come.
                complete.eq(writer.we & sink.last & (left <= WORD_BYTES)),
                If(first,
                    sender.eq(Cat(sink.ip_address, sink.src_port))
                ),
                If(writer.we,
                    head.eq(head + 1)
                )
            ),
            If(self.frame_end,
                first.eq(1),
                complete.eq(0),
                If(self.frame_good & complete,
                    committed.eq(head),
                    Cat(self.ip_address, self.port).eq(sender)
                ).Else(
                    head.eq(committed)
                )
            ),
        ]

        # Reading ----------------------------------------------------------------------------------
        # The register behind the memory keeps its slow output out of other paths.
        self.words = words = stream.Buffer([("data", 8*WORD_BYTES), ("end", 2)])
        fetched = Signal()
        fetch   = Signal()
        self.comb += [
            fetch.eq(~fetched | words.sink.ready),
            reader.adr.eq(read),
            reader.re.eq(fetch),
            words.sink.valid.eq(fetched),
            Cat(words.sink.data, words.sink.end).eq(reader.dat_r),
        ]
        self.sync += If(fetch,
            fetched.eq(read != committed),
            If(read != committed,
                read.eq(read + 1)
            )
        )

        # Unpacking --------------------------------------------------------------------------------
        lane   = Signal(2)
        bytes_ = Array([words.source.data[8*n:8*(n + 1)] for n in range(WORD_BYTES)])
        self.comb += [
            source.valid.eq(words.source.valid),
            source.data.eq(bytes_[lane]),
            words.source.ready.eq(source.ready & (lane == words.source.end)),
            self.idle.eq((read == head) & ~fetched & ~words.source.valid & ~sink.valid),
        ]
        self.sync += If(source.valid & source.ready,
            lane.eq(lane + 1),
            If(words.source.ready,
                lane.eq(0)
            )
        )

# Datagram Transmitter -----------------------------------------------------------------------------

class DatagramTransmitter(LiteXModule):
    """Collects bytes, and sends a datagram when it is full or when no more bytes come.

    A datagram is in the buffer as a whole before it starts, so its words come without a gap: an
    Ethernet frame cannot wait for anybody.

    Attributes
    ----------
    sink : Endpoint([("data", 8)])
        Bytes to send. Not ready while the buffer is full.

    source : Endpoint(eth_udp_user_description(32))
        Datagrams.

    ip_address, port : Signal, in
        To whom; looked at when a datagram starts.

    idle : Signal
        No byte is here that has not been sent.
    """
    def __init__(self, udp_port, max_datagram, flush_cycles, buffer_bytes):
        self.sink       = sink   = stream.Endpoint([("data", 8)])
        self.source     = source = stream.Endpoint(eth_udp_user_description(8*WORD_BYTES))
        self.ip_address = Signal(32)
        self.port       = Signal(16)
        self.idle       = Signal()

        # # #

        self.words   = words   = stream.SyncFIFO([("data", 8*WORD_BYTES)],
            buffer_bytes//WORD_BYTES, buffered=True)
        self.lengths = lengths = stream.SyncFIFO([("length", len(Signal(max=max_datagram + 1)))], 4)

        # Packing ----------------------------------------------------------------------------------
        lane    = Signal(2)
        packed  = Signal(8*(WORD_BYTES - 1))
        length  = Signal(max=max_datagram + 1)
        quiet   = Signal(max=flush_cycles + 1)
        full    = Signal()
        closing = Signal()
        self.comb += [
            full.eq(length == max_datagram),
            closing.eq((full | ((length != 0) & (quiet == flush_cycles))) &
                lengths.sink.ready & ((lane == 0) | words.sink.ready)),
            sink.ready.eq(~full & ~closing & ((lane != WORD_BYTES - 1) | words.sink.ready)),
            words.sink.valid.eq(Mux(closing,
                lane != 0,
                sink.valid & sink.ready & (lane == WORD_BYTES - 1))),
            words.sink.data.eq(Cat(packed, Mux(closing, 0, sink.data))),
            lengths.sink.valid.eq(closing),
            lengths.sink.length.eq(length),
        ]
        self.sync += [
            If(sink.valid & sink.ready,
                Case(lane, {n: packed[8*n:8*(n + 1)].eq(sink.data) for n in range(WORD_BYTES - 1)}),
                lane.eq(lane + 1),
                length.eq(length + 1),
                quiet.eq(0)
            ).Elif(quiet != flush_cycles,
                quiet.eq(quiet + 1)
            ),
            If(closing,
                lane.eq(0),
                length.eq(0)
            ),
            If(words.sink.valid & words.sink.ready,
                packed.eq(0)
            ),
        ]

        # Sending ----------------------------------------------------------------------------------
        # Short datagrams are followed by zeros that fill their frame, beyond what `length` says:
        # LiteEth does not pad the frame that comes after one of 57 to 59 bytes.
        sending = Signal()
        count   = Signal(max=max_datagram + WORD_BYTES)  # Bytes before this word.
        total   = Signal(max=max_datagram + 1)           # Bytes of the datagram and of the padding.
        padding = Signal()
        end     = Signal(2)
        self.comb += [
            padding.eq(count >= source.length),
            source.valid.eq(sending & (padding | words.source.valid)),
            source.last.eq(count + WORD_BYTES >= total),
            end.eq(total - 1),
            If(source.last,
                source.last_be.eq(1 << end)
            ),
            If(~padding,
                source.data.eq(words.source.data)
            ),
            source.src_port.eq(udp_port),
            words.source.ready.eq(sending & source.ready & ~padding),
            lengths.source.ready.eq(~sending),
            self.idle.eq((length == 0) & ~lengths.source.valid & ~sending),
        ]
        self.sync += If(~sending,
            sending.eq(lengths.source.valid),
            count.eq(0),
            total.eq(Mux(lengths.source.length < MIN_PAYLOAD, MIN_PAYLOAD, lengths.source.length)),
            source.length.eq(lengths.source.length),
            source.ip_address.eq(self.ip_address),
            source.dst_port.eq(self.port)
        ).Elif(source.valid & source.ready,
            count.eq(count + WORD_BYTES),
            sending.eq(~source.last)
        )
