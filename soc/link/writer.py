"""Bytes to DRAM: packs a byte stream into masked words of a LiteDRAM native port."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import Case, If, Signal, log2_int

from litelic.accel.dma import MaskedWriter

# Byte Writer --------------------------------------------------------------------------------------

class ByteWriter(LiteXModule):
    """Writes the bytes of `sink` to consecutive addresses, one a cycle.

    `start` loads the first byte's address. Bytes of a word that the stream does not reach are
    masked, so any address and any length will do. `sink.last` sends the last, partial word off;
    `abort` forgets it. `idle` says that every word has reached the controller, in the order in
    which later reads will see it.
    """
    def __init__(self, port):
        self.start   = Signal()
        self.abort   = Signal()
        self.address = Signal(32)
        self.sink    = sink = stream.Endpoint([("data", 8)])
        self.idle    = Signal()

        # # #

        lanes     = port.data_width//8
        lane_bits = log2_int(lanes)

        # Packing ----------------------------------------------------------------------------------
        layout  = [("address", port.address_width), ("data", 8*lanes), ("we", lanes)]
        address = Signal(32)
        data    = [Signal(8) for _ in range(lanes)]
        mask    = Signal(lanes)
        lane    = Signal(lanes)
        full    = Signal()
        self.words = words = stream.Buffer(layout)

        self.comb += [
            Case(address[:lane_bits], {n: lane.eq(1 << n) for n in range(lanes)}),
            full.eq(lane[-1] | sink.last),
            sink.ready.eq(~full | words.sink.ready),
            words.sink.valid.eq(sink.valid & full),
            words.sink.address.eq(address[lane_bits:]),
            words.sink.we.eq(mask | lane),
        ]
        for n in range(lanes):
            self.comb += If(lane[n],
                words.sink.data[8*n:8*(n + 1)].eq(sink.data)
            ).Else(
                words.sink.data[8*n:8*(n + 1)].eq(data[n])
            )
            self.sync += If(lane[n], data[n].eq(sink.data))
        self.sync += [
            If(sink.valid & sink.ready,
                address.eq(address + 1),
                mask.eq(mask | lane),
                If(full, mask.eq(0))
            ),
            If(self.abort, mask.eq(0)),
            If(self.start, address.eq(self.address)),
        ]

        # Writing ----------------------------------------------------------------------------------
        self.writer = writer = MaskedWriter(port, fifo_depth=4)
        self.comb += [
            words.source.connect(writer.sink),
            self.idle.eq(writer.idle & (mask == 0)),
        ]
