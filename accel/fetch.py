"""Take descriptors from a queue, run them one after the other, record what they cost."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.config import BEAT_BYTES
from litelic.accel.descriptor import COUNTERS, FIELDS, FLAG_INTERRUPT, MAGIC, RECORD_OFFSET, TRAFFIC

QUEUE_DEPTH = 32

# Descriptor ---------------------------------------------------------------------------------------


class Descriptor(Record):
    """The fields of the descriptor being run, 32 bits each."""

    def __init__(self):
        Record.__init__(self, [(name, 32) for name in FIELDS])


# Fetcher ------------------------------------------------------------------------------------------


class Fetcher(LiteXModule):
    """Run queued descriptors in order.

    `settle` is the number of cycles from `done` until the counters stand still.

    Attributes
    ----------
    queue      : byte addresses of descriptors.
    address, data : to and from a DRAM reader.
    descriptor : fields, valid from `start` to `done`.
    start      : everything may begin (one cycle).
    done       : every unit has finished and the DRAM has every byte.
    counters   : one signal a cause, cycles of the descriptor so far; `total` and traffic likewise.
    record     : to the DRAM writer, in beats: the completion record.
    written    : the DRAM has the record.
    completed  : number of descriptors finished since reset.
    interrupt  : a descriptor that asked for it is done (one cycle).
    malformed  : a descriptor had no magic; it was not run and nothing more will be.
    running    : a descriptor is under way.
    busy       : something is queued or running.
    """

    def __init__(self, config, address_width, beat_address_width, settle=0):
        port_bits = log2_int(config.port_bytes)
        self.queue = stream.SyncFIFO([("address", 32)], QUEUE_DEPTH)
        self.address = address = stream.Endpoint([("address", address_width)])
        self.data = data = stream.Endpoint([("data", 8 * config.port_bytes)])
        self.descriptor = Descriptor()
        self.start, self.done = Signal(), Signal()
        # Every descriptor clears them.
        self.counters = {
            name: Signal(32, reset_less=True) for name in ("total", *COUNTERS, *TRAFFIC)
        }
        self.record = record = stream.Endpoint(
            [("address", beat_address_width), ("data", 8 * BEAT_BYTES), ("we", BEAT_BYTES)]
        )
        self.written = Signal()
        self.completed = Signal(32)
        self.interrupt, self.malformed, self.busy = Signal(), Signal(), Signal()
        self.running = Signal()

        # # #

        fields = [getattr(self.descriptor, name) for name in FIELDS]
        fields_a_word = config.port_bytes // 4
        beats = len(fields) // fields_a_word
        asked, received = Signal(max=beats + 1), Signal(max=beats + 1)
        base = Signal(address_width)
        queue = self.queue.source
        self.comb += [
            base.eq(queue.address[port_bits:]),
            self.busy.eq(queue.valid & ~self.malformed),
        ]
        words_a_beat = BEAT_BYTES // 4
        words = [Constant(MAGIC, 32), *self.counters.values()]
        words += [Constant(0, 32)] * (-len(words) % words_a_beat)
        record_beats = len(words) // words_a_beat
        beat, settling = Signal(max=record_beats), Signal(max=max(2, settle + 1))
        # Not by NextValue, which would gate every bit of the data with a LUT.
        self.sync += If(data.valid, *[
            If(received == i, *[
                fields[fields_a_word * i + j].eq(data.data[32 * j : 32 * j + 32])
                for j in range(fields_a_word)
            ])
            for i in range(beats)
        ])
        self.fsm = fsm = FSM(reset_state="FETCH")
        fsm.act("FETCH",
            address.valid.eq(queue.valid & (asked != beats)),
            address.address.eq(base + asked),
            If(address.valid & address.ready, NextValue(asked, asked + 1)),
            data.ready.eq(1),
            If(data.valid, NextValue(received, received + 1)),
            If(received == beats,
                NextValue(asked, 0),
                NextValue(received, 0),
                If(fields[0] == MAGIC, NextState("START")).Else(NextState("MALFORMED")),
            ),
        )
        fsm.act("START",
            self.start.eq(1),
            NextState("RUN"),
        )
        fsm.act("RUN",
            self.running.eq(1),
            NextValue(beat, 0),
            NextValue(settling, settle),
            If(self.done, NextState("SETTLE" if settle else "RECORD")),
        )
        if settle:
            fsm.act("SETTLE",
                NextValue(settling, settling - 1),
                If(settling == 0, NextState("RECORD")),
            )
        fsm.act("RECORD",
            record.valid.eq(1),
            record.we.eq(2**BEAT_BYTES - 1),
            record.address.eq(
                queue.address[log2_int(BEAT_BYTES) :] + RECORD_OFFSET // BEAT_BYTES + beat
            ),
            record.data.eq(Array([
                Cat(*words[words_a_beat * i : words_a_beat * (i + 1)]) for i in range(record_beats)
            ])[beat]),
            If(record.ready,
                NextValue(beat, beat + 1),
                If(beat == (record_beats - 1), NextState("FINISH")),
            ),
        )
        fsm.act("FINISH",
            If(self.written,
                queue.ready.eq(1),
                NextValue(self.completed, self.completed + 1),
                self.interrupt.eq((self.descriptor.flags & FLAG_INTERRUPT) != 0),
                NextState("FETCH"),
            ),
        )
        fsm.act("MALFORMED", self.malformed.eq(1))
