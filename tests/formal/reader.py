"""What is claimed of LiteDRAM's `LiteDRAMDMAReader`, as the engine instantiates it."""

from litedram.common import LiteDRAMNativePort
from litedram.frontend.dma import LiteDRAMDMAReader
from migen import If, Signal

from tests.formal.fifos import FifoView
from tests.formal.port import ADDRESS_BITS, assume_native_port
from tests.formal.properties import Properties, build, implies
from tests.formal.scoreboard import COUNT_BITS, Scoreboard


class ReaderProof(Properties):
    """A reader between addresses that come at any time and a user who takes data at any time."""

    def __init__(
        self, depth, buffered, data_width=128, block=LiteDRAMDMAReader, **options
    ):
        super().__init__(**options)
        port = LiteDRAMNativePort("read", ADDRESS_BITS, data_width)
        self.submodules.block, inside = build(block, port, depth, fifo_buffered=buffered)
        block = self.block
        sink, source, given = block.sink, block.source, port.rdata.valid
        self.free(sink.valid, sink.address, source.ready, port.rdata.data)
        owed = assume_native_port(self, port, given)

        accepted, delivered = Signal(), Signal()
        self.comb += accepted.eq(sink.valid & sink.ready), delivered.eq(source.valid & source.ready)
        items = Scoreboard(self, accepted, delivered)
        reservations = FifoView(self, inside(block, "res_fifo"))
        words = FifoView(self, inside(block, "fifo"))

        # The data that the controller gives for the followed address, and how long until then.
        to_come, answer, answered = Signal(COUNT_BITS), Signal(data_width), Signal()
        self.comb += answered.eq(items.follows & (to_come == 0))
        self.sync += [
            If(items.picked,
                to_come.eq(owed + 1 - given),
            ).Elif(items.follows & given & ~answered,
                to_come.eq(to_come - 1),
                If(to_come == 1, answer.eq(port.rdata.data)),
            ),
        ]

        # While the reset is up, words of before still come, and are dropped.
        normal, returned = Signal(), Signal(COUNT_BITS)
        self.comb += normal.eq(~(self.was_reset & self.reset)), returned.eq(items.inside - owed)

        # Claims -----------------------------------------------------------------------------------
        self.claim("command_for_every_address", (port.cmd.valid & port.cmd.ready) == accepted)
        self.claim("command_is_right", implies(
            port.cmd.valid, ~port.cmd.we & (port.cmd.addr == sink.address)
        ))
        self.claim("command_offered_while_there_is_room", implies(
            sink.valid & (items.inside < depth), port.cmd.valid
        ))
        self.claim("command_stands", implies(
            self.stands(sink, "address"), self.stands(port.cmd, "addr")
        ))
        self.claim("room_for_every_word", implies(given & normal, port.rdata.ready))
        self.claim("words_in_order", implies(
            source.valid & items.last, answered & (source.data == answer)
        ))
        self.claim("nothing_invented", implies(source.valid & normal, returned != 0))
        self.claim("offer_stands", self.stands(source, "data"))
        patience = Signal(2)
        self.sync += If((returned == 0) | source.valid, patience.eq(0)).Else(
            patience.eq(patience + 1)
        )
        self.claim("no_word_is_kept_back", implies(normal, patience < 1 + buffered))
        self.claim("no_overrun", implies(normal, items.inside <= depth))

        # Covers: the claims are not about nothing -------------------------------------------------
        self.cover("all_asked", items.inside == depth)
        self.cover("all_given", normal & (returned == depth))
        self.cover("followed_is_delivered", delivered & items.last & (items.inside > 2))
        self.cover("stray_given_in_reset", given & ~normal)
        self.cover("word_after_reset", delivered & items.last & self.after(
            self.reset & (owed != 0)
        ))

        # Lemmas -----------------------------------------------------------------------------------
        self.lemma("fifos_sound", reservations.sound & words.sound)
        self.lemma("a_reservation_for_every_command", implies(
            normal, reservations.level == items.inside
        ))
        self.lemma("what_is_inside", implies(
            normal, (words.level == returned) & (owed <= items.inside)
        ))
        self.lemma("nothing_stays_in_reset", implies(
            ~normal, (reservations.level == 0) & (words.level == 0) & (items.inside == 0)
        ))
        self.lemma("followed_is_inside", implies(
            items.follows, (items.ahead != 0) & (items.ahead <= items.inside) & (to_come <= owed)
        ))
        before = Signal(COUNT_BITS)  # words that the controller gave before the followed one
        self.comb += before.eq(items.ahead - to_come)
        self.lemma("followed_is_behind_those_before", implies(
            items.follows & ~answered, before == returned
        ))
        item = words.item(items.ahead - 1)
        self.lemma("followed_is_in_its_place", implies(
            answered, (items.ahead <= returned) & (item[:data_width] == answer)
        ))
