"""Store finished tiles to DRAM, lane after lane, row after row."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.block_beats import BlockBeats
from litelic.accel.config import BEAT_BYTES
from litelic.accel.copies import own
from litelic.accel.crossing import TokenCrossing
from litelic.accel.multipliers import GENERIC
from litelic.accel.walk import Axis, TileWalker

# Output Memory ------------------------------------------------------------------------------------


class OutputMemory(LiteXModule):
    """The finished tile of one pixel lane: written by the byte or the int16, read by the beat.

    Attributes
    ----------
    write_enable, write_address (bytes, the half in the top bit), write_value, wide (int16) : it is
    there two cycles later.
    read_address (beats) : `read_data` one cycle later.

    Written with the clock `cd_array`, read with the bus clock.
    """

    def __init__(self, config, cd_array="sys", technology=GENERIC):
        size = 2 * config.output_depth
        self.write_enable, self.wide = Signal(), Signal()
        self.write_address, self.write_value = Signal(max=size), Signal(16)
        self.read_address = Signal(max=size // BEAT_BYTES)
        self.read_data = Signal(8 * BEAT_BYTES)

        # # #

        memory = Memory(8 * BEAT_BYTES, size // BEAT_BYTES)
        write = memory.get_port(write_capable=True, we_granularity=8, clock_domain=cd_array)
        read = memory.get_port()
        self.specials += memory, write, read
        # What a block RAM is written with comes straight from registers.
        address = own(self, self.write_address[4:], technology, cd_array)
        value = Mux(self.wide, self.write_value, Replicate(self.write_value[:8], 2))
        pair = own(self, value, technology, cd_array)
        enables, bytes_ = Signal(BEAT_BYTES), Mux(self.wide, 0b11, 0b01)
        array_sync = getattr(self.sync, cd_array)
        array_sync += enables.eq(Mux(self.write_enable, bytes_ << self.write_address[:4], 0))
        self.comb += [
            write.adr.eq(address),
            write.dat_w.eq(Replicate(pair, BEAT_BYTES // 2)),
            write.we.eq(enables),
            read.adr.eq(self.read_address),
            self.read_data.eq(read.dat_r),
        ]


# Store --------------------------------------------------------------------------------------------


class Store(LiteXModule):
    """Write the output halves to DRAM in the order in which tiles were finished.

    Like the loader, it keeps the alignment of DRAM: the first byte of a row lies at its place in
    a beat, and byte enables leave what is around it alone. Rows and bytes outside the feature map
    are not written.

    Attributes
    ----------
    start, done  : all tiles of the descriptor.
    tile_end     : the last result of one more half is given to the output memory.
    free, taken  : a half may be filled; it is being filled.
    filling      : the half being filled.
    read_address : to the output memories; `read_data` (one a lane) one cycle later.
    sink of the writer : `write`.

    `tile_end`, `free`, `taken` and `filling` belong to the clock `cd_array`.
    """

    def __init__(self, config, descriptor, address_width, cd_array="sys"):
        d = descriptor
        depth = config.output_depth
        self.start, self.done = Signal(), Signal()
        self.tile_end = Signal()
        self.free, self.taken = Signal(), Signal()
        self.filling = Signal()
        self.read_address = Signal(max=2 * depth // BEAT_BYTES)
        self.read_data = [Signal(8 * BEAT_BYTES) for _ in range(config.pixels)]
        self.write = stream.Endpoint(
            [("address", address_width), ("data", 8 * BEAT_BYTES), ("we", BEAT_BYTES)]
        )

        # # #

        # Halves -----------------------------------------------------------------------------------
        array_sync = getattr(self.sync, cd_array)
        self.completed = completed = TokenCrossing(cd_array, "sys")
        self.emptied = emptied = TokenCrossing("sys", cd_array)
        free = Signal(2, reset=2)
        complete = Signal(2)  # halves that are complete and not begun
        reading, tile_ends, stored = Signal(), Signal(), Signal()
        self.walker = walker = TileWalker(d.tiles, d.lanes, Axis(d, "out", d.block_rows))
        ended = Signal()  # Told when the output memory, which takes a cycle longer, has it all.
        self.comb += [
            walker.start.eq(self.start),
            self.free.eq(free != 0),
            walker.proceed.eq(walker.at_tile & (complete != 0)),
            completed.give.eq(ended),
            emptied.give.eq(stored),
        ]
        self.sync += [
            complete.eq(complete + completed.taken - walker.proceed),
            stored.eq(tile_ends),
            If(tile_ends, reading.eq(~reading)),
        ]
        array_sync += [
            ended.eq(self.tile_end),
            free.eq(free - self.taken + emptied.taken),
            If(self.tile_end, self.filling.eq(~self.filling)),
        ]

        # Beats ------------------------------------------------------------------------------------
        # What the FIFO's level does not have yet are the beats in `read` and in `asked`, this
        # cycle's, and that of the next one, for which `room` is decided.
        self.fifo = fifo = stream.SyncFIFO(self.write.description, 16)
        self.beats = beats = BlockBeats(config, d, walker, address_width)
        self.comb += [
            fifo.source.connect(self.write),
            tile_ends.eq(beats.valid & beats.room & beats.tile_end),
            self.read_address.eq(Cat(beats.offset, reading)),
        ]
        self.sync += beats.room.eq(fifo.level < 12)

        # Write, one and two cycles after the read -------------------------------------------------
        layout = [("valid", 1), ("address", address_width), ("we", BEAT_BYTES), ("lane", 8)]
        asked, read = Record(layout), Record(layout)
        ones = (1 << BEAT_BYTES) - 1
        self.sync += [
            asked.valid.eq(beats.valid & beats.room & beats.inside),
            asked.address.eq(beats.address),
            asked.we.eq((ones << beats.low) & ~(ones << beats.high)),
            asked.lane.eq(beats.lane),
            read.raw_bits().eq(asked.raw_bits()),
        ]
        data = Signal(8 * BEAT_BYTES)
        self.sync += data.eq(Array(self.read_data)[asked.lane])
        self.comb += [
            fifo.sink.valid.eq(read.valid),
            fifo.sink.address.eq(read.address),
            fifo.sink.data.eq(data),
            fifo.sink.we.eq(read.we),
            self.done.eq(
                walker.done & beats.idle & ~asked.valid & ~read.valid & ~fifo.source.valid
            ),
        ]
