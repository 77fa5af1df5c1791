"""Walk tiles, segments, pixels and words: what the array does in every cycle."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.descriptor import FLAG_GDN
from litelic.accel.weights import SEGMENT_LAYOUT, SLOTS

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
        self.issue, self.first, self.last = Signal(), Signal(), Signal()
        self.result = result = Record(RESULT_LAYOUT)
        self.causes = {
            name: Signal() for name in ("busy", "input", "weights", "output", "drain", "control")
        }

        # # #

        # Limits of what may be under way ----------------------------------------------------------
        # Results leave the array at a fixed time after `last`: two counters replace handshakes.
        drain, flush = Signal(max=config.drain_cycles + 1), Signal(max=config.flush_cycles + 1)
        self.sync += [
            If(drain != 0, drain.eq(drain - 1)),
            If(flush != 0, flush.eq(flush - 1)),
            If(self.issue & self.last,
                drain.eq(config.drain_cycles - 1),
                flush.eq(config.flush_cycles),
            ),
        ]

        # Tiles ------------------------------------------------------------------------------------
        column, line, half = Signal(16), Signal(16), Signal()
        phase, output_phase = Signal(4), Signal(4)
        end_column, end_line = Signal(), Signal()
        self.comb += [
            end_column.eq(column == (d.tiles[:16] - 1)),
            end_line.eq(line == (d.tiles[16:] - 1)),
        ]

        # The segment in work ----------------------------------------------------------------------
        without_gdn = (d.flags & FLAG_GDN) == 0
        words, rows, slot = Signal(16), Signal(8), Signal(log2_int(SLOTS))
        gdn, final, releases = Signal(), Signal(), Signal()
        columns, lines, step_x, step_y = Signal(16), Signal(16), Signal(16), Signal(16)
        row_pitch = Signal(16)
        result_x, result_y = Signal(16), Signal(16)
        self.comb += [
            If(gdn,
                columns.eq(d.norm_pixels[:16]),
                lines.eq(d.norm_pixels[16:]),
                step_x.eq(d.norm_step),
                step_y.eq(d.result_pitch),
                row_pitch.eq(0),
                result_x.eq(d.output_step),
                result_y.eq(d.output_pitch),
            ).Else(
                columns.eq(d.pixels[:16]),
                lines.eq(d.pixels[16:]),
                step_x.eq(d.step_x),
                step_y.eq(d.step_y),
                row_pitch.eq(d.strip_pitch),
                result_x.eq(d.result_step_x),
                result_y.eq(d.result_step_y),
            ),
        ]

        # Counters and addresses -------------------------------------------------------------------
        word, row, x, y = Signal(16), Signal(8), Signal(16), Signal(16)
        address, address_row, address_x, address_y = (Signal(16) for _ in range(4))
        position, position_y = Signal(16), Signal(16)
        end_word, end_row, end_x, end_y = Signal(), Signal(), Signal(), Signal()
        self.comb += [
            end_word.eq(word == (words - 1)),
            end_row.eq(row == (rows - 1)),
            end_x.eq(x == (columns - 1)),
            end_y.eq(y == (lines - 1)),
            self.first.eq((word == 0) & (row == 0)),
            self.last.eq(end_word & end_row),
            self.read.eq(self.issue),
            self.rewind.eq(self.last),
            self.retire.eq(end_x & end_y),
            self.operand_address.eq(Cat(address[: log2_int(depth)], half)),
            self.middle_address.eq(address),
            self.from_middle.eq(gdn),
            result.position.eq(position),
            result.source.eq(address_x),
            result.slot.eq(slot),
            result.gdn.eq(gdn),
            result.segment_end.eq(self.retire),
            result.tile_end.eq(self.retire & final),
        ]
        load, segment_start, result_start = Signal(), Signal(16), Signal(16)
        self.comb += [
            segment.ready.eq(load),
            segment_start.eq(Mux(segment.gdn, 0, segment.start + phase)),
            result_start.eq(Mux(segment.gdn | without_gdn, output_phase, 0)),
        ]
        self.sync += [
            If(self.issue,
                word.eq(word + 1),
                address.eq(address + config.reduction),
                If(end_word,
                    word.eq(0),
                    row.eq(row + 1),
                    address.eq(address_row + row_pitch),
                    address_row.eq(address_row + row_pitch),
                    If(end_row,
                        row.eq(0),
                        x.eq(x + 1),
                        address.eq(address_x + step_x),
                        address_row.eq(address_x + step_x),
                        address_x.eq(address_x + step_x),
                        position.eq(position + result_x),
                        If(end_x,
                            x.eq(0),
                            y.eq(y + 1),
                            address.eq(address_y + step_y),
                            address_row.eq(address_y + step_y),
                            address_x.eq(address_y + step_y),
                            address_y.eq(address_y + step_y),
                            position.eq(position_y + result_y),
                            position_y.eq(position_y + result_y),
                        ),
                    ),
                ),
            ),
            If(load,
                words.eq(segment.words),
                rows.eq(segment.rows),
                slot.eq(segment.slot),
                gdn.eq(segment.gdn),
                final.eq(segment.final),
                releases.eq(segment.release),
                word.eq(0),
                row.eq(0),
                x.eq(0),
                y.eq(0),
                address.eq(segment_start),
                address_row.eq(segment_start),
                address_x.eq(segment_start),
                address_y.eq(segment_start),
                position.eq(result_start),
                position_y.eq(result_start),
            ),
        ]

        # Control ----------------------------------------------------------------------------------
        causes = self.causes
        complete = Signal()
        self.comb += complete.eq(self.issue & self.last & self.retire)
        self.fsm = fsm = FSM(reset_state="IDLE")
        fsm.act("IDLE",
            self.done.eq(~self.start),
            NextValue(column, 0),
            NextValue(line, 0),
            NextValue(output_phase, d.out_x[:4]),
            If(self.start, causes["control"].eq(1), NextState("TILE")),
        )
        fsm.act("TILE",
            NextValue(half, tile.half),
            NextValue(phase, tile.phase),
            If(~tile.valid,
                causes["input"].eq(1),
            ).Elif(~self.output_free,
                causes["output"].eq(1),
            ).Else(
                causes["control"].eq(1),
                tile.ready.eq(1),
                self.output_taken.eq(1),
                NextState("SEGMENT"),
            ),
        )
        fsm.act("SEGMENT",
            If(~segment.valid,
                causes["weights"].eq(1),
            ).Elif(segment.gdn & (flush != 0),
                causes["drain"].eq(1),  # the convolution's last results are on their way
            ).Else(
                causes["control"].eq(1),
                load.eq(1),
                NextState("RUN"),
            ),
        )
        fsm.act("RUN",
            If(~self.available,
                causes["weights"].eq(1),
            ).Elif(self.last & (drain != 0),
                causes["drain"].eq(1),
            ).Else(
                causes["busy"].eq(1),
                self.issue.eq(1),
            ),
            If(complete,
                self.release.eq(releases),
                NextState("SEGMENT"),
                If(final,
                    NextState("NEXT"),
                ).Elif(segment.valid & (segment.gdn == gdn),
                    load.eq(1),  # no cycle is lost between two segments of a kind
                    NextState("RUN"),
                ),
            ),
        )
        fsm.act("NEXT",
            causes["control"].eq(1),
            NextValue(column, column + 1),
            NextValue(output_phase, output_phase + d.out_tile_bytes[:4]),
            NextState("TILE"),
            If(end_column,
                NextValue(column, 0),
                NextValue(line, line + 1),
                NextValue(output_phase, d.out_x[:4]),
                If(end_line, NextState("IDLE")),
            ),
        )
