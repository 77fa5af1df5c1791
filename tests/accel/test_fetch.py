"""The fetcher: descriptors in the order of the queue, their records, and what it refuses."""

import random

import pytest
from migen import log2_int
from migen.sim.core import passive

from litelic.accel.config import BEAT_BYTES, PORT_BYTES, ArrayConfig
from litelic.accel.descriptor import (
    COUNTERS,
    DESCRIPTOR_BYTES,
    FIELDS,
    FLAG_INTERRUPT,
    MAGIC,
    RECORD_OFFSET,
    TRAFFIC,
    pack,
    unpack_record,
)
from litelic.accel.fetch import QUEUE_DEPTH, Fetcher
from tests.accel.streams import pulse, read_fields, send, serve_reads, simulate

SLOTS = 8  # descriptors in the memory
RECORD_BEATS = 4


def fetcher(port_bytes):
    """A `Fetcher` for a memory of 1 MB."""
    widths = [20 - log2_int(size) for size in (port_bytes, BEAT_BYTES)]
    return Fetcher(ArrayConfig(port_bytes=port_bytes), *widths)


class Bench:
    """A fetcher, a memory of random descriptors, and units that take random times."""

    def __init__(self, seed, port_bytes):
        self.chance = random.Random(seed)
        self.port_bytes = port_bytes
        self.dut = fetcher(port_bytes)
        self.memory = bytearray(SLOTS * DESCRIPTOR_BYTES)
        self.fields = []
        for slot in range(SLOTS):
            fields = {name: self.chance.getrandbits(32) for name in FIELDS}
            fields["magic"] = MAGIC
            self.fields.append(fields)
            first = slot * DESCRIPTOR_BYTES
            self.memory[first : first + RECORD_OFFSET] = pack(fields)
        self.started = []  # the fields at every start
        self.records = []  # the counters that were shown at every end
        self.events = []  # "start", "record", "interrupt", ...
        self.asked = []  # words of the port

    def reader(self):
        return serve_reads(
            self.dut.address, self.dut.data, self.memory, self.chance, self.chance.choice([0.3, 1]),
            asked=self.asked,
        )

    def words_of(self, slot):
        """The words of the port that hold the fields of a descriptor."""
        first = slot * DESCRIPTOR_BYTES
        end = first + 4 * len(FIELDS)
        return list(range(first // self.port_bytes, -(-end // self.port_bytes)))

    @passive
    def units(self):
        """Start, run, be done; counters show random numbers."""
        dut, chance = self.dut, self.chance
        while True:
            yield
            assert not (yield dut.running)
            if not (yield dut.start):
                continue
            self.events.append("start")
            self.started.append(dict(zip(
                FIELDS, (yield from read_fields(dut.descriptor, FIELDS)), strict=True,
            )))
            for _ in range(chance.randrange(1, 30)):
                yield
                assert (yield dut.running) and not (yield dut.start)
                assert not (yield dut.record.valid)
            shown = {name: chance.getrandbits(32) for name in dut.counters}
            for name, signal in dut.counters.items():
                yield signal.eq(shown[name])
            self.records.append(shown)
            yield dut.done.eq(1)
            yield
            yield dut.done.eq(0)
            yield

    @passive
    def writer(self):
        """The DRAM writer; `written` follows some time after the record's last beat."""
        dut, chance, taken = self.dut, self.chance, 0
        while True:
            ready = chance.random() < 0.5
            yield dut.record.ready.eq(ready)
            yield
            if not (ready and (yield dut.record.valid)):
                continue
            assert (yield dut.record.we) == 2**BEAT_BYTES - 1
            first = BEAT_BYTES * (yield dut.record.address)
            data = (yield dut.record.data).to_bytes(BEAT_BYTES, "little")
            self.memory[first : first + BEAT_BYTES] = data
            taken += 1
            if taken % RECORD_BEATS == 0:
                yield dut.record.ready.eq(0)
                for _ in range(chance.randrange(10)):
                    yield
                    assert not (yield dut.interrupt), "the record is not written yet"
                self.events.append("record")
                yield from pulse(dut.written)

    @passive
    def levels(self):
        """What runs is queued."""
        while True:
            yield
            assert (yield self.dut.busy) or not (yield self.dut.running)

    @passive
    def interrupts(self):
        while True:
            yield
            if (yield self.dut.interrupt):
                self.events.append("interrupt")


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_runs_the_queue_in_order(port_bytes, seed):
    bench = Bench(seed, port_bytes)
    dut, chance = bench.dut, bench.chance
    order = [chance.randrange(SLOTS) for _ in range(6)]
    queue = [{"address": slot * DESCRIPTOR_BYTES} for slot in order]

    def control():
        assert not (yield dut.busy)
        yield from send(dut.queue.sink, queue, chance, 0.1)
        while (yield dut.completed) < len(order):
            assert (yield dut.busy)
            yield
        assert not (yield dut.busy) and not (yield dut.malformed)

    simulate(
        dut, bench.reader(), bench.units(), bench.writer(), bench.interrupts(), bench.levels(),
        control(),
    )
    assert bench.started == [bench.fields[slot] for slot in order]
    assert bench.asked == [word for slot in order for word in bench.words_of(slot)]
    latest = dict(zip(order, bench.records, strict=True))
    for slot, counters in latest.items():
        first = slot * DESCRIPTOR_BYTES
        descriptor = bench.memory[first : first + DESCRIPTOR_BYTES]
        assert unpack_record(descriptor[RECORD_OFFSET:]) == counters
        assert descriptor[:RECORD_OFFSET] == pack(bench.fields[slot])
        used = RECORD_OFFSET + 4 * (1 + len(counters))
        assert not any(descriptor[used:])
    expected = []
    for slot in order:
        asks = bench.fields[slot]["flags"] & FLAG_INTERRUPT
        expected += ["start", "record", *(["interrupt"] if asks else [])]
    assert bench.events == expected
    assert set(bench.records[0]) == {"total", *COUNTERS, *TRAFFIC}


@pytest.mark.parametrize("bit, port_bytes", [(0, 16), (13, 32), (31, 64)])
def test_a_malformed_descriptor_stops_the_queue(bit, port_bytes, seed):
    bench = Bench(seed, port_bytes)
    dut, chance = bench.dut, bench.chance
    bench.memory[DESCRIPTOR_BYTES + bit // 8] ^= 1 << bit % 8  # of the second one's magic
    queue = [{"address": slot * DESCRIPTOR_BYTES} for slot in (0, 1, 2)]

    def control():
        yield from send(dut.queue.sink, queue, chance)
        while not (yield dut.malformed):
            yield
        for _ in range(50):
            yield
            assert (yield dut.malformed) and not (yield dut.busy)
            assert (yield dut.completed) == 1

    simulate(
        dut, bench.reader(), bench.units(), bench.writer(), bench.levels(), control(),
    )
    assert len(bench.started) == 1


def test_the_queue_holds_its_depth():
    dut = fetcher(16)

    def bench():
        yield dut.queue.sink.valid.eq(1)
        yield
        for _ in range(QUEUE_DEPTH):
            yield
            assert (yield dut.busy)
        assert (yield dut.queue.level) == QUEUE_DEPTH
        assert not (yield dut.queue.sink.ready)

    simulate(dut, bench())
