"""LiteEth's UDP/IP core of 32 bits, with corrections that a board needs which nobody restarts."""

from math import inf
from types import SimpleNamespace

from liteeth.common import eth_phy_description
from liteeth.core import LiteEthUDPIPCore
from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import Cat, ClockDomainsRenamer, If, Mux, ResetInserter, Signal

WORD_BYTES  = 4
MIN_PAYLOAD = 18        # of UDP or ping: fills the shortest Ethernet frame

START_OF_FRAME = 0xD5
PREAMBLE_BYTES = 3      # that the MAC gets before it, so that they are one word
GAP_CYCLES     = 24     # between frames: 12 byte times of an MII PHY, which takes two cycles a byte

SLOW_PHY_FREQ = 25e6    # MII's; up to it, preamble and FCS are done with the PHY's clocks
ARP_ENTRIES   = 4
SETTLE_CYCLES = 5       # from a frame's end at the MAC until all of it has passed: 4 to 6 will do

# Preamble Aligner ---------------------------------------------------------------------------------

class PreambleAligner(LiteXModule):
    """Makes every preamble three bytes and the start of frame, whatever a PHY left of it.

    LiteEth looks for the start of frame in the last byte of a word of four; here, any frame whose
    preamble has three bytes or more is in step with the words. Takes a byte a cycle.
    """
    def __init__(self):
        self.sink   = sink   = stream.Endpoint(eth_phy_description(8))
        self.source = source = stream.Endpoint(eth_phy_description(8))

        # # #

        count  = Signal(max=PREAMBLE_BYTES + 1)
        inside = Signal()
        start  = Signal()
        self.comb += [
            start.eq(sink.data == START_OF_FRAME),
            sink.connect(source, omit={"valid", "ready"}),
            source.valid.eq(sink.valid & (inside | (count != PREAMBLE_BYTES) | start | sink.last)),
            sink.ready.eq(1),  # No PHY waits.
        ]
        self.sync += If(sink.valid,
            If(sink.last,
                count.eq(0),
                inside.eq(0)
            ).Elif(count != PREAMBLE_BYTES,
                count.eq(count + 1)
            ).Elif(start,
                inside.eq(1)
            )
        )

# Frame Gap ----------------------------------------------------------------------------------------

class FrameGap(LiteXModule):
    """Keeps frames apart. LiteEth's own counts cycles, and an MII PHY takes two of them a byte."""
    def __init__(self):
        self.sink   = sink   = stream.Endpoint(eth_phy_description(8))
        self.source = source = stream.Endpoint(eth_phy_description(8))

        # # #

        left = Signal(max=GAP_CYCLES + 1)
        self.comb += If(left == 0, sink.connect(source))
        self.sync += If(left != 0,
            left.eq(left - 1)
        ).Elif(sink.valid & sink.ready & sink.last,
            left.eq(GAP_CYCLES)
        )

# Ping Gate ----------------------------------------------------------------------------------------

class PingGate(LiteXModule):
    """Lets LiteEth's echo have one ping at a time, and only as much as its length says.

    Without it a ping waits until the one before has been answered, and behind it the answer to ARP
    on which that depends; and a frame longer than the ping in it stops all reception for good.
    """
    def __init__(self, echo):
        sink, buffer = echo.sink, echo.buffer
        first     = Signal(reset=1)
        left      = Signal(16)  # Bytes of the ping, with padding, from this word on.
        following = Signal(16)
        accept    = Signal()
        accepting = Signal()
        end       = Signal(2)
        self.comb += [
            If(first,
                left.eq(Mux(sink.length < MIN_PAYLOAD, MIN_PAYLOAD, sink.length)),
                accept.eq((buffer.param_fifo.level == 0) & (buffer.payload_fifo.level == 0))
            ).Else(
                left.eq(following),
                accept.eq(accepting)
            ),
            end.eq(left - 1),
        ]
        self.sync += If(sink.valid & sink.ready,
            first.eq(sink.last),
            following.eq(left - WORD_BYTES),
            accepting.eq(accept & ~buffer.sink.last)
        )
        # Behind the echo's own statements, so that these hold.
        echo.comb += [
            buffer.sink.last.eq(sink.last | (left <= WORD_BYTES)),
            buffer.sink.last_be.eq(Mux(buffer.sink.last, 1 << end, 0)),
            If(~accept,
                buffer.sink.valid.eq(0)
            ),
            # What is accepted has room: the echo was empty, and longer pings it drops. LiteEth says
            # so by looking at the length, in a path that goes back through all of its layers.
            sink.ready.eq(1),
        ]

# Ethernet Core ------------------------------------------------------------------------------------

