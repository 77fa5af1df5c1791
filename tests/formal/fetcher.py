"""What is claimed of the descriptor queue and of `Fetcher`.

The claims speak of an observer that knows what it sees at the pins, not the fetcher's state: where
in its life the oldest entry of the queue is, and how much of it was asked for, read and recorded.
"""

import struct
from functools import reduce
from operator import and_

from migen import Array, Constant, If, Mux, Signal

from litelic.accel.config import BEAT_BYTES, ArrayConfig
from litelic.accel.descriptor import (
    FIELDS,
    FLAG_INTERRUPT,
    MAGIC,
    RECORD_OFFSET,
    unpack_record,
)
from litelic.accel.fetch import QUEUE_DEPTH, Fetcher
from tests.formal.fifos import FifoView
from tests.formal.properties import Properties, build, implies
from tests.formal.scoreboard import COUNT_BITS, Scoreboard

ADDRESS_BITS = 28  # of beats

# The life of an entry: its descriptor is read and run, the counters settle, the record is written,
# and has to reach the DRAM. A malformed descriptor stops everything.
READ, RUN, SETTLE, RECORD, FINISH, STOPPED = range(6)


def record_words(counters):
    """The words of a completion record, None where the format leaves one open."""
    numbered = struct.pack("<16I", MAGIC, *range(1, 16))
    places = unpack_record(numbered)
    words = [Constant(MAGIC, 32)] + [None] * max(places.values())
    for name, place in places.items():
        words[place] = counters[name]
    return words


