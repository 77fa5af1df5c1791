"""The sequencer against nested loops: what it issues, in which order, and how it counts time."""

import random
from collections import deque
from types import SimpleNamespace

import pytest
from migen.sim.core import passive

from litelic.accel.array import MultiplierArray
from litelic.accel.config import ArrayConfig
from litelic.accel.descriptor import COUNTERS, FLAG_GDN
from litelic.accel.epilogue import Epilogue, EpilogueLane
from litelic.accel.fetch import Descriptor
from litelic.accel.operands import OperandMemory
from litelic.accel.sequencer import RESULT_LAYOUT, Sequencer
from tests.accel.streams import pulse, read_fields, send, simulate, write_fields

CONFIG = ArrayConfig(reduction=4, outputs=4, pixels=4, epilogue=4, input_depth=1024)
# From a last word to the moment when all its results are in the middle memory.
RESULT_CYCLES = (
    OperandMemory.latency + MultiplierArray(CONFIG).latency + Epilogue.read_latency
    + CONFIG.drain_cycles + EpilogueLane.latency
)
POINTERS = 2 * CONFIG.weight_depth
RESULT = tuple(name for name, _ in RESULT_LAYOUT)
CAUSES = tuple(name for name in COUNTERS if name not in ("finish", "fetch"))


def random_run(chance):
    """Fields of a descriptor, its tiles (half, phase) and the segments of a tile."""
    gdn = chance.random() < 0.5
    fields = {
        name: chance.randrange(1, 100) for name in (
            "strip_pitch", "step_x", "step_y", "result_step_x", "result_step_y", "result_pitch",
            "norm_step", "output_step", "output_pitch",
        )
    }
    shape = {
        name: (chance.randint(1, 3), chance.randint(1, 3))
        for name in ("pixels", "norm_pixels", "tiles")  # rows, columns
    }
    fields.update({name: columns | rows << 16 for name, (rows, columns) in shape.items()})
    fields["flags"] = FLAG_GDN if gdn else 0
    fields["out_x"] = chance.randrange(100)
    fields["out_tile_bytes"] = chance.randrange(100)
    count = chance.randint(1, 3) + (chance.randint(1, 3) if gdn else 0)
    first_gdn = chance.randint(1, count - 1) if gdn else count
    segments = [
        {
            "words": chance.choice([1, 1, 2, 3, 8]),
            "rows": chance.randint(1, 3) if i < first_gdn else 1,
            "start": chance.randrange(200) if i < first_gdn else 0,
            "slot": chance.randrange(4), "gdn": int(i >= first_gdn),
            "final": int(i == count - 1), "release": int(i == first_gdn - 1),
        }
        for i in range(count)
    ]
    tiles = [
        {"half": chance.randrange(2), "phase": chance.randrange(16)}
        for _ in range(shape["tiles"][0] * shape["tiles"][1])
    ]
    return SimpleNamespace(gdn=gdn, fields=fields, shape=shape, segments=segments, tiles=tiles)


def words_of(run):
    return len(run.tiles) * sum(s["rows"] * s["words"] for s in run.segments)