class EthernetCore(LiteXModule):
    """ARP, ping and UDP between a PHY and ports of 32 bits; parameters as those of `EthernetLine`.

    Nothing that arrives ever waits in here, so a user who is always ready never loses anything.
    Only the crossings, the width converters, the aligner and the gap run with a fast PHY's clocks.
    With those of one that is not faster than `SLOW_PHY_FREQ` preamble, FCS and padding do as well,
    byte by byte, which takes fewer LUTs than word by word (docs/boards.md).

    Attributes
    ----------
    frame_end : Signal
        An Ethernet frame has ended, damaged or not. It comes after the last word that the frame has
        for any port, and before the next frame's first.

    fragment : Signal
        The packet at a port, from its first word to `frame_end`, is part of a larger one.
    """
    def __init__(self, phy, sys_clk_freq, mac_address, ip_address):
        self.frame_end = Signal()
        self.fragment  = Signal()

        # # #

        # Without `with_ip_broadcast` the core takes packets for its own address only; with it, it
        # would take those for any address.
        slow = getattr(phy, "rx_clk_freq", inf) <= SLOW_PHY_FREQ
        self.core = core = LiteEthUDPIPCore(self._wrap(phy, slow),
            mac_address       = mac_address,
            ip_address        = ip_address,
            clk_freq          = sys_clk_freq,
            arp_entries       = ARP_ENTRIES,
            dw                = 8*WORD_BYTES,
            with_ip_broadcast = False,
            with_sys_datapath = not slow,
            interface         = "crossbar",
        )
        self.ping_gate = PingGate(core.icmp.echo)

        # Registers between the layers: otherwise a path goes from a header's bits through all of
        # them, and back to the FIFO at the MAC. Behind the core's own statements, so that these
        # hold.
        mac, ip, icmp = core.mac, core.ip, core.icmp
        self.frames = self._between(mac, mac.core.source, mac.depacketizer.sink, pipe_valid=False)
        self.packets = self._between(ip, ip.rx.source, ip.crossbar.master.sink)
        self.pings = self._between(icmp, icmp.rx.source, icmp.echo.sink)

        # End of frame -----------------------------------------------------------------------------
        # LiteEth does not show it at its ports when padding follows a datagram. Some of a frame's
        # words pass later than its end, by a cycle in the core, one in the buffer above and one in
        # a buffer of the user's; the next frame's header takes longer.
        frame = mac.depacketizer.sink
        ended = Signal(SETTLE_CYCLES)
        self.sync += ended.eq(Cat(frame.valid & frame.ready & frame.last, ended))
        self.comb += self.frame_end.eq(ended[-1])
        # A frame that was cut in the middle of a header must not go on in the next one.
        for receiver in (core.arp.rx, core.ip.rx, core.icmp.rx, core.udp.rx):
            ResetInserter()(receiver)
            self.comb += receiver.reset.eq(self.frame_end)

        # IP ---------------------------------------------------------------------------------------
        # "More fragments" and the offset, at which LiteEth does not look.
        header = core.ip.rx.depacketizer.header
        self.comb += self.fragment.eq(Cat(header[48:54], header[56:64]) != 0)

        # After a packet whose host did not answer to ARP, LiteEth does not start a new checksum.
        transmitter, packet = core.ip.tx, core.ip.tx.packetizer.source
        transmitter.comb += If(transmitter.fsm.ongoing("DROP") & packet.valid & packet.last,
            transmitter.checksum.reset.eq(1)
        )

    def _between(self, module, source, sink, pipe_valid=True):
        """A buffer between two endpoints that statements of `module` have connected already."""
        buffer = stream.Buffer(source.description, pipe_valid=pipe_valid, pipe_ready=True)
        module.comb += [source.connect(buffer.sink), buffer.source.connect(sink)]
        return buffer

    def get_port(self, udp_port):
        """A port of the core's UDP crossbar, with the system's clock."""
        return self.core.udp.crossbar.get_port(udp_port, dw=8*WORD_BYTES)

    def _wrap(self, phy, slow):
        """The PHY as the MAC shall see it."""
        if not getattr(phy, "with_preamble_crc", True):
            return phy  # A model that has no preambles.
        source = phy.source
        if not slow:  # Bytes are in step with themselves.
            self.aligner = aligner = ClockDomainsRenamer("eth_rx")(PreambleAligner())
            self.comb += source.connect(aligner.sink)
            source = aligner.source
        self.gap   = gap = ClockDomainsRenamer("eth_tx")(FrameGap())
        self.comb += gap.source.connect(phy.sink)
        return SimpleNamespace(
            dw                      = phy.dw,
            source                  = source,
            sink                    = gap.sink,
            integrated_ifg_inserter = True,
        )
