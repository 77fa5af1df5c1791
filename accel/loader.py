"""Load the operands of a tile, lane after lane, from a feature map in DRAM."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.crossing import Landing
from litelic.accel.descriptor import STORAGE_CODES, STORAGE_MAGNITUDE
from litelic.accel.operands import OperandWrite
from litelic.accel.strip_beats import StripBeats
from litelic.accel.walk import Axis, TileWalker

# Helpers ------------------------------------------------------------------------------------------


def operand_of_byte(byte, storage):
    """The 9-bit operand of a stored byte (numerics, section 1)."""
    flipped = byte ^ Mux(storage == STORAGE_CODES["centred"], 0x80, 0)
    sign = flipped[7] & (storage != STORAGE_CODES["uint8"])
    return Cat(flipped, sign)


def operand_of_int16(value):
    """The 9-bit operand of a stored `int16`: saturation to -256..255."""
    high = value[8:16]
    fits = (high == 0) | (high == 0xFF)
    return Mux(fits, value[:9], Mux(value[15], 0x100, 0x0FF))


def magnitude_of(module, operand):
    """The magnitude of an operand, saturated where the sign has no place for it."""
    negated = Signal(len(operand))
    module.comb += negated.eq(-operand)
    largest = (1 << (len(operand) - 1)) - 1
    return Mux(operand[-1], Mux(negated[-1], largest, negated), operand)


# Loader -------------------------------------------------------------------------------------------


class Loader(LiteXModule):
    """Fill the operand memories of all lanes, one half a tile.

    Operands are shifted by whole bank words only: the first operand of a strip lies at `phase`, its
    place within a bank word in DRAM, which is the same for all lanes of a tile. What lies outside
    the feature map is written as 0, without reading the DRAM.

    Attributes
    ----------
    start   : walk all tiles of the descriptor.
    address : to a DRAM reader (words of its port).
    data    : from the DRAM reader.
    release : a half may be overwritten.
    tile    : one item a loaded tile: half, phase.
    write   : `OperandWrite`, to all lanes.
    """

    def __init__(self, config, descriptor, address_width):
        d = descriptor
        port, granule, bank = config.port_bytes, config.granule, config.bank
        port_bits = log2_int(port)
        self.start = Signal()
        self.done = Signal()
        self.address = stream.Endpoint([("address", address_width)])
        self.data = stream.Endpoint([("data", 8 * port)])
        self.release = Signal()
        self.write = write = OperandWrite(config)

        # # #

        # Walk -------------------------------------------------------------------------------------
        self.walker = walker = TileWalker(d.tiles, d.lanes, Axis(d, "in", d.strip_rows))
        # What the descriptor says is known long before, and comes from afar.
        code = d.in_storage[: log2_int(STORAGE_MAGNITUDE)]
        storage, int16, magnitude = Signal(len(code)), Signal(), Signal()
        wide = is_wide = Constant(0, 1)
        if config.activation_bits == 16:
            wide, is_wide = Signal(), code == STORAGE_CODES["wide"]
            self.sync += wide.eq(is_wide)
        self.comb += walker.start.eq(self.start)
        self.sync += [
            storage.eq(code),
            int16.eq((code == STORAGE_CODES["int16"]) | is_wide),
            magnitude.eq((d.in_storage & STORAGE_MAGNITUDE) != 0),
        ]

        halves = Signal(2, reset=2)  # free ones
        self.comb += walker.proceed.eq(walker.at_tile & (halves != 0))
        self.sync += halves.eq(halves - walker.proceed + self.release)

        # Requests ---------------------------------------------------------------------------------
        # A transfer is asked for as the mark is left that says what to do with it.
        layout = [
            ("lane", 8), ("zero", 1), ("count", port_bits + 1), ("begin", 1), ("end", 1),
            ("start", port_bits),
        ]
        self.marks = marks = stream.SyncFIFO(layout, 128, buffered=True)
        self.beats = StripBeats(config, d, walker, address_width)
        beat = self.beats.source
        # The memory controller's `ready` comes late: the walk is not to depend on it.
        self.requests = requests = stream.Buffer(
            [("address", address_width)], pipe_valid=False, pipe_ready=True,
        )
        self.comb += [
            requests.source.connect(self.address),
            requests.sink.address.eq(beat.address),
            requests.sink.valid.eq(beat.valid & ~beat.zero & marks.sink.ready),
            beat.connect(marks.sink, omit={"valid", "ready", "address"}),
            marks.sink.valid.eq(beat.valid & (beat.zero | requests.sink.ready)),
            beat.ready.eq(marks.sink.ready & (beat.zero | requests.sink.ready)),
        ]

        # Write ------------------------------------------------------------------------------------
        # A transfer of bytes takes two cycles, half of it each; a transfer of int16 takes one.
        # Marks and data wait in block RAMs, whose outputs are slow, and what is written goes far.
        self.next_mark = next_mark = Landing(layout)
        self.next_data = next_data = Landing(self.data.description)
        self.comb += [
            marks.source.connect(next_mark.sink),
            self.data.connect(next_data.sink),
        ]
        mark, transfer = next_mark.source, next_data.source
        words = granule // bank
        bank_bits = log2_int(bank)
        second, half = Signal(), Signal()
        place, following = Signal(len(write.word)), Signal(len(write.word))
        start, skipped = Signal(port_bits), Signal(port_bits - bank_bits)
        ready, final = Signal(), Signal()
        self.tiles = tiles = stream.SyncFIFO([("half", 1), ("phase", 4)], 2)
        self.tile = tiles.source
        self.comb += [
            ready.eq(mark.valid & (mark.zero | transfer.valid)),
            final.eq(ready & (int16 | second)),
            mark.ready.eq(final),
            transfer.ready.eq(final & ~mark.zero),
            start.eq(Mux(int16, mark.start[1:], mark.start)),
            skipped.eq(start[bank_bits:]),
            # The first transfer of a lane may hold words before the strip: those are not written.
            place.eq(Mux(mark.begin & ~second, -skipped, following)),
            tiles.sink.valid.eq(final & mark.end),
            tiles.sink.half.eq(half),
            tiles.sink.phase.eq(start[:bank_bits]),
            self.done.eq(walker.done & ~mark.valid & (halves == 2)),
            write.valid.eq(ready),
            write.lane.eq(mark.lane),
            write.half.eq(half),
            write.word.eq(place),
        ]
        for i in range(words):
            number = Signal(max=max(2, 2 * words))  # of the word within the transfer
            self.comb += [
                number.eq(i + Mux(second, words, 0)),
                write.keep[i].eq(~mark.begin | (number >= skipped)),
            ]
        data, operands = transfer.data, []
        for i in range(granule):
            byte = Mux(
                second, data[8 * (granule + i) : 8 * (granule + i + 1)], data[8 * i : 8 * i + 8]
            )
            index = Mux(int16, 2 * i, i + Mux(second, granule, 0))
            element = data[16 * i : 16 * i + 16]
            signed, operand = Signal((9, True)), Signal((config.operand_bits, True))
            narrow = operand_of_byte(byte, storage)
            self.comb += [
                signed.eq(Mux(int16, operand_of_int16(element), narrow)),
                operand.eq(signed),
                If(magnitude, operand.eq(magnitude_of(self, signed))),
            ]
            if config.activation_bits == 16:
                self.comb += If(wide,
                    operand.eq(element),
                    If(magnitude, operand.eq(magnitude_of(self, element))),
                )
            operands.append(Mux((index < mark.count) & ~mark.zero, operand, 0))
        self.comb += write.operands.eq(Cat(*operands))
        self.sync += If(ready,
            following.eq(place + words),
            second.eq(~second & ~int16),
            If(final & mark.end, half.eq(~half)),
        )
