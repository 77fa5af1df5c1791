"""What the array does in every cycle: tiles, their segments, and when a word may be issued."""

from types import SimpleNamespace

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.loops import Countdown, Loops
from litelic.accel.segment_setup import SegmentSetup
from litelic.accel.weights import SEGMENT_LAYOUT, SLOTS
from litelic.accel.words import WordQueue

RESULT_LAYOUT = [
    ("position", 16),  # where channel offset 0 of this pixel goes
    ("source", 16),  # normalisation: where its convolution result is
    ("slot", log2_int(SLOTS)),
    ("gdn", 1),
    ("segment_end", 1),  # last pixel of a segment
    ("tile_end", 1),  # last result of a tile
]

# Sequencer ----------------------------------------------------------------------------------------


class Sequencer(LiteXModule):
    """Issue one operand address and one weight word a cycle, or say why not.

    Tiles and segments are taken as early as they can be: words of a tile may still be waiting when
    the next one begins.

    Attributes
    ----------
    start, done : run one descriptor.
    tile        : loaded tiles (half, phase).
    output_free : an output half may be written, a level until `output_taken` uses one up.
    segment     : segments with their parameters on chip.
    arrived     : pointer of the first weight word that cannot be read yet.
    weights, retire : pointer of this cycle's weights; they are not read again.
    release     : the operands of the oldest tile are no longer needed, since a cycle.
    operand_address, middle_address : of this cycle's operands, one of them used (`from_middle`).
    issue, first, last : frame the words of a result. All of the above belong to `issue`, which is a
                  register.
    result      : goes with `last`.
    causes      : one signal a counter of `descriptor.COUNTERS` but `finish` and `fetch`; one is
                  high for every cycle between start and done, in the next one.
    """

    def __init__(self, config, descriptor):
        d = descriptor
        depth = config.input_depth
        self.start, self.done = Signal(), Signal()
        self.tile = tile = stream.Endpoint([("half", 1), ("phase", 4)])
        self.output_free, self.output_taken = Signal(), Signal()
        self.segment = segment = stream.Endpoint(SEGMENT_LAYOUT)
        pointer_bits = log2_int(config.weight_depth) + 1
        self.arrived, self.weights = Signal(pointer_bits), Signal(pointer_bits)
        self.retire = Signal()
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

        # Tiles and segments to words --------------------------------------------------------------
        open_ = Signal()  # the tile taken last has segments to come
        self.setup = setup = SegmentSetup(d)
        self.loops = loops = Loops(config.reduction, pointer_bits)
        self.queue = queue = WordQueue(pointer_bits)
        self.comb += [
            loops.weights.arrived.eq(self.arrived),
            loops.level.eq(queue.level),
            loops.source.connect(queue.sink),
            segment.connect(setup.segment),
            setup.open.eq(open_),
            setup.loops.connect(loops.sink),
        ]
        columns, lines = Countdown(16), Countdown(16)
        phase = setup.output_phase
        begin = Signal()  # a tile: a cycle after there are one and room for its output
        self.comb += [tile.ready.eq(begin), self.output_taken.eq(begin)]
        self.fsm = fsm = FSM(reset_state="IDLE")
        fsm.act("IDLE",
            If(self.start, NextState("TILE")),
        )
        fsm.act("TILE",
            If(begin, NextState("SEGMENTS")),
        )
        fsm.act("SEGMENTS",
            If(setup.final, NextState("NEXT")),
        )
        fsm.act("NEXT",
            NextState("TILE"),
            If(columns.end & lines.end, NextState("IDLE")),
        )
        prepare, advance = Signal(), Signal()
        self.sync += [
            begin.eq(fsm.ongoing("TILE") & tile.valid & self.output_free & ~begin),
            prepare.eq(fsm.ongoing("IDLE")),
            advance.eq(fsm.ongoing("NEXT")),
            If(setup.final, open_.eq(0)),
            If(begin,
                open_.eq(1),
                setup.half.eq(tile.half),
                setup.phase.eq(tile.phase),
            ),
            If(prepare,
                *[
                    loop.load(count - 1, count == 1, count == 2)
                    for loop, count in ((columns, d.tiles[:16]), (lines, d.tiles[16:]))
                ],
                phase.eq(d.out_x[:4]),
            ),
            If(advance,
                columns.step(),
                phase.eq(phase + d.out_tile_bytes[:4]),
                If(columns.end, lines.step(), phase.eq(d.out_x[:4])),
            ),
        ]

        # Issue ------------------------------------------------------------------------------------
        # Results leave the array at a fixed time after `last`: two counters replace handshakes. A
        # normalisation waits until the convolution's last results are in the middle memory. That a
        # word is taken is known late in a cycle: it goes to the next one's flags and to registers.
        word = queue.word
        drain, flush = Signal(max=config.drain_cycles + 1), Signal(max=config.flush_cycles + 1)
        draining, flushing, waits, take = (Signal() for _ in range(4))
        convolved, waited = Signal(), Signal()
        self.comb += [
            waits.eq((queue.last & draining) | (queue.gdn & flushing)),
            take.eq(queue.valid & ~waits),
            queue.take.eq(take),
            issue.eq(queue.issued),
            convolved.eq(issue & last & ~word.gdn),
        ]
        self.sync += [
            self.release.eq(issue & last & word.retire & word.release),
            waited.eq(queue.valid & waits),
            If(draining,
                drain.eq(drain - 1),
                draining.eq(drain != 1),
            ).Else(
                drain.eq(config.drain_cycles - 1),  # 1 at least: there are two outputs or more
                draining.eq(take & queue.last),
            ),
            flush.eq(Mux(convolved, config.flush_cycles - 1, flush - 1)),
            If(take & queue.last & ~queue.gdn,
                flushing.eq(1),
            ).Elif((flush == 1) & ~convolved,
                flushing.eq(0),
            ),
        ]
        self.comb += [
            first.eq(word.first),
            last.eq(word.last),
            self.weights.eq(word.weights),
            self.retire.eq(issue & word.retire),
            self.operand_address.eq(Cat(word.address[: log2_int(depth)], word.half)),
            self.middle_address.eq(word.address),
            self.from_middle.eq(word.gdn),
            result.position.eq(word.position),
            result.source.eq(word.source),
            result.slot.eq(word.slot),
            result.gdn.eq(word.gdn),
            result.segment_end.eq(word.retire),
            result.tile_end.eq(word.retire & word.final),
        ]

        # What a cycle is spent on -----------------------------------------------------------------
        # Of the cycle before: what is known about it comes from everywhere.
        looping = Signal()
        self.comb += [
            looping.eq(~setup.idle | ~loops.idle | ~queue.empty),
            self.done.eq(fsm.ongoing("IDLE") & ~self.start & ~looping),
        ]
        known = {
            "issue": issue, "waited": waited, "looping": looping,
            "scarce": ~loops.idle & loops.weights.scarce,
            "no_tile": fsm.ongoing("TILE") & ~tile.valid,
            "no_room": fsm.ongoing("TILE") & ~self.output_free,
            "no_segment": open_ & ~segment.valid, "done": self.done,
        }
        before = SimpleNamespace(**{name: Signal() for name in known})
        self.sync += [getattr(before, name).eq(signal) for name, signal in known.items()]
        self.comb += [
            If(before.issue,
                causes["busy"].eq(1),
            ).Elif(before.waited,
                causes["drain"].eq(1),
            ).Elif(before.looping,
                causes["weights"].eq(before.scarce),
                causes["control"].eq(~before.scarce),
            ).Elif(before.no_tile,
                causes["input"].eq(1),
            ).Elif(before.no_room,
                causes["output"].eq(1),
            ).Elif(before.no_segment,
                causes["weights"].eq(1),
            ).Else(
                causes["control"].eq(~before.done),
            ),
        ]
