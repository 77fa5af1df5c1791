"""The loops of a segment: the words that the array works on, one after the other."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.segment_setup import COUNTS, LOOP_LAYOUT
from litelic.accel.words import FIFO_DEPTH, word_layout

# Helpers ------------------------------------------------------------------------------------------


class Countdown:
    """A loop. That this round is the last one, or the one before, are registers; none is reset,
    since a loop begins with `load`."""

    def __init__(self, bits):
        self.start, self.left = (Signal(bits, reset_less=True) for _ in range(2))
        # The loop has one round, or two; this one is the last, or the one before.
        self.single, self.double, self.end, self.near = (
            Signal(reset_less=True) for _ in range(4)
        )

    def load(self, start, single, double):
        """Statements that begin a loop of `start + 1` rounds."""
        return [
            self.start.eq(start), self.left.eq(start),
            self.single.eq(single), self.end.eq(single),
            self.double.eq(double), self.near.eq(double),
        ]

    def step(self):
        """Statements that go to the next round; after the last one comes the first."""
        return If(self.end,
            self.left.eq(self.start),
            self.end.eq(self.single),
            self.near.eq(self.double),
        ).Else(
            self.left.eq(self.left - 1),
            self.end.eq(self.near),
            self.near.eq(self.left == 2),
        )

    @property
    def then_end(self):
        """Whether the round after this one is the last."""
        return Mux(self.end, self.single, self.near)


class WeightPointer(LiteXModule):
    """Where in the weight ring a step's word is, and whether the next step's word has arrived.

    A segment's words lie one behind the other, and every pixel reads them again. Only its first
    pixel may have to wait for them. How many have arrived is worked out in two cycles, and the
    steps of these two count against them.

    Attributes
    ----------
    arrived : pointer behind the last word of the ring.
    step, last, retire : of the loops.
    begins  : the next step is a segment's first.
    value   : of this step's word.
    ready   : the next step may be made.
    scarce  : the ring is running short of words, and new ones are wanted.
    """

    def __init__(self, bits):
        self.arrived, self.value = Signal(bits), Signal(bits)
        self.step, self.last, self.retire, self.begins = (Signal() for _ in range(4))
        self.ready, self.scarce = Signal(), Signal()

        # # #

        first, following, distance = (Signal(bits) for _ in range(3))
        plenty, one, two, again, before = (Signal() for _ in range(5))
        self.comb += [
            following.eq(self.value + 1),
            self.ready.eq(
                plenty | Mux(self.step, two | (self.last & ~self.retire), one)
                | (again & ~self.begins)
            ),
            self.scarce.eq(~plenty & ~again),
        ]
        self.sync += [
            distance.eq(self.arrived - self.value),
            plenty.eq(distance[2:] != 0),
            before.eq(self.step),
            # So many words are there, this step's included; where there are plenty, in any case.
            one.eq(distance[:2] > (self.step + before)),
            two.eq(distance[:2] > (self.step + before + 1)),
            If(self.step,
                self.value.eq(following),
                If(self.last,
                    again.eq(~self.retire),
                    If(self.retire, first.eq(following)).Else(self.value.eq(first)),
                ),
            ),
        ]


# Loops --------------------------------------------------------------------------------------------


class Loops(LiteXModule):
    """Words of a kernel row, kernel rows, pixels of a line, lines of pixels: a segment.

    No cycle is lost between two segments. A step is a choice between registers and an addition,
    and whether it is made is known a cycle before: there is always room in the FIFO behind.

    Attributes
    ----------
    sink   : segments (`segment_setup.LOOP_LAYOUT`).
    source : their words (`words.word_layout`), as long as `level` leaves room.
    level  : words that wait behind `source`.
    weights: `WeightPointer`, of which `arrived` and `scarce` are used outside.
    idle   : no segment is under way.
    """

    def __init__(self, reduction, pointer_bits):
        self.sink = sink = stream.Endpoint(LOOP_LAYOUT)
        self.source = word = stream.Endpoint(word_layout(pointer_bits))
        self.level = Signal(max=FIFO_DEPTH + 1)
        self.weights = weights = WeightPointer(pointer_bits)
        self.idle = Signal()

        # # #

        loops = {name: Countdown(bits) for name, bits in COUNTS}
        words, rows, columns, lines = loops.values()
        run, load, step, room = Signal(), Signal(), Signal(), Signal()
        pixel, line, segment = Signal(), Signal(), Signal()  # this step ends one
        last, retire, ending = Signal(), Signal(), Signal()  # word of its pixel, pixel, both
        then_run, then_step, goes_to_end = Signal(), Signal(), Signal()
        self.comb += [
            word.valid.eq(step),
            word.last.eq(last),
            word.retire.eq(retire),
            sink.ready.eq(load),
            pixel.eq(step & last),
            line.eq(step & last & columns.end),
            segment.eq(step & ending),
            word.weights.eq(weights.value),
            weights.step.eq(step),
            weights.last.eq(last),
            weights.retire.eq(retire),
            weights.begins.eq(load),
            self.idle.eq(~run),
            # What the next cycle does is decided in this one: these signals go far.
            then_run.eq(load | (run & ~segment)),
            then_step.eq(room & weights.ready & then_run),
        ]
        self.sync += [
            # Of what is under way, three words are not counted yet.
            room.eq(self.level < FIFO_DEPTH - 3),
            run.eq(then_run),
            step.eq(then_step),
            ending.eq(Mux(load, sink.single, goes_to_end)),
            load.eq(sink.valid & ~load & (~then_run | (room & weights.ready & goes_to_end))),
        ]

        # Ends -------------------------------------------------------------------------------------
        # Of the innermost loops one goes on, or it starts again and the next one goes on.
        then_last, then_retire = Signal(), Signal()
        self.comb += [
            then_last.eq(Mux(words.end, words.single & rows.then_end, words.near & rows.end)),
            then_retire.eq(Mux(columns.end,
                columns.single & lines.then_end,
                columns.near & lines.end,
            )),
            goes_to_end.eq(Mux(step, then_last & Mux(last, then_retire, retire), ending)),
        ]
        self.sync += [
            If(step,
                words.step(),
                last.eq(then_last),
                If(words.end, rows.step()),
            ),
            If(pixel, columns.step(), retire.eq(then_retire)),
            If(line, lines.step()),
            If(load,
                last.eq(sink.words_single & sink.rows_single),
                retire.eq(sink.columns_single & sink.lines_single),
                *[
                    loop.load(*[
                        getattr(sink, f"{name}_{what}") for what in ("left", "single", "double")
                    ])
                    for name, loop in loops.items()
                ],
            ),
        ]

        # Addresses --------------------------------------------------------------------------------
        # A segment brings them all along, so nothing needs to be reset.
        (
            address, source, position, next_row, next_x, next_y, next_position,
            row_pitch, step_x, step_y, result_x, result_y,
        ) = (Signal(16, reset_less=True) for _ in range(12))
        half, slot, gdn, final, release, first = (
            Signal(bits, reset_less=True) for bits in (1, len(word.slot), 1, 1, 1, 1)
        )
        values = {
            "address": address, "position": position, "half": half, "slot": slot, "gdn": gdn,
            "final": final, "release": release,
        }
        self.comb += [
            *[getattr(word, name).eq(value) for name, value in values.items()],
            word.source.eq(source),
            word.first.eq(first),
        ]
        # The next pixel is beside this one or begins the next line.
        begin = Mux(columns.end, next_y, next_x)
        row_or_pixel = Mux(rows.end, begin, next_row)
        self.sync += [
            If(step,
                first.eq(last),
                address.eq(address + reduction),
                If(words.end,
                    address.eq(row_or_pixel),
                    next_row.eq(row_or_pixel + row_pitch),
                ),
            ),
            If(pixel,
                source.eq(begin),
                next_x.eq(begin + step_x),
                position.eq(Mux(columns.end, next_position, position + result_x)),
            ),
            If(line,
                next_y.eq(next_y + step_y),
                next_position.eq(next_position + result_y),
            ),
            If(load,
                first.eq(1),
                source.eq(sink.address),
                row_pitch.eq(sink.row_pitch), step_x.eq(sink.step_x), step_y.eq(sink.step_y),
                result_x.eq(sink.result_x), result_y.eq(sink.result_y),
                next_row.eq(sink.next_row), next_x.eq(sink.next_x), next_y.eq(sink.next_y),
                next_position.eq(sink.next_position),
                *[value.eq(getattr(sink, name)) for name, value in values.items()],
            ),
        ]
