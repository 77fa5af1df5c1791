"""What a simulated board is made of: the pins that the harness drives, and PHYs of bytes."""

from liteeth.common import eth_phy_description
from litex.build.generic_platform import Pins, Subsignal
from litex.build.io import CRG
from litex.build.sim import SimPlatform
from litex.gen import LiteXModule
from litex.soc.cores.uart import RS232PHY
from litex.soc.interconnect import stream
from migen import ClockDomain, If, Record, Signal

from litelic.soc.simulation.verilator import VerilatorToolchain

# IOs ----------------------------------------------------------------------------------------------

_io = [
    ("sys_clk", 0, Pins(1)),
    ("array_clk", 0, Pins(1)),
    ("link", 0,
        Subsignal("from_host_valid", Pins(1)),
        Subsignal("from_host_ready", Pins(1)),
        Subsignal("from_host_data",  Pins(8)),
        Subsignal("to_host_valid",   Pins(1)),
        Subsignal("to_host_ready",   Pins(1)),
        Subsignal("to_host_data",    Pins(8)),
        Subsignal("idle",            Pins(1)),
    ),
    ("ethernet", 0,
        Subsignal("clk",             Pins(1)),
        Subsignal("from_wire_valid", Pins(1)),
        Subsignal("from_wire_last",  Pins(1)),
        Subsignal("from_wire_data",  Pins(8)),
        Subsignal("to_wire_valid",   Pins(1)),
        Subsignal("to_wire_ready",   Pins(1)),
        Subsignal("to_wire_data",    Pins(8)),
        Subsignal("idle",            Pins(1)),
    ),
]

# Platform -----------------------------------------------------------------------------------------

class SimulationPlatform(SimPlatform):
    """SimPlatform with LiteLIC's own Verilator flow instead of litex_sim's."""
    def __init__(self):
        SimPlatform.__init__(self, "SIM", list(_io), name="sim")
        self.toolchain = VerilatorToolchain()

# Clocks -------------------------------------------------------------------------------------------

class SimulationCRG(LiteXModule):
    """The system clock, and the array's if it has one of its own."""
    def __init__(self, platform, own_array_clock):
        self.crg = CRG(platform.request("sys_clk"))
        if own_array_clock:
            self.cd_array = ClockDomain(reset_less=True)
            self.comb += self.cd_array.clk.eq(platform.request("array_clk"))

# Link PHY -----------------------------------------------------------------------------------------

class SimulationPHY(LiteXModule):
    """Bytes from and to the harness.

    Registered both ways: what the harness changes between clock edges reaches little logic.
    """
    def __init__(self, pads):
        self.source = stream.Endpoint([("data", 8)])
        self.sink   = stream.Endpoint([("data", 8)])
        self.empty  = Signal() # No byte is on its way in either direction.

        # # #

        self.input  = from_host = stream.Buffer([("data", 8)])
        self.output = to_host   = stream.Buffer([("data", 8)])
        self.comb += [
            from_host.sink.valid.eq(pads.from_host_valid),
            from_host.sink.data.eq(pads.from_host_data),
            pads.from_host_ready.eq(from_host.sink.ready),
            from_host.source.connect(self.source),

            self.sink.connect(to_host.sink),
            pads.to_host_valid.eq(to_host.source.valid),
            pads.to_host_data.eq(to_host.source.data),
            to_host.source.ready.eq(pads.to_host_ready),

            self.empty.eq(~from_host.source.valid & ~to_host.source.valid),
        ]

# UART ---------------------------------------------------------------------------------------------

class SimulationUART(LiteXModule):
    """The UART of a board with that of a host at the other end of its wires, which gets its bytes
    from `phy`, and gives them there."""
    def __init__(self, phy, sys_clk_freq, baudrate):
        board, host = Record([("tx", 1), ("rx", 1)]), Record([("tx", 1), ("rx", 1)])
        self.board = RS232PHY(board, sys_clk_freq, baudrate)
        self.host  = RS232PHY(host, sys_clk_freq, baudrate)
        self.source, self.sink = self.board.source, self.board.sink
        self.idle  = Signal()  # No byte is on a wire, or will be.

        # # #

        character = int(12*sys_clk_freq/baudrate)
        quiet     = Signal(max=character + 1)
        self.sync += If(~board.tx | ~host.tx | self.sink.valid | self.host.sink.valid,
            quiet.eq(0)
        ).Elif(~self.idle,
            quiet.eq(quiet + 1)
        )
        self.comb += [
            self.idle.eq(quiet == character),
            board.rx.eq(host.tx),
            host.rx.eq(board.tx),
            phy.source.connect(self.host.sink),
            self.host.source.connect(phy.sink),
        ]

# Ethernet PHY -------------------------------------------------------------------------------------

class SimulationEthernetPHY(LiteXModule):
    """Bytes of whole frames, with preamble and FCS, from and to a wire that the harness is.

    A byte goes each way in a cycle of the clock that the harness gives it.
    """
    dw = 8

    def __init__(self, pads):
        self.source = source = stream.Endpoint(eth_phy_description(8))
        self.sink   = sink   = stream.Endpoint(eth_phy_description(8))
        self.cd_eth_rx = ClockDomain(reset_less=True)
        self.cd_eth_tx = ClockDomain(reset_less=True)

        # # #

        self.comb += [
            self.cd_eth_rx.clk.eq(pads.clk),
            self.cd_eth_tx.clk.eq(pads.clk),
            pads.to_wire_valid.eq(sink.valid),
            pads.to_wire_data.eq(sink.data),
            sink.ready.eq(pads.to_wire_ready),
        ]
        self.sync.eth_rx += [
            source.valid.eq(pads.from_wire_valid),
            source.last.eq(pads.from_wire_last),
            source.data.eq(pads.from_wire_data),
        ]
