"""Stream the weights of a layer from DRAM, once a tile, and replay them for every pixel."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.config import BEAT_BYTES
from litelic.accel.copies import own
from litelic.accel.crossing import Landing, PointerCrossing, TokenCrossing
from litelic.accel.memory import SlicedMemory
from litelic.accel.multipliers import GENERIC

SLOTS = 16  # Segments whose channel parameters are on chip: those of a normalisation are short.
OUTPUTS_A_ROTATION = 2  # that share a register with their rotation

SEGMENT_LAYOUT = [
    ("words", 16), ("rows", 8), ("start", 16), ("slot", log2_int(SLOTS)),
    ("gdn", 1), ("final", 1), ("release", 1),
]
PARAMETER_LAYOUT = [
    ("bias", 32), ("multiplier", 16), ("shift", 6), ("enable", 1), ("phase_row", 2), ("offset", 16),
]

# Request Generator --------------------------------------------------------------------------------


class WeightRequests(LiteXModule):
    """Ask for a layer's weights, port word after port word, tile after tile."""

    def __init__(self, config, descriptor, address_width):
        d = descriptor
        self.start = Signal()
        self.done = Signal()
        self.address = address = stream.Endpoint([("address", address_width)])

        # # #

        word, column, line = Signal(24), Signal(16), Signal(16)
        active, last_word, last_column, last_line = Signal(), Signal(), Signal(), Signal()
        self.comb += [
            self.done.eq(~active & ~self.start),
            address.valid.eq(active),
            address.address.eq(d.weight_address[log2_int(config.port_bytes) :] + word),
            last_word.eq(word == (d.weight_words[:24] - 1)),
            last_column.eq(column == (d.tiles[:16] - 1)),
            last_line.eq(line == (d.tiles[16:] - 1)),
        ]
        self.sync += [
            If(self.start, active.eq(1), word.eq(0), column.eq(0), line.eq(0)),
            If(active & address.ready,
                word.eq(word + 1),
                If(last_word,
                    word.eq(0),
                    column.eq(column + 1),
                    If(last_column,
                        column.eq(0),
                        line.eq(line + 1),
                        If(last_line, active.eq(0)),
                    ),
                ),
            ),
        ]


# Weight Ring --------------------------------------------------------------------------------------


