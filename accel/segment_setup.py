"""Prepare the next segment while the array works on the present one."""

from functools import reduce
from operator import and_

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.descriptor import FLAG_GDN
from litelic.accel.resets import valid_only
from litelic.accel.weights import SEGMENT_LAYOUT, SLOTS

COUNTS = (("words", 16), ("rows", 8), ("columns", 16), ("lines", 16))

# What the loops of a segment start from. For each of them, `*_left` is the number of rounds less
# one, `*_single` and `*_double` say that it has one round or two (`single`: all have one); `next_*`
# is the address of the second kernel row, of the second pixel and of the second line of pixels.
LOOP_LAYOUT = [
    *[(f"{name}_left", bits) for name, bits in COUNTS],
    *[(f"{name}_{what}", 1) for name, _ in COUNTS for what in ("single", "double")],
    ("single", 1),
    ("row_pitch", 16), ("step_x", 16), ("step_y", 16), ("result_x", 16), ("result_y", 16),
    ("address", 16), ("next_row", 16), ("next_x", 16), ("next_y", 16),
    ("position", 16), ("next_position", 16),
    ("half", 1), ("slot", log2_int(SLOTS)), ("gdn", 1), ("final", 1), ("release", 1),
]

# Segment Setup ------------------------------------------------------------------------------------


class SegmentSetup(LiteXModule):
    """Work out what a segment's loops start from, in two cycles.

    Additions and choices that the loops would have to make in a single cycle are made here.

    Attributes
    ----------
    open    : the tile in work has segments to come.
    half, phase, output_phase : of this tile.
    segment : from the weight ring.
    loops   : one item a segment (`LOOP_LAYOUT`).
    final   : the tile's last segment was taken in the cycle before.
    idle    : nothing is being worked out.
    """

    def __init__(self, descriptor):
        d = descriptor
        self.open = Signal()
        self.half = Signal()
        self.phase, self.output_phase = Signal(4), Signal(4)
        self.segment = segment = stream.Endpoint(SEGMENT_LAYOUT)
        self.loops = loops = stream.Endpoint(LOOP_LAYOUT)
        self.final, self.idle = Signal(), Signal()

        # # #

        # 1: choose --------------------------------------------------------------------------------
        # Descriptors come from afar: nothing else is done with them here. `chosen` counts rounds,
        # `loops` those that are left after the first.
        chosen = stream.Endpoint(LOOP_LAYOUT)
        valid_only(chosen, loops)
        without_gdn = (d.flags & FLAG_GDN) == 0
        pixels = Signal(32)
        self.comb += [
            segment.ready.eq(self.open & ~chosen.valid),
            pixels.eq(Mux(segment.gdn, d.norm_pixels, d.pixels)),
        ]
        self.sync += [
            self.final.eq(segment.valid & segment.ready & segment.final),
            If(segment.valid & segment.ready, chosen.valid.eq(1)),
            # Whether there is a segment is known late, and it does not matter before `valid` is up.
            If(~chosen.valid,
                chosen.words_left.eq(segment.words),
                chosen.rows_left.eq(segment.rows),
                chosen.columns_left.eq(pixels[:16]),
                chosen.lines_left.eq(pixels[16:]),
                chosen.half.eq(self.half),
                chosen.slot.eq(segment.slot),
                chosen.gdn.eq(segment.gdn),
                chosen.final.eq(segment.final),
                chosen.release.eq(segment.release),
                If(segment.gdn,
                    chosen.row_pitch.eq(0),
                    chosen.step_x.eq(d.norm_step),
                    chosen.step_y.eq(d.result_pitch),
                    chosen.result_x.eq(d.output_step),
                    chosen.result_y.eq(d.output_pitch),
                    chosen.address.eq(0),
                ).Else(
                    chosen.row_pitch.eq(d.strip_pitch),
                    chosen.step_x.eq(d.step_x),
                    chosen.step_y.eq(d.step_y),
                    chosen.result_x.eq(d.result_step_x),
                    chosen.result_y.eq(d.result_step_y),
                    chosen.address.eq(segment.start + self.phase),
                ),
                chosen.position.eq(Mux(segment.gdn | without_gdn, self.output_phase, 0)),
            ),
            If(chosen.valid & chosen.ready, chosen.valid.eq(0)),
        ]

        # 2: add -----------------------------------------------------------------------------------
        self.comb += [
            chosen.ready.eq(~loops.valid | loops.ready),
            self.idle.eq(~chosen.valid & ~loops.valid),
        ]
        rounds = {name: getattr(chosen, f"{name}_left") for name, _ in COUNTS}
        sums = {
            "next_row": chosen.address + chosen.row_pitch,
            "next_x": chosen.address + chosen.step_x,
            "next_y": chosen.address + chosen.step_y,
            "next_position": chosen.position + chosen.result_y,
            **{f"{name}_left": count - 1 for name, count in rounds.items()},
            **{f"{name}_single": count == 1 for name, count in rounds.items()},
            **{f"{name}_double": count == 2 for name, count in rounds.items()},
            "single": reduce(and_, [count == 1 for count in rounds.values()]),
        }
        self.sync += [
            If(chosen.ready,
                loops.valid.eq(chosen.valid),
                *[
                    getattr(loops, name).eq(sums.get(name, getattr(chosen, name)))
                    for name, *_ in LOOP_LAYOUT
                ],
            ),
        ]
