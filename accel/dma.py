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

    Beats that follow each other into the same word of the port become one write. A word waits
    `patience` cycles for more of its beats, then it leaves.

    Attributes
    ----------
    sink : address (beats), data, we (one bit a byte).
    idle : as of `MaskedWriter`.
    """

    def __init__(self, port, patience=8):
        ratio = port.data_width // (8 * BEAT_BYTES)
        place_bits = log2_int(ratio)
        self.sink = sink = stream.Endpoint([
            ("address", port.address_width + place_bits),
            ("data", 8 * BEAT_BYTES), ("we", BEAT_BYTES),
        ])
        self.idle = Signal()
        self.writer = writer = MaskedWriter(port)

        # # #

        if ratio == 1:
            self.comb += [sink.connect(writer.sink), self.idle.eq(writer.idle)]
            return

        held, address, wait = Signal(), Signal(port.address_width), Signal(max=patience + 1)
        here, joins, overdue, leaves = Signal(ratio), Signal(), Signal(), Signal()
        self.comb += [
            here.eq(1 << sink.address[:place_bits]),
            overdue.eq(wait == patience),
            joins.eq((sink.address[place_bits:] == address) & ~overdue),
            writer.sink.valid.eq(held & (overdue | (sink.valid & ~joins))),
            writer.sink.address.eq(address),
            leaves.eq(writer.sink.valid & writer.sink.ready),
            sink.ready.eq(~held | leaves | joins),
            self.idle.eq(writer.idle & ~held & ~sink.valid),
        ]
        self.sync += [
            If(leaves, held.eq(0)),
            If(held & ~overdue, wait.eq(wait + 1)),
            If(sink.valid & sink.ready,
                held.eq(1),
                wait.eq(0),
                address.eq(sink.address[place_bits:]),
            ),
        ]
        for n in range(ratio):
            data, we = Signal(8 * BEAT_BYTES), Signal(BEAT_BYTES)
            merged = [Signal(8) for _ in range(BEAT_BYTES)]
            for i, byte in enumerate(merged):
                span = slice(8 * i, 8 * i + 8)
                self.comb += byte.eq(Mux(sink.we[i], sink.data[span], data[span]))
            self.comb += [
                writer.sink.data[8 * BEAT_BYTES * n : 8 * BEAT_BYTES * (n + 1)].eq(data),
                writer.sink.we[BEAT_BYTES * n : BEAT_BYTES * (n + 1)].eq(we),
            ]
            self.sync += [
                If(leaves, we.eq(0)),
                If(sink.valid & sink.ready & here[n],
                    data.eq(Cat(*merged)),
                    we.eq(Mux(leaves, 0, we) | sink.we),
                ),
            ]
