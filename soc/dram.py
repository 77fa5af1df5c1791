"""Around the DRAM controller: registers towards its users and an SDR memory, and wider ports."""

import copy

from litedram.common import LiteDRAMNativePort
from litedram.frontend.wishbone import LiteDRAMWishbone2Native
from litedram.phy import dfi
from litex.gen import LiteXModule
from litex.soc.interconnect import stream, wishbone
from migen import If, Signal, log2_int
from migen.genlib.record import DIR_M_TO_S

# Port Buffer --------------------------------------------------------------------------------------

class PortBuffer(LiteXModule):
    """Registers between a user's commands and the controller, both ways.

    Whether a command is taken depends on the others' and on the state of its bank, and what a user
    does depends on whether it is: without the registers, the longest paths of the system's clock
    go through the arbiter from unit to unit. Data need none: the controller takes and gives them a
    fixed time after the command, which is only ever later for the buffer.

    Attributes
    ----------
    port : LiteDRAMNativePort
        For the user, like the controller's.
    """
    def __init__(self, port):
        self.port   = user   = LiteDRAMNativePort(port.mode, port.address_width, port.data_width,
            port.clock_domain)
        self.buffer = buffer = stream.Buffer(port.cmd.description, pipe_ready=True)
        self.comb += [
            user.cmd.connect(buffer.sink),
            buffer.source.connect(port.cmd),
            user.wdata.connect(port.wdata),
            port.rdata.connect(user.rdata),
        ]

# Wide Port ----------------------------------------------------------------------------------------

class WidePort(LiteXModule):
    """A port whose words are several of the controller's, for a memory that is narrow.

    LiteDRAM's own converter rests a cycle between two words, a fifth of what a narrow memory gives.

    Attributes
    ----------
    port : LiteDRAMNativePort
        For the user, of `data_width` bits.
    """
    def __init__(self, port, data_width):
        ratio     = data_width//port.data_width
        bits      = log2_int(ratio)
        self.port = user = LiteDRAMNativePort(port.mode, port.address_width - bits, data_width)

        # # #

        # Commands ---------------------------------------------------------------------------------
        count      = Signal(bits)
        self.comb += [
            port.cmd.valid.eq(user.cmd.valid),
            port.cmd.we.eq(user.cmd.we),
            port.cmd.addr[:bits].eq(count),
            port.cmd.addr[bits:].eq(user.cmd.addr),
            user.cmd.ready.eq(port.cmd.ready & (count == ratio - 1)),
        ]
        self.sync += If(port.cmd.valid & port.cmd.ready, count.eq(count + 1))

        # Data -------------------------------------------------------------------------------------
        if port.mode == "write":
            near, far = user.wdata, port.wdata
        else:
            near, far = port.rdata, user.rdata
        self.converter = stream.StrideConverter(near.description, far.description)
        self.comb += [
            near.connect(self.converter.sink),
            self.converter.source.connect(far),
        ]
        if port.mode == "write":
            # A user that was reset has no data for commands from before, and masks none. The
            # controller takes them all the same, and what it takes must be counted.
            self.comb += self.converter.sink.valid.eq(1)

# CPU Port -----------------------------------------------------------------------------------------

class CPUPort(LiteXModule):
    """The CPU's way into the DRAM, which is rare and need not be fast: no cache.

    Attributes
    ----------
    bus : wishbone.Interface
        Of `data_width` bits.
    """
    def __init__(self, port, data_width, base_address):
        self.bus       = wishbone.Interface(data_width, address_width=32, addressing="word")
        memory         = wishbone.Interface(port.data_width, address_width=32, addressing="word")
        self.buffer    = PortBuffer(port)
        self.converter = wishbone.Converter(self.bus, memory)
        self.bridge    = LiteDRAMWishbone2Native(memory, self.buffer.port, base_address)

# DFI Buffer ---------------------------------------------------------------------------------------

class DFIBuffer(LiteXModule):
    """Registers between the controller and an SDR memory's PHY, which has none but at the pins.

    What is written comes from a FIFO, through a width converter and the choice between all users,
    the pins are all along one side of the FPGA, and they may have twice the controller's clock.
    Everything is a cycle later in either direction.

    Attributes
    ----------
    dfi, settings : as a PHY's.
    """
    def __init__(self, phy):
        self.settings = settings = copy.copy(phy.settings)
        settings.read_latency = phy.settings.read_latency + 2
        p0            = phy.dfi.p0
        self.dfi      = dfi.Interface(len(p0.address), len(p0.bank), settings.nranks,
            len(p0.wrdata), settings.nphases)
        self.phy      = phy

        # # #

        for near, far in zip(self.dfi.phases, phy.dfi.phases):
            for name, _, direction in near.layout:
                source, sink = getattr(near, name), getattr(far, name)
                if direction != DIR_M_TO_S:
                    source, sink = sink, source
                # Nothing to the memory before the first command, as from the controller.
                register   = Signal(len(source), reset=source.reset.value)
                self.sync += register.eq(source)
                self.comb += sink.eq(register)
