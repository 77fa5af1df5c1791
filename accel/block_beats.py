"""The rows of a walk over blocks of results, cut into beats."""

from litex.gen import *
from migen import *

from litelic.accel.config import BEAT_BYTES

# Block Beats --------------------------------------------------------------------------------------


class BlockBeats(LiteXModule):
    """Every beat of every row of `walker`, one a cycle, also if a row has only one.

    A row outside the feature map takes a cycle too. There are two steps, each with registers behind
    it: how far a row reaches, and the beat. So the walk, which goes back into itself, depends on no
    more than whether this beat is the row's last.

    Attributes
    ----------
    room      : go on to the next beat.
    valid     : there is a beat, which `room` takes, or a row without one.
    inside    : it is a beat, to be written.
    address   : in DRAM, in beats.
    offset    : in the lane's half of the output memory, in beats.
    lane      : whose half.
    low, high : the row's first byte in the beat, and the one behind its last.
    tile_end  : the tile ends with it.
    idle      : no row is left here.
    """

    def __init__(self, config, descriptor, walker, address_width):
        d = descriptor
        beat_bits = log2_int(BEAT_BYTES)
        offset_bits = log2_int(config.output_depth) - beat_bits
        self.room, self.valid, self.inside = Signal(), Signal(), Signal()
        self.address, self.offset = Signal(address_width), Signal(offset_bits)
        self.lane = Signal(8)
        self.low, self.high = Signal(beat_bits), Signal(beat_bits + 1)
        self.tile_end, self.idle = Signal(), Signal()

        # # #

        # Row --------------------------------------------------------------------------------------
        # From the beat on in which the row begins, the block has `own` bytes and the feature map,
        # if it goes on that far, `edge`.
        row_valid, row_take, take = Signal(), Signal(), Signal()
        visible, last_row = Signal(), Signal()
        own, edge, start = Signal(17), Signal((27, True)), Signal(beat_bits)
        address, offset, lane = Signal(address_width), Signal(offset_bits), Signal(8)
        self.comb += [
            row_take.eq(~row_valid | take),
            walker.advance.eq(row_take),
        ]
        self.sync += If(row_take,
            row_valid.eq(walker.valid),
            visible.eq((walker.y >= 0) & (walker.y < d.out_rows[:19])),
            start.eq(walker.x[:beat_bits]),
            own.eq(d.block_bytes[:16] + walker.x[:beat_bits]),
            edge.eq(d.out_row_bytes[:25] - (walker.x & ~(BEAT_BYTES - 1))),
            address.eq(walker.row_address[beat_bits:] + (walker.x >> beat_bits)),
            offset.eq(offset + d.output_pitch[beat_bits:]),
            If(walker.first_row, offset.eq(0)),
            lane.eq(walker.lane),
            last_row.eq(walker.last_row),
        )

        # Beat -------------------------------------------------------------------------------------
        # `rest`: bytes of the row from this beat on.
        first_beat, last_beat, tile_ends = Signal(), Signal(), Signal()
        first, rest, visible_bytes = Signal(beat_bits), Signal(17), Signal()
        self.comb += [
            take.eq(~self.valid | (self.room & last_beat)),
            visible_bytes.eq(visible & (edge > 0)),
            self.low.eq(Mux(first_beat, first, 0)),
            self.high.eq(Mux(rest < BEAT_BYTES, rest[:beat_bits], BEAT_BYTES)),
            self.tile_end.eq(last_beat & tile_ends),
            self.idle.eq(~row_valid & ~self.valid),
        ]
        self.sync += If(take,
            self.valid.eq(row_valid),
            self.inside.eq(visible_bytes),
            self.address.eq(address),
            self.offset.eq(offset),
            self.lane.eq(lane),
            first.eq(start),
            rest.eq(Mux(edge < own, edge, own)),
            first_beat.eq(1),
            last_beat.eq(~visible_bytes | (own <= BEAT_BYTES) | (edge <= BEAT_BYTES)),
            tile_ends.eq(last_row),
        ).Elif(self.room,
            self.address.eq(self.address + 1),
            self.offset.eq(self.offset + 1),
            rest.eq(rest - BEAT_BYTES),
            first_beat.eq(0),
            last_beat.eq(rest <= 2 * BEAT_BYTES),
        )