def expected_words(run):
    """Every word in order, as `Monitor.words` has them."""
    f = run.fields
    weights = 0  # pointer of the segment's first word
    for t, tile in enumerate(run.tiles):
        column = t % run.shape["tiles"][1]
        output_phase = (f["out_x"] + column * f["out_tile_bytes"]) % 16
        for s in run.segments:
            gdn = s["gdn"]
            lines, columns = run.shape["norm_pixels" if gdn else "pixels"]
            step_y, step_x = (
                (f["result_pitch"], f["norm_step"]) if gdn else (f["step_y"], f["step_x"])
            )
            result_y, result_x = (
                (f["output_pitch"], f["output_step"]) if gdn
                else (f["result_step_y"], f["result_step_x"])
            )
            start = 0 if gdn else s["start"] + tile["phase"]
            position = output_phase if gdn or not run.gdn else 0
            for y in range(lines):
                for x in range(columns):
                    source = start + y * step_y + x * step_x
                    retire = int((y, x) == (lines - 1, columns - 1))
                    result = {
                        "position": position + y * result_y + x * result_x, "source": source,
                        "slot": s["slot"], "gdn": gdn, "segment_end": retire,
                        "tile_end": retire & s["final"],
                    }
                    for row in range(s["rows"]):
                        for word in range(s["words"]):
                            first = int((row, word) == (0, 0))
                            last = int((row, word) == (s["rows"] - 1, s["words"] - 1))
                            yield (
                                weights + row * s["words"] + word,
                                source + row * f["strip_pitch"] + word * CONFIG.reduction,
                                tile["half"], gdn, first, last, retire,
                                int(last and retire and s["release"]),
                                tuple(result[name] for name in RESULT) if last else None,
                            )
            weights += s["rows"] * s["words"]


class Monitor:
    """Notes what is issued, and checks that time is counted and weights have arrived.

    words : (weights, address, half, from_middle, first, last, retire, release, result).
    """

    def __init__(self, dut):
        self.dut = dut
        self.before = 0  # pointer that the run begins with
        self.arrived, self.due = 0, 0  # weight words of the run
        self.words, self.times = [], []
        self.taken = 0
        self.cycle = 0
        self.counts = dict.fromkeys(CAUSES, 0)

    @passive
    def watch(self):
        dut = self.dut
        issue = running = None  # a cycle before
        while True:
            yield
            self.cycle += 1
            causes = yield from read_fields(SimpleNamespace(**dut.causes), CAUSES)
            if running is not None:
                assert sum(causes) == running, f"causes {causes} while running is {running}"
                assert issue == causes[CAUSES.index("busy")]
            for name, high in zip(CAUSES, causes, strict=True):
                self.counts[name] += high
            running = not (yield dut.done)
            issue = yield dut.issue
            assert issue >= (yield dut.retire)
            if (yield dut.release):  # a cycle after the word that it belongs to
                assert self.times[-1] == self.cycle - 1
                self.words[-1] = (*self.words[-1][:7], 1, self.words[-1][8])
            if (yield dut.output_taken):
                assert (yield dut.output_free)
                self.taken += 1
            if issue:
                yield from self.note()
                assert self.words[-1][0] < self.arrived

    def note(self):
        dut = self.dut
        address = yield dut.operand_address
        gdn, last = (yield dut.from_middle), (yield dut.last)
        weights = ((yield dut.weights) - self.before) % POINTERS
        place = address % CONFIG.input_depth
        if gdn:
            place = yield dut.middle_address
        result = yield from read_fields(dut.result, RESULT)
        self.words.append((
            weights, place, address // CONFIG.input_depth, gdn, (yield dut.first), last,
            (yield dut.retire), 0, result if last else None,
        ))
        self.times.append(self.cycle)


def check_distances(words, times):
    """Results leave the array one after the other, and are there before they are normalised."""
    ends = [(t, w) for t, w in zip(times, words, strict=True) if w[5]]
    for (before, _), (after, _) in zip(ends, ends[1:], strict=False):
        assert after - before >= CONFIG.drain_cycles
    arrived = -1  # of the last result of a convolution in the middle memory
    for time, word in zip(times, words, strict=True):
        if word[3]:
            assert time > arrived
        elif word[5]:
            arrived = time + RESULT_CYCLES


