"""What is claimed of `MaskedWriter`: the way of words to the port."""

from litedram.common import LiteDRAMNativePort
from migen import Cat, Mux, Signal

from litelic.accel.dma import MaskedWriter
from tests.formal.fifos import FifoView
from tests.formal.port import ADDRESS_BITS, assume_native_port
from tests.formal.properties import Properties, build, implies
from tests.formal.scoreboard import Scoreboard


class WriterProof(Properties):
    """A writer between words that come at any time and a native port that takes them at any time.

    Parameters
    ----------
    data_width : of the port.
    depth      : words that may be under way.
    block      : `block(port)` builds the `MaskedWriter`, or a block that has one in `writer`.
    options    : as of `Properties`.
    """

    def __init__(self, data_width=128, depth=32, block=MaskedWriter, **options):
        super().__init__(**options)
        port = LiteDRAMNativePort("write", ADDRESS_BITS, data_width)
        self.submodules.block, self.inside = build(block, port)
        block, writer = self.block, getattr(self.block, "writer", self.block)
        free, self.words, taken = block.sink, writer.sink, port.wdata.ready
        self.free(free.valid, free.address, free.data, free.we)
        self.owed = owed = assume_native_port(self, port, taken)

        words = self.words
        accepted = self.both(words.valid, words.ready)
        word = Signal(len(words.data) + len(words.we))
        self.comb += word.eq(Cat(words.data, words.we))
        items = Scoreboard(self, accepted, taken, {"word": word})
        fifo, pending = FifoView(self, writer.fifo), self.inside(writer, "pending")

        # While the reset is up, words of before may still be taken, but none is written.
        self.normal = normal = Signal()
        self.comb += normal.eq(~(self.was_reset & self.reset))

        # Claims -----------------------------------------------------------------------------------
        self.claim("command_for_every_word", (port.cmd.valid & port.cmd.ready) == accepted)
        self.claim("command_is_right", implies(
            port.cmd.valid, port.cmd.we & (port.cmd.addr == words.address)
        ))
        self.claim("command_offered_while_there_is_room", implies(
            words.valid & (items.inside < depth), port.cmd.valid
        ))
        self.claim("command_stands", implies(
            self.stands(free, "address"), self.stands(port.cmd, "addr")
        ))
        self.claim("word_is_there_when_taken", implies(taken & normal, port.wdata.valid))
        self.claim("words_in_order", implies(
            taken & items.last, Cat(port.wdata.data, port.wdata.we) == items.tag["word"]
        ))
        self.claim("nothing_stray_is_written", implies(~port.wdata.valid, port.wdata.we == 0))
        self.claim("no_overrun", implies(normal, items.inside <= depth))
        self.claim("idle_means_all_taken", implies(
            normal, writer.idle == ((owed == 0) & ~words.valid)
        ))

        # Covers: the claims are not about nothing -------------------------------------------------
        self.cover("full", items.inside == depth)
        self.cover("followed_is_taken", taken & items.last & (items.inside > 2))
        self.cover("idle_after_work", normal & block.idle & self.after(taken & items.last))
        self.cover("stray_taken_in_reset", taken & ~port.wdata.valid)
        self.cover("word_after_reset", taken & items.follows & self.after(self.reset & (owed != 0)))

        # Lemmas -----------------------------------------------------------------------------------
        self.lemma("fifo_sound", fifo.sound)
        self.lemma("fifo_holds_what_is_owed", Mux(normal,
            (fifo.level == owed) & (items.inside == owed) & (pending == owed),
            (fifo.level == 0) & (items.inside == 0) & (pending == 0),
        ))
        self.lemma("followed_is_inside", implies(
            items.follows, (items.ahead != 0) & (items.ahead <= items.inside)
        ))
        item = fifo.item(items.ahead - 1)
        self.lemma("followed_is_in_its_place", implies(
            items.follows, item[: len(word)] == items.tag["word"]
        ))
