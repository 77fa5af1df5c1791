"""DRAM access of the accelerator: LiteDRAM's own reader, and a writer with byte enables."""

from litedram.frontend.dma import LiteDRAMDMAReader
from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.config import BEAT_BYTES

__all__ = ["BeatWriter", "LiteDRAMDMAReader", "MaskedWriter"]

# Masked Writer ------------------------------------------------------------------------------------


class MaskedWriter(LiteXModule):
    """Write single bytes or whole words to a LiteDRAM native port.

    LiteDRAM's own writer always writes whole words; the edges of a feature map need less.

    Attributes
    ----------
    sink : address (words of the port), data, we (one bit a byte).
    idle : every accepted word has reached the memory controller, so that a read issued from now
           on, on any port, sees it.
    """

    def __init__(self, port, fifo_depth=32):
        layout = [("data", port.data_width), ("we", port.data_width // 8)]
        self.sink = sink = stream.Endpoint([("address", port.address_width), *layout])
        self.idle = Signal()

        # # #

        # The controller takes the data a fixed time after the command and cannot wait for it:
        # a command leaves only when its data enter the FIFO.
        self.fifo = fifo = stream.SyncFIFO(layout, fifo_depth)
        pending = Signal(max=fifo_depth + 2)
        taken = Signal()
        self.comb += [
            port.cmd.we.eq(1),
            port.cmd.addr.eq(sink.address),
            port.cmd.valid.eq(sink.valid & fifo.sink.ready),
            sink.ready.eq(port.cmd.ready & fifo.sink.ready),
            fifo.sink.valid.eq(sink.valid & port.cmd.ready),
            fifo.sink.data.eq(sink.data),
            fifo.sink.we.eq(sink.we),
            port.wdata.valid.eq(fifo.source.valid),
            port.wdata.data.eq(fifo.source.data),
            # After a reset the controller still takes data for commands from before: none.
            If(fifo.source.valid, port.wdata.we.eq(fifo.source.we)),
            fifo.source.ready.eq(port.wdata.ready),
            taken.eq(fifo.source.valid & fifo.source.ready),
            self.idle.eq((pending == 0) & ~sink.valid),
        ]
        self.sync += pending.eq(pending + (sink.valid & sink.ready) - taken)


# Beat Writer --------------------------------------------------------------------------------------


class BeatWriter(LiteXModule):
    """Write beats of 16 bytes to a port that may be wider.

    Attributes
    ----------
    sink : address (beats), data, we (one bit a byte).
    idle : as of `MaskedWriter`.
    """

    def __init__(self, port):
        ratio = port.data_width // (8 * BEAT_BYTES)
        place_bits = log2_int(ratio)
        self.sink = sink = stream.Endpoint([
            ("address", port.address_width + place_bits),
            ("data", 8 * BEAT_BYTES), ("we", BEAT_BYTES),
        ])
        self.writer = writer = MaskedWriter(port)
        self.idle = writer.idle

        # # #

        places = [sink.address[:place_bits] == n for n in range(ratio)] if ratio > 1 else [1]
        self.comb += [
            writer.sink.valid.eq(sink.valid),
            sink.ready.eq(writer.sink.ready),
            writer.sink.address.eq(sink.address[place_bits:]),
            writer.sink.data.eq(Replicate(sink.data, ratio)),
            writer.sink.we.eq(Cat(*[Mux(here, sink.we, 0) for here in places])),
        ]
