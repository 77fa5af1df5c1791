"""The link's bytes in UDP datagrams (`docs/protocol.md`), between a LiteEth PHY and the link."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import MAX_DATAGRAM, UDP_PORT
from litelic.soc.link.datagram import DatagramReceiver, DatagramTransmitter
from litelic.soc.link.ethernet_core import EthernetCore

# All that a host keeps on its way (`DATAGRAM_WINDOW` requests in host/link/transport.py) fits in
# here and in the link's own FIFO: as long as one host talks, no datagram is dropped, however slow
# the board is.
RECEIVE_BYTES  = 8192
TRANSMIT_BYTES = 4096   # two datagrams and more

FLUSH_CYCLES = 512      # without a byte, after which a datagram leaves

# Ethernet Link ------------------------------------------------------------------------------------

class EthernetLink(LiteXModule):
    """A byte stream each way over UDP, with ARP and answers to ping.

    Bytes go to whom the last datagram came from; before there was one, to everybody on the wire.
    Nothing that arrives is ever kept waiting: what finds no room is lost, by whole datagrams.

    Parameters
    ----------
    phy : LiteEthPHY
        Of 8 bits, with the clock domains `eth_rx` and `eth_tx`. The caller's submodule.

    sys_clk_freq : int or float
        Hz. A gigabit PHY needs at least 40 MHz: a word of four bytes a cycle, and some cycles
        around every frame.

    mac_address : int
        The board's; unique on the wire.

    ip_address : str or int
        The board's: "192.168.1.50".

    udp_port : int
        Where datagrams are received, and where they come from.

    max_datagram : int
        Bytes of payload. Longer ones are ignored, and none is sent.

    flush_cycles : int
        Cycles of the system clock without a byte, after which a datagram leaves.

    receive_bytes, transmit_bytes : int
        Sizes of the buffers, powers of two, at least two datagrams each.

    Attributes
    ----------
    source, sink : Endpoint([("data", 8)])
        Bytes from and to the network.

    idle : Signal
        No byte is between the IP core and `source` or `sink`. The last frame may still be in the
        core or in the PHY.

    A parameter that does not fit raises a `LitelicError` that says so.
    """
    def __init__(self, phy, sys_clk_freq, mac_address, ip_address,
        udp_port=UDP_PORT, max_datagram=MAX_DATAGRAM, flush_cycles=FLUSH_CYCLES,
        receive_bytes=RECEIVE_BYTES, transmit_bytes=TRANSMIT_BYTES):
        self._check(phy, max_datagram, receive_bytes, transmit_bytes)

        # Core -------------------------------------------------------------------------------------
        self.core = core = EthernetCore(phy, sys_clk_freq, mac_address, ip_address)
        port = core.get_port(udp_port)

        # Receiver ---------------------------------------------------------------------------------
        # A buffer ends the long paths through the core's layers; `frame_end` allows for it.
        self.receiver = receiver = DatagramReceiver(udp_port, max_datagram, receive_bytes)
        self.buffer   = buffer   = stream.Buffer(port.source.description)
        self.comb += [
            port.source.connect(buffer.sink),
            buffer.source.connect(receiver.sink),
            receiver.fragment.eq(core.fragment),
            receiver.frame_end.eq(core.frame_end),
            receiver.frame_good.eq(core.frame_good),
        ]

        # Transmitter ------------------------------------------------------------------------------
        self.transmitter = transmitter = DatagramTransmitter(
            udp_port, max_datagram, flush_cycles, transmit_bytes)
        self.comb += [
            transmitter.ip_address.eq(receiver.ip_address),
            transmitter.port.eq(receiver.port),
            transmitter.source.connect(port.sink),
        ]

        # Bytes ------------------------------------------------------------------------------------
        self.source = receiver.source
        self.sink   = transmitter.sink
        self.idle   = receiver.idle & transmitter.idle

    @staticmethod
    def _check(phy, max_datagram, receive_bytes, transmit_bytes):
        if phy.dw != 8:
            raise LitelicError(f"the link needs a PHY of 8 bits, not of {phy.dw}: choose another")
        for name, size in (("receive_bytes", receive_bytes), ("transmit_bytes", transmit_bytes)):
            if size < 2*max_datagram or size & (size - 1):
                raise LitelicError(f"{name}={size} must be a power of two and hold two datagrams "
                    f"of {max_datagram} bytes")
