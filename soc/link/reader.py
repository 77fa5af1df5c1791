"""DRAM to bytes: unpacks the words of a LiteDRAM native port into a byte stream."""

from litedram.frontend.dma import LiteDRAMDMAReader
from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import Array, If, Signal, log2_int

# Byte Reader --------------------------------------------------------------------------------------

class ByteReader(LiteXModule):
    """Reads `length` bytes from `address` on, both loaded by `start`, one a cycle.

    `source.last` marks the last byte. Start again only after it has been taken.
    """
    def __init__(self, port, max_length):
        self.start   = Signal()
        self.address = Signal(32)
        self.length  = Signal(max=max_length + 1)
        self.source  = source = stream.Endpoint([("data", 8)])

        # # #

        lanes     = port.data_width//8
        lane_bits = log2_int(lanes)

        # Reading ----------------------------------------------------------------------------------
        self.dma = dma = LiteDRAMDMAReader(port, fifo_depth=8)
        address = Signal(32)
        words   = Signal(max=max_length//lanes + 3)
        span    = Signal(max=max_length + 2*lanes)
        self.comb += [
            span.eq(self.address[:lane_bits] + self.length + lanes - 1),
            dma.sink.valid.eq(words != 0),
            dma.sink.address.eq(address[lane_bits:]),
        ]
        self.sync += If(self.start,
            address.eq(self.address),
            words.eq(span[lane_bits:])
        ).Elif(dma.sink.valid & dma.sink.ready,
            address.eq(address + lanes),
            words.eq(words - 1)
        )

        # Unpacking --------------------------------------------------------------------------------
        lane      = Signal(lane_bits)
        remaining = Signal.like(self.length)
        bytes_    = Array([dma.source.data[8*n:8*(n + 1)] for n in range(lanes)])
        self.comb += [
            source.valid.eq(dma.source.valid),
            source.last.eq(remaining == 1),
            source.data.eq(bytes_[lane]),
            dma.source.ready.eq(source.ready & ((lane == lanes - 1) | source.last)),
        ]
        self.sync += If(self.start,
            lane.eq(self.address),
            remaining.eq(self.length)
        ).Elif(source.valid & source.ready,
            lane.eq(lane + 1),
            remaining.eq(remaining - 1)
        )
