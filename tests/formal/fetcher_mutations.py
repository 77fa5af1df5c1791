"""Ways to break the descriptor queue and `Fetcher`."""

from tests.formal.mutations import mutation

QUEUE = [
    mutation(
        "queue one shallower than announced",
        ('stream.SyncFIFO([("address", 32)], QUEUE_DEPTH)',
         'stream.SyncFIFO([("address", 32)], QUEUE_DEPTH - 1)'),
        breaks="takes_entries_while_there_is_room",
    ),
    mutation(
        "entry not given up",
        ("queue.ready.eq(1),", ""),
        breaks="level_is_right busy_means_entries",
    ),
    mutation(
        "entry given up when it starts",
        ("self.start.eq(1),", "self.start.eq(1), queue.ready.eq(1),"),
        breaks="level_is_right busy_means_entries record_behind_its_descriptor",
    ),
    mutation(
        "completed counts twice",
        ("self.completed + 1", "self.completed + 2"),
        breaks="completed_counts_the_records",
    ),
    mutation(
        "completed before the record is written",
        ("If(self.written,", "If(1,"),
        breaks="completed_counts_the_records level_is_right",
    ),
]

READING = [
    mutation(
        "a word not asked for",
        ("(asked != beats)", "(asked != beats - 1)"),
        breaks="asks_for_every_word",
    ),
    mutation(
        "words asked for without end",
        ("(asked != beats)", "1"),
        breaks="asks_for_every_word",
    ),
    mutation(
        "a word asked for twice",
        ("base + asked", "base + received"),
        breaks="asks_for_the_right_word",
    ),
    mutation(
        "asked although not granted",
        ("If(address.valid & address.ready,", "If(address.valid,"),
        breaks="asks_for_every_word asks_for_the_right_word",
    ),
    mutation(
        "count of the last descriptor kept",
        ("NextValue(asked, 0),", ""),
        breaks="asks_for_every_word",
    ),
    mutation(
        "a word refused",
        ("data.ready.eq(1),", "data.ready.eq(asked == beats),"),
        breaks="takes_every_word",
    ),
    mutation(
        "a word not counted",
        ("NextValue(received, received + 1)", "If(asked != 2, NextValue(received, received + 1))"),
        breaks="starts_or_refuses",
    ),
    mutation(
        "fields in the wrong place",
        ("data.data[32 * j : 32 * j + 32]", "data.data[32 * (j ^ 1) : 32 * (j ^ 1) + 32]"),
        breaks="fields_are_what_was_read starts_what_is_complete",
    ),
]

RUNNING = [
    mutation(
        "start before the last word",
        ("If(received == beats,", "If(received == beats - 1,"),
        breaks="starts_what_is_complete",
    ),
    mutation(
        "no look at the magic number",
        ("If(fields[0] == MAGIC,", "If(1,"),
        breaks="starts_what_is_complete",
    ),
    mutation(
        "good descriptors refused",
        ("If(fields[0] == MAGIC,", "If(0,"),
        breaks="nothing_else_is_malformed",
    ),
    mutation(
        "neither started nor refused",
        ('NextState("START")', 'NextState("FETCH")'),
        breaks="starts_or_refuses",
    ),
    mutation(
        "goes on after a malformed one",
        ('fsm.act("MALFORMED", self.malformed.eq(1))',
         'fsm.act("MALFORMED", self.malformed.eq(1), queue.ready.eq(1), NextState("FETCH"))'),
        breaks="stays_stopped level_is_right",
    ),
    mutation(
        "malformed but busy",
        ("self.busy.eq(queue.valid & ~self.malformed)", "self.busy.eq(queue.valid)"),
        breaks="busy_means_entries",
    ),
    mutation(
        "done not waited for",
        ("If(self.done, NextState", "If(1, NextState"),
        breaks="runs_until_done records_when_settled",
    ),
    mutation(
        "next one started without being read",
        ('NextState("FETCH")', 'NextState("START")'),
        breaks="starts_what_is_complete",
    ),
]

RECORDING = [
    mutation(
        "a record of counters that still move",
        ("If(settling == 0,", "If(1,"),
        breaks="records_when_settled",
    ),
    mutation(
        "a beat of the record left out",
        ("If(beat == (record_beats - 1),", "If(beat == (record_beats - 2),"),
        breaks="records_when_settled",
    ),
    mutation(
        "the record repeated until it is written",
        ("If(beat == (record_beats - 1),", "If((beat == (record_beats - 1)) & self.written,"),
        breaks="records_when_settled",
    ),
    mutation(
        "beats of the record swapped",
        ("])[beat]),", "])[beat ^ 1]),"),
        breaks="record_is_complete",
    ),
    mutation(
        "the record not waited for",
        ("If(record.ready,", "If(1,"),
        breaks="records_when_settled record_behind_its_descriptor",
    ),
    mutation(
        "beats of the record on top of each other",
        ("RECORD_OFFSET // BEAT_BYTES + beat", "RECORD_OFFSET // BEAT_BYTES"),
        breaks="record_behind_its_descriptor",
    ),
    mutation(
        "half a beat written",
        ("2**BEAT_BYTES - 1", "2**(BEAT_BYTES // 2) - 1"),
        breaks="record_at_its_place",
    ),
    mutation(
        "interrupt unasked",
        ("(self.descriptor.flags & FLAG_INTERRUPT) != 0", "1"),
        breaks="interrupt_when_finished",
    ),
]
