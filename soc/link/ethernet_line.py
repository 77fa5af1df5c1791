"""A UDP line behind a LiteEth PHY, with all that is between."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import UDP_PORT
from litelic.soc.link.ethernet_core import EthernetCore
from litelic.soc.link.udp_line import UDPLine

# Ethernet Line ------------------------------------------------------------------------------------

class EthernetLine(LiteXModule):
    """ARP, answers to ping, and a `UDPLine`.

    Parameters
    ----------
    phy : LiteEthPHY
        Of 8 bits, with the clock domains `eth_rx` and `eth_tx`, as fast as its `rx_clk_freq` says.
        The caller's submodule.

    sys_clk_freq : int or float
        Hz. A gigabit PHY needs at least 40 MHz: a word of four bytes a cycle, and some cycles
        around every frame.

    mac_address : int
        The board's; unique on the wire.

    ip_address : str or int
        The board's: "192.168.1.50".

    udp_port : int
        Where datagrams are received, and where they come from.

    Attributes
    ----------
    frames, words, lost, damaged, idle :
        As those of `UDPLine`. The last frame may still be in the core or in the PHY when it is
        `idle`.
    """
    def __init__(self, phy, sys_clk_freq, mac_address, ip_address, udp_port=UDP_PORT):
        if phy.dw != 8:
            raise LitelicError(f"the link needs a PHY of 8 bits, not of {phy.dw}: choose another")
        self.core = core = EthernetCore(phy, sys_clk_freq, mac_address, ip_address)
        self.line = line = UDPLine(udp_port)
        # End the long paths through the core's layers; `frame_end` allows for it.
        port = core.get_port(udp_port)
        self.buffer  = buffer = stream.Buffer(port.source.description)
        self.leaving = leaving = stream.Buffer(port.sink.description, pipe_ready=True)
        self.frames  = line.frames
        self.words   = line.words
        self.lost    = line.lost
        self.damaged = line.damaged
        self.idle    = line.idle

        # # #

        self.comb += [
            port.source.connect(buffer.sink),
            buffer.source.connect(line.sink),
            line.source.connect(leaving.sink),
            leaving.source.connect(port.sink),
            line.frame_end.eq(core.frame_end),
            line.fragment.eq(core.fragment),
        ]
