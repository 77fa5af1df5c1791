"""What is claimed of `BeatWriter`: the way of beats into words, and of the words to the port.

Beats may share a word, so nothing can be counted. The claims follow one byte of the memory, which
the solver picks: whatever a beat writes there leaves once, in the next word for that address, and
no other word touches it.
"""

from migen import Array, If, Mux, Signal

from litelic.accel.config import BEAT_BYTES
from litelic.accel.dma import BeatWriter
from tests.formal.properties import implies
from tests.formal.scoreboard import COUNT_BITS
from tests.formal.writer import WriterProof


class BeatProof(WriterProof):
    """All that is claimed of its `MaskedWriter`, and of one byte of the memory.

    `patience` is the number of cycles that a word may wait for more of its beats.
    """

    def __init__(self, data_width=128, depth=32, patience=8, block=BeatWriter, **options):
        super().__init__(data_width, depth, block, **options)
        block, words, sink = self.block, self.words, self.block.sink
        bits = len(sink.address) - len(words.address)
        ratio = 1 << bits

        # The byte, where it is in a word and in a beat, and what was last written there.
        word_address, place = self.constant(len(words.address)), self.constant(max(1, bits))
        lane = self.constant((BEAT_BYTES - 1).bit_length())
        self.assume("a_place", place < ratio)

        def byte_of(endpoint, parts):
            """Whether `endpoint`, of so many beats a word, writes the byte, and with what."""
            value, enable = Signal(8), Signal()
            index = lane if parts == 1 else lane + BEAT_BYTES * place
            values = [endpoint.data[i : i + 8] for i in range(0, len(endpoint.data), 8)]
            number = Signal(max=BEAT_BYTES * ratio + BEAT_BYTES)
            self.comb += [
                number.eq(index),
                value.eq(Array(values)[number]),
                enable.eq(Array(list(endpoint.we))[number]),
            ]
            return value, enable

        beat_value, beat_enable = byte_of(sink, 1)
        word_value, word_enable = byte_of(words, ratio)
        accepted, leaves = self.both(sink.valid, sink.ready), self.both(words.valid, words.ready)
        here = self.both(
            sink.address[bits:] == word_address, sink.address[:bits] == place if bits else 1
        )
        beat = self.both(accepted, here, beat_enable)
        of_the_byte = self.both(words.address == word_address, word_enable)

        # Whether the byte waits to leave, its latest value, whether any beat waits, and the cycles
        # since the last beat. A beat that fills a word does not wait.
        waits, latest, age = Signal(), Signal(8), Signal(COUNT_BITS)
        any_waits = Signal()
        self.sync += [
            If(leaves, any_waits.eq(0)),
            If(accepted & (ratio > 1), any_waits.eq(1)),
            If(leaves & of_the_byte, waits.eq(0)),
            If(beat & (ratio > 1), waits.eq(1), latest.eq(beat_value)),
            If(accepted, age.eq(0)).Elif(age <= patience, age.eq(age + 1)),
        ]
        due, value, any_due = (waits, latest, any_waits) if bits else (beat, beat_value, accepted)

        # Claims -----------------------------------------------------------------------------------
        self.claim("byte_leaves_once", implies(
            leaves & (words.address == word_address), word_enable == due
        ))
        self.claim("no_word_without_a_beat", implies(leaves, any_due))
        self.claim("byte_is_the_latest", implies(leaves & of_the_byte, word_value == value))
        self.claim("byte_leaves_in_time", implies(
            waits & (age >= patience), words.valid & of_the_byte
        ))
        self.claim("beats_of_a_word_join", implies(
            any_waits & (age < patience) & sink.valid & (sink.address[bits:] == words.address),
            sink.ready & ~words.valid,
        ))
        self.claim("beats_wait_for_words_only", implies(sink.valid & ~sink.ready, words.valid))
        self.claim("idle_means_all_written", implies(
            self.normal & block.idle, (self.owed == 0) & ~waits & ~sink.valid
        ))
        self.claim("idle_in_the_end", implies(
            self.normal & (self.owed == 0) & ~sink.valid & ~words.valid & (age > patience),
            block.idle,
        ))
        if not bits:
            self.lemma("nothing_waits", ~waits & ~any_waits)
            return

        # Covers -----------------------------------------------------------------------------------
        others = self.both(waits, accepted, sink.address[bits:] == word_address, ~here)
        self.cover("word_of_two_beats", leaves & of_the_byte & self.after(others))
        self.cover("byte_written_again", beat & waits)
        self.cover("word_leaves_by_age", leaves & of_the_byte & (age >= patience))

        # Lemmas -----------------------------------------------------------------------------------
        held, wait = self.inside(block, "held"), self.inside(block, "wait")
        self.lemma("held_while_any_waits", held == any_waits)
        self.lemma("waits_in_the_held_word", waits == (held & of_the_byte))
        self.lemma("nothing_else_is_enabled", implies(word_enable, held))
        self.lemma("held_is_the_latest", implies(waits, word_value == latest))
        self.lemma("age_is_right", implies(held, wait == Mux(age < patience, age, patience)))