class WeightRing(LiteXModule):
    """Parse the weight stream into segments; hold their words while pixels still need them.

    A segment is one header beat (`docs/engine.md`), one beat of parameters an output channel, and
    `words * rows` weight words; beats of zeros between segments fill port words and are dropped.
    Each pixel reads all words of a segment; the words are given up as the last pixel reads them, so
    a segment larger than the ring works for a single pixel.

    Attributes
    ----------
    data     : beats of 16 bytes, from a DRAM reader.
    segment  : one item a segment, offered as soon as its parameters are there.
    pointer_bits : of a pointer, which counts the words of all segments.
    arrived  : pointer of the first word that cannot be read yet.
    pointer  : of the word that is on `word` `latency` cycles later.
    rotation : how many lanes higher than their weights this word's operands are, 3 cycles after
               `pointer`; `word` is rotated likewise.
    retire   : nobody reads the word at `pointer` again, nor those before it.
    release_slot : the parameters of the oldest segment are no longer needed.
    parameter: of channel `parameter_address` (slot * outputs + output), `parameter_latency` cycles
               later.

    `data` comes with the bus clock, everything else belongs to the clock `cd_array`.
    """

    # Behind a memory comes a register for the way to what it is near.
    latency = SlicedMemory.latency + 2  # the memory, that register, the rotation
    parameter_latency = SlicedMemory.latency + 1

    def __init__(self, config, descriptor, cd_array="sys", technology=GENERIC):
        width, depth = 8 * config.reduction * config.outputs, config.weight_depth
        self.data = data = stream.Endpoint([("data", 8 * BEAT_BYTES)])
        self.pointer_bits = pointer_bits = log2_int(depth) + 1
        self.arrived, self.pointer = Signal(pointer_bits), Signal(pointer_bits)
        self.retire = Signal()
        self.word = Signal(width, reset_less=True)
        self.rotation = Signal(max=config.reduction)
        self.release_slot = Signal()
        self.parameter_address = Signal(max=SLOTS * config.outputs)
        self.parameter = Record(PARAMETER_LAYOUT, reset_less=True)
        self.segments = segments = stream.SyncFIFO(SEGMENT_LAYOUT, SLOTS)
        self.crossing = stream.ClockDomainCrossing(
            SEGMENT_LAYOUT, "sys", cd_array, buffered=True,
        )
        self.next_segment = ClockDomainsRenamer(cd_array)(Landing(SEGMENT_LAYOUT))
        self.segment = self.next_segment.source

        # # #

        self.comb += [
            segments.source.connect(self.crossing.sink),
            self.crossing.source.connect(self.next_segment.sink),
        ]
        array_sync = getattr(self.sync, cd_array)

        # Storage ----------------------------------------------------------------------------------
        # Pointers count one by one, `kept` too: it follows `pointer` through the last pixel. A word
        # is complete as `write` counts it and in the memory as `written` does.
        write, written, given_up, kept = (Signal(pointer_bits) for _ in range(4))
        self.storage = memory = SlicedMemory(
            width, depth, read_domain=cd_array, technology=technology,
        )
        space, finish = Signal(), Signal()
        held = Signal(pointer_bits)
        used = Signal(width, reset_less=True)
        self.complete = complete = PointerCrossing(pointer_bits, "sys", cd_array)
        self.freed = freed = PointerCrossing(pointer_bits, cd_array, "sys")
        self.comb += [
            complete.input.eq(written),
            self.arrived.eq(complete.output),
            freed.input.eq(kept),
            held.eq(write - freed.output),
            memory.write_address.eq(written[:-1]),
            memory.read_address.eq(self.pointer[:-1]),
        ]
        self.sync += [
            # Of `depth` words, one may become complete in this cycle.
            space.eq(Mux(finish, held < depth - 1, held < depth)),
            memory.write_enable.eq(finish),
            If(finish, write.eq(write + 1)),
            written.eq(write),
        ]
        array_sync += [
            used.eq(memory.read_data),
            self.word.eq(self._rotated(used, config, cd_array, technology)),
            # The word is still being read.
            If(self.retire, given_up.eq(self.pointer + 1)),
            kept.eq(given_up),
        ]

        # Beats come from a block RAM, whose output is slow, and whose clock enable is far.
        self.next_beat = next_beat = Landing(data.description)
        self.comb += data.connect(next_beat.sink)
        data = next_beat.source

        # Parameters -------------------------------------------------------------------------------
        self.parameters = parameters = SlicedMemory(
            len(self.parameter), SLOTS * config.outputs, read_domain=cd_array,
            technology=technology,
        )
        slot, free = Signal(log2_int(SLOTS)), Signal(max=SLOTS + 1, reset=SLOTS)
        take = Signal()
        self.released = released = TokenCrossing(cd_array, "sys")
        self.comb += [
            released.give.eq(self.release_slot),
            parameters.read_address.eq(self.parameter_address),
            parameters.write_data.eq(
                Cat(data.data[:54], data.data[63], data.data[56:58], data.data[64:80])
            ),
        ]
        array_sync += self.parameter.raw_bits().eq(parameters.read_data)
        self.sync += free.eq(free - take + released.taken)

        # Parser -----------------------------------------------------------------------------------
        words, rows = Signal(16), Signal(8)
        flags, total = Signal(8), Signal(24)
        delta_y, start = Signal(8), Signal(16)
        channel = Signal(max=max(2, config.outputs))
        # The window's first row, row by row while the parameters come, which saves a multiplier.
        next_row = If(delta_y != 0,
            NextValue(delta_y, delta_y - 1),
            NextValue(start, start + descriptor.strip_pitch[:16]),
        )
        self.fsm = fsm = FSM(reset_state="HEADER")
        padding = Signal()
        self.comb += padding.eq(data.data[16:24] == 0)  # a segment has a row
        fsm.act("HEADER",
            data.ready.eq((free != 0) | padding),
            NextValue(words, data.data[0:16]),
            NextValue(rows, data.data[16:24]),
            NextValue(delta_y, data.data[24:32]),
            NextValue(start, data.data[32:48]),
            NextValue(flags, data.data[48:56]),
            NextValue(total, data.data[64:88]),
            NextValue(channel, 0),
            If(data.valid & data.ready & ~padding, take.eq(1), NextState("PARAMETERS")),
        )
        fsm.act("PARAMETERS",
            next_row,
            data.ready.eq(1),
            parameters.write_address.eq(slot * config.outputs + channel),
            parameters.write_enable.eq(data.valid),
            If(data.valid,
                NextValue(channel, channel + 1),
                If(channel == (config.outputs - 1), NextState("ANNOUNCE")),
            ),
        )
        self.comb += [
            segments.sink.words.eq(words),
            segments.sink.rows.eq(rows),
            segments.sink.start.eq(start),
            segments.sink.slot.eq(slot),
            segments.sink.gdn.eq(flags[0]),
            segments.sink.final.eq(flags[1]),
            segments.sink.release.eq(flags[2]),
        ]
        fsm.act("ANNOUNCE",
            next_row,
            segments.sink.valid.eq(delta_y == 0),
            If(segments.sink.valid & segments.sink.ready,
                NextValue(slot, slot + 1),
                NextState("WORDS"),
            ),
        )
        beats = config.weight_beats
        part = Signal(max=max(2, beats))
        last_part = Signal()
        self.comb += last_part.eq(part == (beats - 1))
        # The word is written from here, while the first beat of the next one comes.
        self.sync += If(data.valid & data.ready,
            memory.write_data.eq(Cat(memory.write_data, data.data)[8 * BEAT_BYTES :]),
        )
        fsm.act("WORDS",
            data.ready.eq(space | ~last_part),
            finish.eq(data.valid & space & last_part),
            If(data.valid & data.ready,
                NextValue(part, part + 1),
                If(last_part,
                    NextValue(part, 0),
                    NextValue(total, total - 1),
                    If(total == 1, NextState("HEADER")),
                ),
            ),
        )

    def _rotated(self, word, config, cd_array, technology):
        reduction = config.reduction
        rotations = [
            own(self, self.rotation, technology, cd_array)
            for _ in range(0, config.outputs, OUTPUTS_A_ROTATION)
        ]
        weights = [
            [word[8 * (reduction * n + i) :][:8] for i in range(reduction)]
            for n in range(config.outputs)
        ]
        return Cat(*[
            Array([weights[n][(i - r) % reduction] for r in range(reduction)])[
                rotations[n // OUTPUTS_A_ROTATION]
            ]
            for n in range(config.outputs) for i in range(reduction)
        ])
