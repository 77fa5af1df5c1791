"""Load the operands of a tile, lane after lane, from a feature map in DRAM."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.config import BEAT_BYTES, GRANULE
from litelic.accel.descriptor import STORAGE_CODES
from litelic.accel.walk import Axis, TileWalker

# Helpers ------------------------------------------------------------------------------------------


def operand_of_byte(byte, storage):
    """The 9-bit operand of a stored byte (numerics, section 1)."""
    flipped = byte ^ Mux(storage == STORAGE_CODES["centred"], 0x80, 0)
    sign = flipped[7] & (storage != STORAGE_CODES["uint8"])
    return Cat(flipped, sign)


def operand_of_int16(value):
    """The 9-bit operand of a stored int16: saturation to -256..255."""
    high = value[8:16]
    fits = (high == 0) | (high == 0xFF)
    return Mux(fits, value[:9], Mux(value[15], 0x100, 0x0FF))


# Loader -------------------------------------------------------------------------------------------


class Loader(LiteXModule):
    """Fill the operand memories of all lanes, one half a tile.

    Rows keep the alignment that they have in DRAM, so that no byte is ever shifted here: a tile
    whose rows start at byte `p` of a beat has its first operand at `phase` (p, or p/2 for int16).
    What lies outside the feature map is written as 0, without reading the DRAM.

    Attributes
    ----------
    start   : walk all tiles of the descriptor.
    address : to a DRAM reader (beats).
    data    : from the DRAM reader.
    release : a half may be overwritten.
    tile    : one item a loaded tile: half, phase.
    write   : lanes (one bit a lane), address (granules of 8 operands), operands.
    """

    def __init__(self, config, descriptor, address_width):
        d = descriptor
        granules = 2 * config.input_depth // GRANULE
        self.start = Signal()
        self.done = Signal()
        self.address = stream.Endpoint([("address", address_width)])
        self.data = stream.Endpoint([("data", 8 * BEAT_BYTES)])
        self.release = Signal()
        self.write = Record(
            [("lanes", config.pixels), ("address", log2_int(granules)), ("operands", 9 * GRANULE)]
        )

        # # #

        # Walk -------------------------------------------------------------------------------------
        self.walker = walker = TileWalker(d.tiles, d.lanes, Axis(d, "in", d.strip_rows))
        int16 = Signal()
        self.comb += [walker.start.eq(self.start), int16.eq(d.in_storage == STORAGE_CODES["int16"])]

        halves = Signal(2, reset=2)  # free ones
        self.comb += walker.proceed.eq(walker.at_tile & (halves != 0))
        self.sync += halves.eq(halves - walker.proceed + self.release)

        # Requests ---------------------------------------------------------------------------------
        layout = [
            ("lane", 8), ("zero", 1), ("count", 5), ("begin", 1), ("end", 1), ("phase", 4),
        ]
        self.marks = marks = stream.SyncFIFO(layout, 128, buffered=True)
        self.requests = requests = stream.Buffer([("address", address_width)])
        self.comb += requests.source.connect(self.address)
        beat = Signal(12)
        position = Signal((26, True))
        inside, step, last_beat = Signal(), Signal(), Signal()
        rest = Signal((27, True))
        self.comb += [
            position.eq((walker.x & ~(BEAT_BYTES - 1)) + Cat(Constant(0, 4), beat, Constant(0, 1))),
            rest.eq(d.in_row_bytes[:26] - position),
            inside.eq(
                (walker.y >= 0) & (walker.y < d.in_rows[:19]) & (position >= 0) & (rest > 0)
            ),
            last_beat.eq(beat == (d.strip_beats[:12] - 1)),
            requests.sink.valid.eq(walker.valid & inside & marks.sink.ready),
            requests.sink.address.eq((walker.row_address + position) >> log2_int(BEAT_BYTES)),
            marks.sink.valid.eq(walker.valid & (~inside | requests.sink.ready)),
            marks.sink.lane.eq(walker.lane),
            marks.sink.zero.eq(~inside),
            marks.sink.count.eq(Mux(rest > BEAT_BYTES, BEAT_BYTES, rest[:5])),
            marks.sink.begin.eq(walker.first_row & (beat == 0)),
            marks.sink.end.eq(walker.last_row & last_beat),
            marks.sink.phase.eq(Mux(int16, walker.x[1:4], walker.x[:4])),
            step.eq(marks.sink.valid & marks.sink.ready),
            walker.advance.eq(step & last_beat),
        ]
        self.sync += If(step, beat.eq(beat + 1), If(last_beat, beat.eq(0)))

        # Write ------------------------------------------------------------------------------------
        # A beat of bytes takes two cycles, 8 operands each; a beat of int16 takes one.
        mark = marks.source
        second, half = Signal(), Signal()
        granule, place = Signal(log2_int(granules) - 1), Signal(log2_int(granules) - 1)
        ready, final = Signal(), Signal()
        self.tiles = tiles = stream.SyncFIFO([("half", 1), ("phase", 4)], 2)
        self.tile = tiles.source
        self.comb += [
            ready.eq(mark.valid & (mark.zero | self.data.valid)),
            final.eq(ready & (int16 | second)),
            mark.ready.eq(final),
            self.data.ready.eq(final & ~mark.zero),
            place.eq(Mux(mark.begin & ~second, 0, granule)),
            tiles.sink.valid.eq(final & mark.end),
            tiles.sink.half.eq(half),
            tiles.sink.phase.eq(mark.phase),
            self.done.eq(walker.done & ~mark.valid & (halves == 2)),
        ]
        data = self.data.data
        operands = []
        for i in range(GRANULE):
            byte = Mux(second, data[64 + 8 * i : 72 + 8 * i], data[8 * i : 8 * i + 8])
            within = Mux(int16, 2 * i, Cat(Constant(i, 3), second)) < mark.count
            operand = Mux(
                int16,
                operand_of_int16(data[16 * i : 16 * i + 16]),
                operand_of_byte(byte, d.in_storage),
            )
            operands.append(Mux(within & ~mark.zero, operand, 0))
        self.sync += [
            self.write.lanes.eq(0),
            self.write.address.eq(Cat(place, half)),
            self.write.operands.eq(Cat(*operands)),
            If(ready,
                self.write.lanes.eq(1 << mark.lane),
                granule.eq(place + 1),
                second.eq(~second & ~int16),
                If(final & mark.end, half.eq(~half)),
            ),
        ]

