"""Walk tiles, segments, pixels and words: what the array does in every cycle."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.segment_setup import SegmentSetup
from litelic.accel.weights import SEGMENT_LAYOUT, SLOTS

RESULT_LAYOUT = [
    ("position", 16),  # where channel offset 0 of this pixel goes
    ("source", 16),  # normalisation: where its convolution result is
    ("slot", log2_int(SLOTS)),
    ("gdn", 1),
    ("segment_end", 1),  # last pixel of a segment
    ("tile_end", 1),  # last result of a tile
]

# Helpers ------------------------------------------------------------------------------------------


class Countdown:
    """A loop: `end` is up in its last round, and known a cycle ahead like everything else here."""

    def __init__(self, bits):
        self.start, self.left = Signal(bits), Signal(bits)
        self.single = Signal()  # `start` is 0
        self.end = Signal()

    def load(self, start):
        """Statements that begin a loop of `start + 1` rounds."""
        return [
            self.start.eq(start), self.left.eq(start),
            self.single.eq(start == 0), self.end.eq(start == 0),
        ]

    def step(self):
        """Statements that go to the next round; after the last one comes the first."""
        return If(self.end,
            self.left.eq(self.start),
            self.end.eq(self.single),
        ).Else(
            self.left.eq(self.left - 1),
            self.end.eq(self.left == 1),
        )


# Loops --------------------------------------------------------------------------------------------


class Loops(LiteXModule):
    """Words of a kernel row, kernel rows, pixels of a line, lines of pixels: a segment.

    All that a cycle needs is in registers, sums included, so that a step is a choice and an
    addition.

    Attributes
    ----------
    load, loops : begin a segment, with the values of `segment_setup.LOOP_LAYOUT`.
    step        : go to the next word.
    address     : of this word's operands.
    first, last : the word is the first, the last of its pixel.
    retire      : the pixel is the last one.
    position, source, slot, gdn, final, release : of the pixel and the segment.
    """

    def __init__(self, reduction, loops):
        self.load, self.step = load, step = Signal(), Signal()
        self.address, self.source, self.position = (Signal(16) for _ in range(3))
        self.first, self.last, self.retire = Signal(), Signal(), Signal()
        self.slot, self.gdn = Signal(log2_int(SLOTS)), Signal()
        self.final, self.release = Signal(), Signal()

        # # #

        words, rows, columns, lines = (Countdown(bits) for bits in (16, 8, 16, 16))
        row_pitch, step_x, step_y, result_x, result_y = (Signal(16) for _ in range(5))
        next_row, next_x, next_y, next_position = (Signal(16) for _ in range(4))
        pixel, line = Signal(), Signal()  # this step ends a pixel, a line
        self.comb += [
            self.last.eq(words.end & rows.end),
            self.retire.eq(columns.end & lines.end),
            pixel.eq(step & self.last),
            line.eq(pixel & columns.end),
        ]
        # The next pixel is beside this one or begins the next line.
        begin = Mux(columns.end, next_y, next_x)
        self.sync += [
            If(step,
                words.step(),
                self.first.eq(self.last),
                self.address.eq(self.address + reduction),
                If(words.end,
                    rows.step(),
                    self.address.eq(Mux(rows.end, begin, next_row)),
                    next_row.eq(Mux(rows.end, begin, next_row) + row_pitch),
                ),
            ),
            If(pixel,
                columns.step(),
                self.source.eq(begin),
                next_x.eq(begin + step_x),
                self.position.eq(Mux(columns.end, next_position, self.position + result_x)),
            ),
            If(line,
                lines.step(),
                next_y.eq(next_y + step_y),
                next_position.eq(next_position + result_y),
            ),
            If(load,
                words.load(loops.words_left),
                rows.load(loops.rows_left),
                columns.load(loops.columns_left),
                lines.load(loops.lines_left),
                self.first.eq(1),
                self.source.eq(loops.address),
                *[
                    mine.eq(getattr(loops, name)) for name, mine in {
                        "row_pitch": row_pitch, "step_x": step_x, "step_y": step_y,
                        "result_x": result_x, "result_y": result_y,
                        "address": self.address, "next_row": next_row, "next_x": next_x,
                        "next_y": next_y,
                        "position": self.position, "next_position": next_position,
                        "slot": self.slot, "gdn": self.gdn, "final": self.final,
                        "release": self.release,
                    }.items()
                ],
            ),
        ]


# Sequencer ----------------------------------------------------------------------------------------


class Sequencer(LiteXModule):
    """Issue one operand address and one weight word a cycle, or say why not.

    Attributes
    ----------
    start, done : run one descriptor.
    tile        : loaded tiles (half, phase).
    output_free : an output half may be written (a level); `output_taken` uses one up.
    segment     : segments with their parameters on chip.
    available   : a weight word can be read.
    read, rewind, retire : to the weight ring.
    release     : the operands of the oldest tile are no longer needed.
    operand_address, middle_address : of this cycle's operands, one of them used (`from_middle`).
    issue, first, last : frame the words of a result.
    result      : goes with `last`.
    causes      : one signal a counter of `descriptor.COUNTERS` but `finish` and `fetch`; one is
                  high in every cycle between start and done.
    """

    def __init__(self, config, descriptor):
        d = descriptor
        depth = config.input_depth
        self.start, self.done = Signal(), Signal()
        self.tile = tile = stream.Endpoint([("half", 1), ("phase", 4)])
        self.output_free, self.output_taken = Signal(), Signal()
        self.segment = segment = stream.Endpoint(SEGMENT_LAYOUT)
        self.available = Signal()
        self.read, self.rewind, self.retire = Signal(), Signal(), Signal()
        self.release = Signal()
        self.operand_address = Signal(max=2 * depth)
        self.middle_address = Signal(16)
        self.from_middle = Signal()
        self.issue, self.first, self.last = issue, first, last = Signal(), Signal(), Signal()
        self.result = result = Record(RESULT_LAYOUT)
        self.causes = causes = {
            name: Signal() for name in ("busy", "input", "weights", "output", "drain", "control")
        }

        # # #

        # Limits of what may be under way ----------------------------------------------------------
        # Results leave the array at a fixed time after `last`: two counters replace handshakes.
        drain, flush = Signal(max=config.drain_cycles + 1), Signal(max=config.flush_cycles + 1)
        draining, flushing = Signal(), Signal()
        self.sync += [
            If(draining, drain.eq(drain - 1), draining.eq(drain != 1)),
            If(flushing, flush.eq(flush - 1), flushing.eq(flush != 1)),
            If(issue & last,
                drain.eq(config.drain_cycles - 1),
                draining.eq(int(config.drain_cycles > 1)),
                flush.eq(config.flush_cycles),
                flushing.eq(1),
            ),
        ]

        # Segments ---------------------------------------------------------------------------------
        open_, half = Signal(), Signal()
        self.setup = setup = SegmentSetup(d)
        self.loops = loops = Loops(config.reduction, setup.loops)
        run, load, complete, continues = Signal(), Signal(), Signal(), Signal()
        self.comb += [
            segment.connect(setup.segment),
            setup.open.eq(open_),
            complete.eq(issue & last & loops.retire),
            # No cycle is lost between two segments of a kind; a normalisation after a convolution
            # waits until its last results are in the middle memory.
            continues.eq(setup.loops.valid & (setup.loops.gdn == loops.gdn)),
            load.eq(Mux(run,
                complete & continues,
                setup.loops.valid & ~(setup.loops.gdn & flushing),
            )),
            setup.loops.ready.eq(load),
            loops.load.eq(load),
            loops.step.eq(issue),
            issue.eq(run & self.available & ~(last & draining)),
            self.release.eq(complete & loops.release),
        ]
        self.sync += [
            If(complete, run.eq(0)),
            If(load, run.eq(1)),
            If(setup.final, open_.eq(0)),
        ]

        # To the memories, the ring and the epilogue -----------------------------------------------
        self.comb += [
            first.eq(loops.first),
            last.eq(loops.last),
            self.read.eq(issue),
            self.rewind.eq(last),
            self.retire.eq(loops.retire),
            self.operand_address.eq(Cat(loops.address[: log2_int(depth)], half)),
            self.middle_address.eq(loops.address),
            self.from_middle.eq(loops.gdn),
            result.position.eq(loops.position),
            result.source.eq(loops.source),
            result.slot.eq(loops.slot),
            result.gdn.eq(loops.gdn),
            result.segment_end.eq(loops.retire),
            result.tile_end.eq(loops.retire & loops.final),
        ]

        # Tiles ------------------------------------------------------------------------------------
        columns, lines = Countdown(16), Countdown(16)
        output_phase = setup.output_phase
        self.fsm = fsm = FSM(reset_state="IDLE")
        fsm.act("IDLE",
            self.done.eq(~self.start),
            If(self.start, causes["control"].eq(1), NextState("TILE")),
        )
        fsm.act("TILE",
            If(~tile.valid,
                causes["input"].eq(1),
            ).Elif(~self.output_free,
                causes["output"].eq(1),
            ).Else(
                causes["control"].eq(1),
                tile.ready.eq(1),
                self.output_taken.eq(1),
                NextState("WORK"),
            ),
        )
        fsm.act("WORK",
            If(run,
                If(issue,
                    causes["busy"].eq(1),
                ).Elif(~self.available,
                    causes["weights"].eq(1),
                ).Else(
                    causes["drain"].eq(1),
                ),
            ).Elif(load,
                causes["control"].eq(1),
            ).Elif(setup.loops.valid,
                causes["drain"].eq(1),
            ).Elif(open_ & ~segment.valid,
                causes["weights"].eq(1),
            ).Else(
                causes["control"].eq(1),
            ),
            If(complete & loops.final, NextState("NEXT")),
        )
        fsm.act("NEXT",
            causes["control"].eq(1),
            NextState("TILE"),
            If(columns.end & lines.end, NextState("IDLE")),
        )
        self.sync += [
            If(tile.valid & tile.ready,
                open_.eq(1),
                half.eq(tile.half),
                setup.phase.eq(tile.phase),
            ),
            If(fsm.ongoing("IDLE"),
                columns.load(d.tiles[:16] - 1),
                lines.load(d.tiles[16:] - 1),
                output_phase.eq(d.out_x[:4]),
            ),
            If(fsm.ongoing("NEXT"),
                columns.step(),
                output_phase.eq(output_phase + d.out_tile_bytes[:4]),
                If(columns.end, lines.step(), output_phase.eq(d.out_x[:4])),
            ),
        ]
