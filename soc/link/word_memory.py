"""Words to and from DRAM, by the wider words of a LiteDRAM native port."""

from litedram.frontend.dma import LiteDRAMDMAReader
from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import Array, If, Signal, log2_int

from litelic.accel.dma import MaskedWriter
from litelic.soc.link.frames import WORD_BYTES

# Word Writer --------------------------------------------------------------------------------------

class WordWriter(LiteXModule):
    """Writes the words of `sink` to consecutive addresses, one a cycle.

    Bytes that no word reaches stay as they are, so a run may begin and end at any word of the
    port, and its last word may be of less than four bytes.

    Attributes
    ----------
    start, address : Signal, in
        Load the first word's address, in bytes, a multiple of 4; before its first word comes.

    sink : Endpoint([("data", 32), ("we", 4)])
        Words; `last` sends the last one of the port's off.

    idle : Signal
        Every word has reached the controller, in the order in which later reads will see it.
    """
    def __init__(self, port):
        self.start   = Signal()
        self.address = Signal(32)
        self.sink    = sink = stream.Endpoint([("data", 8*WORD_BYTES), ("we", WORD_BYTES)])
        self.idle    = Signal()

        # # #

        lanes     = port.data_width//(8*WORD_BYTES)
        word_bits = log2_int(WORD_BYTES)
        lane_bits = log2_int(lanes)

        # Packing ----------------------------------------------------------------------------------
        layout  = [
            ("address", port.address_width), ("data", port.data_width),
            ("we", port.data_width//8),
        ]
        address = Signal(32)
        full    = Signal()
        self.words = words = stream.Buffer(layout)
        lane    = address[word_bits:word_bits + lane_bits]
        self.comb += [
            full.eq((lane == lanes - 1) | sink.last),
            sink.ready.eq(~full | words.sink.ready),
            words.sink.valid.eq(sink.valid & full),
            words.sink.address.eq(address[word_bits + lane_bits:]),
        ]
        for n in range(lanes):
            data, we = Signal(8*WORD_BYTES), Signal(WORD_BYTES)
            here     = Signal()
            bits     = slice(8*WORD_BYTES*n, 8*WORD_BYTES*(n + 1))
            bytes_   = slice(WORD_BYTES*n, WORD_BYTES*(n + 1))
            self.comb += [
                here.eq(lane == n),
                words.sink.data[bits].eq(data),
                words.sink.we[bytes_].eq(we),
                If(here,
                    words.sink.data[bits].eq(sink.data),
                    words.sink.we[bytes_].eq(sink.we)
                )
            ]
            self.sync += If(sink.valid & sink.ready,
                If(here, data.eq(sink.data), we.eq(sink.we)),
                If(full, we.eq(0))
            )
        self.sync += [
            If(sink.valid & sink.ready, address.eq(address + WORD_BYTES)),
            If(self.start, address.eq(self.address)),
        ]

        # Writing ----------------------------------------------------------------------------------
        self.writer = writer = MaskedWriter(port, fifo_depth=4)
        self.comb += [
            words.source.connect(writer.sink),
            self.idle.eq(writer.idle & ~words.source.valid),
        ]

# Word Reader --------------------------------------------------------------------------------------

class WordReader(LiteXModule):
    """Reads consecutive words, one a cycle.

    Attributes
    ----------
    start, address, count : Signal, in
        Begin: the first word's address, in bytes, a multiple of 4; how many words, at least one.
        Only after the last word of the run before has been taken.

    source : Endpoint([("data", 32)])
        Words; `last` marks the last one.
    """
    def __init__(self, port, max_count):
        self.start   = Signal()
        self.address = Signal(32)
        self.count   = Signal(max=max_count + 1)
        self.source  = source = stream.Endpoint([("data", 8*WORD_BYTES)])

        # # #

        lanes     = port.data_width//(8*WORD_BYTES)
        word_bits = log2_int(WORD_BYTES)
        lane_bits = log2_int(lanes)
        first     = self.address[word_bits:word_bits + lane_bits]

        # Reading ----------------------------------------------------------------------------------
        self.dma = dma = LiteDRAMDMAReader(port, fifo_depth=16)
        address = Signal(port.address_width)
        left    = Signal(max=max_count//lanes + 3)  # Words of the port to ask for.
        span    = Signal(max=max_count + 2*lanes)
        self.comb += [
            span.eq(first + self.count + lanes - 1),
            dma.sink.valid.eq(left != 0),
            dma.sink.address.eq(address),
        ]
        self.sync += If(self.start,
            address.eq(self.address[word_bits + lane_bits:]),
            left.eq(span[lane_bits:])
        ).Elif(dma.sink.valid & dma.sink.ready,
            address.eq(address + 1),
            left.eq(left - 1)
        )

        # Unpacking --------------------------------------------------------------------------------
        lane      = Signal(lane_bits)
        remaining = Signal.like(self.count)
        words     = Array([
            dma.source.data[8*WORD_BYTES*n:8*WORD_BYTES*(n + 1)] for n in range(lanes)
        ])
        self.comb += [
            source.valid.eq(dma.source.valid),
            source.last.eq(remaining == 1),
            source.data.eq(words[lane]),
            dma.source.ready.eq(source.ready & ((lane == lanes - 1) | source.last)),
        ]
        self.sync += If(self.start,
            lane.eq(first),
            remaining.eq(self.count)
        ).Elif(source.valid & source.ready,
            lane.eq(lane + 1),
            remaining.eq(remaining - 1)
        )
