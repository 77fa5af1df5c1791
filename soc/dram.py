"""What every user of the DRAM controller has in front of it."""

from litedram.common import LiteDRAMNativePort
from litedram.frontend.wishbone import LiteDRAMWishbone2Native
from litex.gen import LiteXModule
from litex.soc.interconnect import stream, wishbone

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