@pytest.mark.parametrize("seed", range(8), indirect=True)
def test_order_of_work(seed):
    chance = random.Random(seed)
    descriptor = Descriptor()
    dut = Sequencer(CONFIG, descriptor)
    density = chance.choice([0.3, 0.7, 1])
    pending = deque()  # segments to come

    @passive
    def levels():
        while True:
            # As the ring does: there are never more words than it holds.
            if monitor.arrived < monitor.due and chance.random() < density:
                monitor.arrived += 1
            yield dut.arrived.eq((monitor.before + monitor.arrived) % POINTERS)
            free = ((yield dut.output_free) and not (yield dut.output_taken))
            yield dut.output_free.eq(free or chance.random() < density)
            yield

    @passive
    def feed():
        while True:
            if pending:
                yield from send(dut.segment, [pending.popleft()], chance, density)
            else:
                yield

    def bench():
        for _ in range(2):  # descriptors
            run = random_run(chance)
            expected = [
                (word[0], word[1] % (1 << 16 if word[3] else CONFIG.input_depth), *word[2:])
                for word in expected_words(run)
            ]
            yield from write_fields(descriptor, run.fields)
            yield
            monitor.words.clear()
            monitor.times.clear()
            monitor.taken = 0
            monitor.before = (monitor.before + monitor.due) % POINTERS
            monitor.arrived, monitor.due = 0, words_of(run)
            pending.extend(run.segments * len(run.tiles))
            yield from pulse(dut.start)
            yield from send(dut.tile, run.tiles, chance, density)
            while not (yield dut.done):
                yield
            assert monitor.words == expected
            assert monitor.arrived == monitor.due
            assert monitor.taken == len(run.tiles)
            check_distances(monitor.words, monitor.times)

    monitor = Monitor(dut)
    simulate(dut, levels(), monitor.watch(), feed(), bench())


def one_tile(dut, descriptor, run, chance, monitor, words):
    """Run the first tile, its `words` of weights and room for the output at hand."""
    monitor.arrived = words
    yield from write_fields(descriptor, run.fields)
    yield dut.arrived.eq(monitor.arrived)
    yield dut.output_free.eq(1)
    yield
    yield from pulse(dut.start)
    yield from send(dut.tile, run.tiles[:1], chance, 1)
    while not (yield dut.done):
        yield


def test_no_cycle_is_lost_between_segments(seed):
    """With weights at hand the array works in every cycle of a tile."""
    chance = random.Random(seed)
    run = random_run(chance)
    run.fields.update({"flags": 0, "tiles": 1 | 1 << 16, "pixels": 3 | 2 << 16})
    segment = {"words": 4, "rows": 2, "gdn": 0, "release": 0, "final": 0}
    segments = [segment, segment, segment | {"final": 1}]
    descriptor = Descriptor()
    dut = Sequencer(CONFIG, descriptor)
    monitor = Monitor(dut)

    simulate(
        dut, monitor.watch(), send(dut.segment, segments, chance, 1),
        one_tile(dut, descriptor, run, chance, monitor, 3 * 8),
    )
    assert monitor.times == list(range(monitor.times[0], monitor.times[0] + 3 * 6 * 8))


@pytest.mark.parametrize("early", (-1, 0, 1, 2))
def test_the_wait_for_the_last_result_begins_anew(early, seed):
    """Also when a convolution's result leaves as the wait for the one before it ends."""
    chance = random.Random(seed)
    run = random_run(chance)
    run.fields.update({
        "flags": FLAG_GDN, "tiles": 1 | 1 << 16, "pixels": 2 | 1 << 16, "norm_pixels": 1 | 1 << 16,
    })
    convolution = {
        "words": CONFIG.flush_cycles - early, "rows": 1, "gdn": 0, "release": 1, "final": 0,
    }
    normalisation = {"words": 2, "rows": 1, "gdn": 1, "release": 0, "final": 1}
    descriptor = Descriptor()
    dut = Sequencer(CONFIG, descriptor)
    monitor = Monitor(dut)
    segments = send(dut.segment, [convolution, normalisation], chance, 1)
    simulate(
        dut, monitor.watch(), segments,
        one_tile(dut, descriptor, run, chance, monitor, CONFIG.flush_cycles - early + 2),
    )
    check_distances(monitor.words, monitor.times)
    assert monitor.times[-2] == monitor.times[-3] + CONFIG.flush_cycles + 1