class FetcherProof(Properties):
    """A fetcher among a CPU, units and DRAM ports that do anything at any time."""

    def __init__(self, port_bytes=16, settle=0, depth=QUEUE_DEPTH, block=Fetcher, **options):
        super().__init__(**options)
        port_bits = port_bytes.bit_length() - 1
        self.submodules.block, inside = build(
            block, ArrayConfig(port_bytes=port_bytes), ADDRESS_BITS + 4 - port_bits, ADDRESS_BITS,
            settle,
        )
        block = self.block
        finishing = block.fsm.ongoing("FINISH")
        block.finalize()  # so that the states have their numbers
        queue, address, data, record = block.queue.sink, block.address, block.data, block.record
        self.free(
            queue.valid, queue.address, address.ready, data.valid, data.data, block.done,
            record.ready, block.written, *block.counters.values(),
        )

        # Observer ---------------------------------------------------------------------------------
        phase, asked, read = Signal(3), Signal(COUNT_BITS), Signal(COUNT_BITS)
        recorded, completed, is_magic = Signal(COUNT_BITS), Signal(32), Signal()
        settled = Signal(COUNT_BITS)
        words = -(-len(FIELDS) * 4 // port_bytes)
        record_content = record_words(block.counters)
        record_beats = -(-len(record_content) * 4 // BEAT_BYTES)
        asks, reads, records = (
            self.both(address.valid, address.ready), self.both(data.valid, data.ready),
            self.both(record.valid, record.ready),
        )
        finishes = self.both(phase == FINISH, block.written)
        entries = Scoreboard(
            self, self.both(queue.valid, queue.ready), finishes, {"address": queue.address}
        )
        self.sync += [
            asked.eq(asked + asks),
            read.eq(read + reads),
            recorded.eq(recorded + records),
            completed.eq(completed + finishes),
            If(reads & (read == 0), is_magic.eq(data.data[:32] == MAGIC)),
            If(block.start, phase.eq(RUN), asked.eq(0), read.eq(0)),
            If(block.malformed, phase.eq(STOPPED), asked.eq(0), read.eq(0)),
            If((phase == RUN) & block.done, phase.eq(SETTLE if settle else RECORD), settled.eq(0)),
            If(phase == SETTLE, settled.eq(settled + 1), If(settled == settle, phase.eq(RECORD))),
            If(records & (recorded == record_beats - 1), phase.eq(FINISH), recorded.eq(0)),
            If(finishes, phase.eq(READ)),
        ]
        self.assume("one_word_an_address", implies(data.valid, read < asked))

        # Any one word of the descriptor: what the DRAM gave for it.
        chosen, chosen_data = self.constant(len(FIELDS).bit_length()), Signal(32)
        fields = [getattr(block.descriptor, name) for name in FIELDS]
        given = [data.data[i : i + 32] for i in range(0, len(data.data), 32)]
        by_place = (port_bytes // 4).bit_length() - 1
        field = Signal(32)
        self.comb += field.eq(Array(fields)[chosen])
        self.assume("a_field", chosen < len(FIELDS))
        self.sync += If(reads & (read == chosen[by_place:]),
            chosen_data.eq(Array(given)[chosen[:by_place]]),
        )

        # Claims: the queue ------------------------------------------------------------------------
        self.claim("takes_entries_while_there_is_room", queue.ready == (entries.inside < depth))
        self.claim("level_is_right", block.queue.level == entries.inside)
        self.claim("completed_counts_the_records", block.completed == completed)
        self.claim("busy_means_entries", block.busy == ((entries.inside != 0) & ~block.malformed))

        # Claims: reading --------------------------------------------------------------------------
        wanted = Signal(len(address.address))
        self.comb += wanted.eq(entries.tag["address"][port_bits:] + asked)
        self.claim("asks_for_every_word", address.valid == (
            (phase == READ) & (entries.inside != 0) & (asked < words) & ~block.malformed
        ))
        self.claim("asks_for_the_right_word", implies(
            address.valid & entries.last, address.address == wanted
        ))
        self.claim("takes_every_word", implies(data.valid, data.ready))

        # Claims: running --------------------------------------------------------------------------
        complete, patience = Signal(), Signal(2)
        self.comb += complete.eq((phase == READ) & (entries.inside != 0) & (read == words))
        self.sync += If(complete & ~block.start & ~block.malformed,
            patience.eq(patience + 1)
        ).Else(
            patience.eq(0)
        )
        self.claim("starts_what_is_complete", implies(block.start, complete & is_magic))
        self.claim("nothing_else_is_malformed", implies(
            block.malformed, (complete & ~is_magic) | (phase == STOPPED)
        ))
        self.claim("starts_or_refuses", implies(patience != 0, block.start | block.malformed))
        self.claim("stays_stopped", implies(phase == STOPPED, block.malformed))
        self.claim("runs_until_done", block.running == (phase == RUN))
        self.claim("fields_are_what_was_read", implies(
            block.start | (phase == RUN), field == chosen_data
        ))

        # Claims: the record -----------------------------------------------------------------------
        self.claim("records_when_settled", record.valid == (phase == RECORD))
        base = Signal(len(record.address))
        self.comb += base.eq(entries.tag["address"][4:] + RECORD_OFFSET // BEAT_BYTES + recorded)
        self.claim("record_at_its_place", implies(record.valid, record.we == 2**BEAT_BYTES - 1))
        self.claim("record_behind_its_descriptor", implies(
            record.valid & entries.last, record.address == base
        ))
        self.claim("record_is_complete", implies(record.valid, reduce(and_, [
            implies(recorded == i // 4, record.data[32 * (i % 4) : 32 * (i % 4) + 32] == word)
            for i, word in enumerate(record_content) if word is not None
        ])))
        asks_interrupt = (block.descriptor.flags & FLAG_INTERRUPT) != 0
        self.claim("interrupt_when_finished", block.interrupt == (finishes & asks_interrupt))

        # Covers: the claims are not about nothing -------------------------------------------------
        self.cover("queue_full", entries.inside == depth)
        self.cover("second_is_done", finishes & entries.last & (completed == 1))
        self.cover("interrupts", block.interrupt & self.after(self.reset))
        self.cover("stops_after_one", (phase == STOPPED) & (completed == 1))

        # Lemmas -----------------------------------------------------------------------------------
        fifo = FifoView(self, block.queue)
        self.lemma("queue_sound", fifo.sound & (fifo.level == entries.inside))
        self.lemma("followed_is_inside", implies(
            entries.follows, (entries.ahead != 0) & (entries.ahead <= entries.inside)
        ))
        self.lemma("followed_is_in_its_place", implies(
            entries.follows, fifo.item(entries.ahead - 1)[:32] == entries.tag["address"]
        ))
        self.lemma("something_is_run", implies(phase != READ, entries.inside != 0))
        self.lemma("counts_in_range", (read <= asked) & (asked <= words) & (phase <= STOPPED))
        self.lemma("nothing_counted_before_its_time", (
            ((phase == READ) & (entries.inside != 0)) | ((asked == 0) & (read == 0))
        ) & ((phase == RECORD) | (recorded == 0)) & (recorded < record_beats))
        asked_by_block, read_by_block = inside(block, "asked"), inside(block, "received")
        state, fetching = block.fsm.state, data.ready
        self.lemma("state_is_one", state < len(block.fsm.encoding))
        self.lemma("fetches_in_its_phase", implies(fetching, phase == READ))
        self.lemma("finishes_in_its_phase", finishing == (phase == FINISH))
        self.lemma("settles_in_its_phase", (phase == SETTLE) == ~(
            fetching | block.start | block.running | record.valid | finishing | block.malformed
        ))
        self.lemma("settles_as_observed", implies(
            phase == SETTLE, (settled <= settle) & (inside(block, "settling") == settle - settled)
        ))
        self.lemma("block_counts_as_observed", Mux(fetching,
            (asked_by_block == asked) & (read_by_block == read),
            (asked_by_block == 0) & (read_by_block == 0),
        ))
        self.lemma("beat_is_right", implies(
            (phase == SETTLE) | (phase == RECORD), inside(block, "beat") == recorded
        ))
        self.lemma("magic_is_kept", implies(
            read != 0, is_magic == (block.descriptor.magic == MAGIC)
        ))
        self.lemma("field_is_kept", implies(
            read > chosen[by_place:], field == chosen_data
        ))
