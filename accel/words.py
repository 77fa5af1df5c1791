"""The words that wait to be issued, between the loops and the sequencer."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.resets import valid_only
from litelic.accel.weights import SLOTS

FIFO_DEPTH = 8
HEADS = 3

FLAG_LAYOUT = [("last", 1), ("gdn", 1)]  # what decides whether a word may be issued


def word_layout(pointer_bits):
    """Fields of a word; `first` and `last` of the stream frame the words of a result.

    pointer_bits : width of the pointers of the weight ring.
    """
    return [
        ("retire", 1),  # of the segment's last pixel
        ("release", 1),  # of the last segment that reads the tile's operands
        ("final", 1),  # of the tile's last segment
        ("gdn", 1),
        ("address", 16),  # of its operands
        ("half", 1),
        ("weights", pointer_bits),  # where they are in the ring
        ("position", 16),  # where channel offset 0 of the result goes
        ("source", 16),  # normalisation: where the pixel's convolution result is
        ("slot", log2_int(SLOTS)),
    ]


# Heads --------------------------------------------------------------------------------------------


class Heads(LiteXModule):
    """The oldest items of a queue, in registers that stand side by side.

    Whether `take` is up may be known late in a cycle: it only chooses between two next states,
    neither of which depends on it. Whether `put` may be up is known in time, whatever `take` is.

    Attributes
    ----------
    put, item : add an item; only while `room` is up.
    valid, head : the oldest item.
    take      : it goes; only while `valid` is up.
    """

    def __init__(self, layout, count=HEADS):
        self.put, self.room, self.take = Signal(), Signal(), Signal()
        self.item, self.head = Record(layout), Record(layout)
        self.valid = Signal()

        # # #

        item = self.item.raw_bits()
        there = [Signal() for _ in range(count)]
        items = [Signal(len(item), reset_less=True) for _ in range(count)]
        self.comb += [
            self.room.eq(~there[-1]),
            self.valid.eq(there[0]),
            self.head.raw_bits().eq(items[0]),
        ]
        before = [Constant(1), *there]
        behind = [*zip(there, items), (Constant(0), item)][1:]
        for i, (valid, held) in enumerate(zip(there, items)):
            next_valid, next_held = behind[i]
            self.sync += If(self.take,
                valid.eq(next_valid | (self.put & valid)),
                held.eq(Mux(next_valid, next_held, item)),
            ).Else(
                valid.eq(valid | (self.put & before[i])),
                held.eq(Mux(valid, held, item)),
            )


# Word Queue ---------------------------------------------------------------------------------------


class WordQueue(LiteXModule):
    """Words, of which the two flags that decide about the next one come before the rest.

    Whether a word is issued is known late in a cycle, and the next one must be decided about in the
    next cycle: only its flags follow at once (`Heads`). The word itself comes a cycle after the
    decision, behind a pointer that the registered decision moves.

    Attributes
    ----------
    sink   : words (`word_layout`), offered only while `ready` is high: nothing waits here.
    valid, last, gdn : of the oldest word that is not decided about, 2 cycles after `sink`.
    take   : it is issued.
    issued : `take`, a cycle later, and `word`, the word that was taken.
    level  : words that are not decided about, less up to `HEADS`.
    empty  : there is no word here, `word` included.
    """

    def __init__(self, pointer_bits):
        layout = word_layout(pointer_bits)
        self.sink = sink = stream.Endpoint(layout)
        self.valid, self.last, self.gdn = Signal(), Signal(), Signal()
        self.take, self.issued, self.empty = Signal(), Signal(), Signal()
        self.flags = flags = stream.SyncFIFO([("gdn", 1)], FIFO_DEPTH)
        self.heads = heads = Heads(FLAG_LAYOUT)
        self.words = words = stream.SyncFIFO(layout, 2 * FIFO_DEPTH)  # the heads' and `word` too
        self.word = words.source
        self.level = flags.level

        # # #

        coming = stream.Endpoint(layout)
        valid_only(coming)

        self.comb += [
            sink.connect(flags.sink, keep={"valid", "ready", "last", "gdn"}),
            words.sink.valid.eq(coming.valid),
            words.sink.first.eq(coming.first),
            words.sink.last.eq(coming.last),
            words.sink.payload.eq(coming.payload),
            heads.put.eq(flags.source.valid & heads.room),
            heads.item.last.eq(flags.source.last),
            heads.item.gdn.eq(flags.source.gdn),
            flags.source.ready.eq(heads.room),
            self.valid.eq(heads.valid),
            self.last.eq(heads.head.last),
            self.gdn.eq(heads.head.gdn),
            heads.take.eq(self.take),
            words.source.ready.eq(self.issued),
            self.empty.eq((words.level == 0) & ~coming.valid),
        ]
        self.sync += self.issued.eq(self.take)
        # Nobody wants a word before its flags have led to a decision, so there is time for a
        # register between the loops, which are spread out, and the memory.
        self.sync += [
            coming.valid.eq(sink.valid),
            coming.first.eq(sink.first),
            coming.last.eq(sink.last),
            coming.payload.eq(sink.payload),
        ]
