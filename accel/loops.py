"""The loops of a segment: the words that the array works on, one after the other."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.segment_setup import COUNTS, LOOP_LAYOUT
from litelic.accel.weights import SLOTS

# `first` and `last` of the stream frame the words of a result.
FLAG_LAYOUT = [
    ("retire", 1),  # of the segment's last pixel
    ("release", 1),  # of the last segment that reads the tile's operands
    ("final", 1),  # of the tile's last segment
    ("gdn", 1),
]
PLACE_LAYOUT = [
    ("address", 16),  # of its operands
    ("half", 1),
    ("position", 16),  # where channel offset 0 of the result goes
    ("source", 16),  # normalisation: where the pixel's convolution result is
    ("slot", log2_int(SLOTS)),
]
WORD_LAYOUT = FLAG_LAYOUT + PLACE_LAYOUT

FIFO_DEPTH = 8

# Helpers ------------------------------------------------------------------------------------------


class Countdown:
    """A loop. That this round is the last one, or the one before, are registers."""

    def __init__(self, bits):
        self.start, self.left = Signal(bits), Signal(bits)
        self.single, self.double = Signal(), Signal()  # the loop has one round, or two
        self.end, self.near = Signal(), Signal()

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


class WordFifo(LiteXModule):
    """The words that wait to be issued; as many flip-flops follow `source.ready` as must.

    Whether a word is issued is known late in a cycle, and the next one must be there in the next
    cycle. Only its flags, which decide about that one, are in registers. Where it goes is read
    behind a registered pointer: that is early enough for what only goes on to other registers.

    Attributes
    ----------
    sink, source : words (`WORD_LAYOUT`); `source` is valid 2 cycles after `sink` at the earliest. A
                   word must be offered only while `sink.ready` is high: nothing waits here.
    level        : words in it, the one at `source` included.
    """

    def __init__(self):
        self.sink = sink = stream.Endpoint(WORD_LAYOUT)
        self.source = source = stream.Endpoint(WORD_LAYOUT)
        self.flags = flags = stream.SyncFIFO(FLAG_LAYOUT, FIFO_DEPTH, buffered=True)
        # At `source` there may be one word more than the other one holds.
        self.places = places = stream.SyncFIFO(PLACE_LAYOUT, 2 * FIFO_DEPTH)
        self.level = flags.level

        # # #

        place_names = {name for name, _ in PLACE_LAYOUT}
        self.comb += [
            sink.connect(flags.sink, omit=place_names),
            sink.connect(places.sink, keep={"valid", *place_names}),
            flags.source.connect(source),
            places.source.connect(source, keep=place_names),
            places.source.ready.eq(source.valid & source.ready),
        ]


# Loops --------------------------------------------------------------------------------------------


class Loops(LiteXModule):
    """Words of a kernel row, kernel rows, pixels of a line, lines of pixels: a segment.

    No cycle is lost between two segments. A step is a choice between registers and an addition,
    and whether it is made is known a cycle before: there is always room in the FIFO behind.

    Attributes
    ----------
    sink   : segments (`segment_setup.LOOP_LAYOUT`).
    source : their words (`WORD_LAYOUT`).
    idle   : no word is left.
    """

    def __init__(self, reduction):
        self.sink = sink = stream.Endpoint(LOOP_LAYOUT)
        self.fifo = fifo = WordFifo()
        self.source = fifo.source
        self.idle = Signal()

        # # #

        word = fifo.sink
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
            self.idle.eq(~run & (fifo.level == 0)),
            # What the next cycle does is decided in this one: these signals go far.
            then_run.eq(load | (run & ~segment)),
            then_step.eq(room & then_run),
        ]
        self.sync += [
            # Of what is under way, three words are not counted yet.
            room.eq(fifo.level < FIFO_DEPTH - 3),
            run.eq(then_run),
            step.eq(then_step),
            ending.eq(Mux(load, sink.single, goes_to_end)),
            load.eq(sink.valid & ~load & (~then_run | (room & goes_to_end))),
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
        address, source, position = (Signal(16) for _ in range(3))
        next_row, next_x, next_y, next_position = (Signal(16) for _ in range(4))
        row_pitch, step_x, step_y, result_x, result_y = (Signal(16) for _ in range(5))
        half, slot, gdn, final, release = (Signal(bits) for bits in (1, len(word.slot), 1, 1, 1))
        first = Signal()
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
