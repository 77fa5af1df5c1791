"""Weight requests against a plain list; the weight ring against a stream packed here by hand."""

import random
import struct
from types import SimpleNamespace

import pytest
from migen import Signal
from migen.sim.core import passive

from litelic.accel.config import BEAT_BYTES, PORT_BYTES, ArrayConfig
from litelic.accel.fetch import Descriptor
from litelic.accel.weights import SLOTS, WeightRequests, WeightRing
from litelic.accel.weights_format import SEGMENT_GDN, SEGMENT_LAST, SEGMENT_RELEASE
from tests.accel.streams import (
    pause,
    pulse,
    read_fields,
    receive,
    send,
    simulate,
    write_fields,
)

PARAMETERS = ("bias", "multiplier", "shift", "enable", "phase_row", "offset")

# Requests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_requests_repeat_for_every_tile(port_bytes, seed):
    chance = random.Random(seed)
    descriptor = Descriptor()
    dut = WeightRequests(ArrayConfig(port_bytes=port_bytes), descriptor, 20)

    def bench():
        for _ in range(3):
            columns, rows, words = (chance.randint(1, 4) for _ in range(3))
            first = chance.randrange(1 << 10)
            yield from write_fields(descriptor, {
                "tiles": columns | rows << 16, "weight_address": first * port_bytes,
                "weight_words": words,
            })
            yield
            assert (yield dut.done)
            yield from pulse(dut.start)
            asked, count = [], columns * rows * words
            yield from receive(dut.address, ["address"], count, asked, chance)
            assert asked == [(first + word,) for word in range(words)] * (columns * rows)
            for _ in range(3):
                yield
                assert (yield dut.done) and not (yield dut.address.valid)

    simulate(dut, bench())


# Ring ---------------------------------------------------------------------------------------------


def random_segment(chance, config):
    """A segment; one that is larger than the ring has a single pixel."""
    large = chance.random() < 0.2
    words = chance.randint(1, 8) if not large else chance.randint(40, 80)
    rows = chance.randint(1, 4)
    pixels = chance.randint(1, 5) if words * rows <= config.weight_depth else 1
    used = chance.randint(1, config.outputs)
    return SimpleNamespace(
        words=words, rows=rows, pixels=pixels, delta_y=chance.randrange(8),
        delta_x=chance.randrange(300), flags=chance.randrange(8),
        weights=[
            chance.randbytes(config.reduction * config.outputs) for _ in range(words * rows)
        ],
        parameters=[
            {
                "bias": chance.randrange(-(2**31), 2**31), "multiplier": chance.randrange(2**16),
                "shift": chance.randrange(48), "enable": int(n < used),
                "phase_row": chance.randrange(4), "offset": chance.randrange(2**16),
            }
            for n in range(config.outputs)
        ],
    )


def beats_of(segment):
    header = struct.pack(
        "<HBBHBxI4x", segment.words, segment.rows, segment.delta_y, segment.delta_x, segment.flags,
        segment.words * segment.rows,
    )
    data = header
    for p in segment.parameters:
        data += struct.pack(
            "<iHBBH6x", p["bias"], p["multiplier"], p["shift"],
            p["phase_row"] | p["enable"] << 7, p["offset"],
        )
    data += b"".join(segment.weights)
    return [
        {"data": int.from_bytes(data[i : i + BEAT_BYTES], "little")}
        for i in range(0, len(data), BEAT_BYTES)
    ]


PADDING = {"data": 0}  # fills the last port word of a tile


class Reader:
    """Reads words of a ring, as the sequencer does: not before they are there."""

    def __init__(self, ring):
        self.ring = ring
        self.pointer, self.first = 0, 0
        self.reads = Signal()  # a word, in this cycle

    def read(self, rewind, retire):
        """Read a word: the pixel's last one (`rewind`), of the segment's last pixel (`retire`)."""
        ring = self.ring
        while (yield ring.arrived) == self.pointer:
            yield
        yield self.reads.eq(1)
        yield ring.pointer.eq(self.pointer)
        yield ring.retire.eq(retire)
        following = (self.pointer + 1) % (1 << ring.pointer_bits)
        if rewind and retire:
            self.first = following
        self.pointer = self.first if rewind else following
        yield
        yield self.reads.eq(0)
        yield ring.retire.eq(0)

    @passive
    def words(self, seen):
        """Append to `seen` what was read."""
        due = [False] * self.ring.latency
        while True:
            yield
            if due[0]:
                seen.append((yield self.ring.word))
            due = due[1:] + [(yield self.reads)]


@pytest.mark.parametrize("shape", [(4, 4), (8, 6)])
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_ring_replays_segments(shape, seed):
    chance = random.Random(seed)
    config = ArrayConfig(*shape, pixels=1, epilogue=1, weight_depth=64)
    descriptor = Descriptor()
    ring = WeightRing(config, descriptor)
    reader = Reader(ring)
    segments = [random_segment(chance, config) for _ in range(8)]
    strip_pitch = chance.randrange(200)
    density = chance.choice([0.3, 0.7, 1])
    in_use = []  # (slot, segment) whose parameters may still be asked for
    expected_words = []  # the words that were read, in order

    def compute():
        """As the sequencer: take a segment, read its words once a pixel."""
        yield descriptor.strip_pitch.eq(strip_pitch)
        for i, segment in enumerate(segments):
            yield from pause(chance, 0.7)
            yield ring.segment.ready.eq(1)
            yield
            while not (yield ring.segment.valid):
                yield
            yield ring.segment.ready.eq(0)
            got = yield from read_fields(
                ring.segment, ("words", "rows", "start", "slot", "gdn", "final", "release"),
            )
            assert got == (
                segment.words, segment.rows, segment.delta_y * strip_pitch + segment.delta_x,
                i % SLOTS, int(bool(segment.flags & SEGMENT_GDN)),
                int(bool(segment.flags & SEGMENT_LAST)),
                int(bool(segment.flags & SEGMENT_RELEASE)),
            )
            in_use.append((i % SLOTS, segment))
            for pixel in range(segment.pixels):
                for k, word in enumerate(segment.weights):
                    yield from read_word(
                        word, k == len(segment.weights) - 1, pixel == segment.pixels - 1,
                    )
        for _ in range(ring.latency + 1):
            yield

    def read_word(word, rewind, retire):
        yield from pause(chance, density)
        expected_words.append(int.from_bytes(word, "little"))
        yield from reader.read(rewind, retire)

    @passive
    def check_words():
        """Words come rotated as told two cycles before."""
        due, rotation = [None] * WeightRing.latency, [0, 0]
        while True:
            yield
            if due[0]:
                assert (yield ring.word) == rotated(expected_words.pop(0), rotation[0])
            due = due[1:] + [(yield reader.reads)]
            rotation = [rotation[1], following[0]]
            following[0] = chance.randrange(config.reduction)
            yield ring.rotation.eq(following[0])

    following = [0]

    def rotated(word, rotation):
        """Each output channel's weights, `rotation` lanes up."""
        reduction = config.reduction
        data = word.to_bytes(reduction * config.outputs, "little")
        channels = [data[i : i + reduction] for i in range(0, len(data), reduction)]
        return int.from_bytes(
            b"".join(c[reduction - rotation :] + c[: reduction - rotation] for c in channels),
            "little",
        )

    @passive
    def check_parameters():
        """Ask for parameters of slots in use; give the oldest up now and then."""
        while True:
            if not in_use:
                yield
                continue
            slot, segment = chance.choice(in_use)
            n = chance.randrange(config.outputs)
            yield ring.parameter_address.eq(slot * config.outputs + n)
            for _ in range(ring.parameter_latency + 1):
                yield
            got = yield from read_fields(ring.parameter, PARAMETERS)
            want = tuple(segment.parameters[n][name] for name in PARAMETERS)
            assert (got[0] - want[0]) % 2**32 == 0 and got[1:] == want[1:]
            if chance.random() < 0.1 or len(in_use) == SLOTS:
                in_use.pop(0)
                yield from pulse(ring.release_slot)
                yield

    beats = []
    for segment in segments:
        beats += [PADDING] * chance.choice([0, 0, 1, 3]) + beats_of(segment)
    stream = send(ring.data, beats, chance, density)
    simulate(ring, compute(), stream, check_words(), check_parameters())
    assert not expected_words


def test_ring_waits_for_a_free_slot(seed):
    """A fifth segment stays outside until the parameters of the first are given up; beats that
    only fill a port word do not."""
    chance = random.Random(seed)
    config = ArrayConfig(4, 4, 1, 1, weight_depth=64)
    dut = WeightRing(config, Descriptor())
    segments = [random_segment(chance, config) for _ in range(SLOTS + 1)]
    for segment in segments:
        segment.rows, segment.words, segment.weights = 1, 1, segment.weights[:1]
    beats = [beat for segment in segments[:-1] for beat in beats_of(segment)] + [PADDING] * 3
    done = []

    def feed():
        yield from send(dut.data, beats, chance, 1)
        done.append("four and what fills the word")
        yield from send(dut.data, beats_of(segments[-1]), chance, 1)
        done.append("the fifth")

    def bench():
        yield dut.segment.ready.eq(1)
        for _ in range(2 * len(beats)):
            yield
        assert done == ["four and what fills the word"]
        for n in range(config.outputs):  # the first segment's are untouched
            yield dut.parameter_address.eq(n)
            for _ in range(dut.parameter_latency + 1):
                yield
            assert (yield dut.parameter.offset) == segments[0].parameters[n]["offset"]
        yield from pulse(dut.release_slot)

    simulate(dut, feed(), bench())
    assert done[1:] == ["the fifth"]


@pytest.mark.parametrize("shape", [(4, 4), (8, 6)])
def test_ring_is_full_to_the_last_word(shape, seed):
    """A segment of all its words is there for a second pixel; the next segment's word waits. None
    is told before it is in the memory."""
    chance = random.Random(seed)
    config = ArrayConfig(*shape, pixels=1, epilogue=1, weight_depth=64)
    ring = WeightRing(config, Descriptor())
    reader = Reader(ring)
    large, small = random_segment(chance, config), random_segment(chance, config)
    small.words, small.rows, small.weights = 1, 1, small.weights[:1]
    large.words, large.rows = 16, 4
    large.weights = [
        chance.randbytes(config.reduction * config.outputs) for _ in range(config.weight_depth)
    ]
    seen, fed = [], []

    def feed():
        yield from send(ring.data, beats_of(large), chance, 1)
        yield from send(ring.data, beats_of(small)[:-1], chance, 1)
        yield from send(ring.data, beats_of(small)[-1:], chance, 1)
        yield from send(ring.data, [PADDING] * 2, chance, 1)  # two beats wait inside
        fed.append("the last word")

    @passive
    def memory():
        while True:
            yield
            if (yield ring.storage.write_enable):
                place = yield ring.storage.write_address
                assert (yield ring.complete.input) % config.weight_depth == place

    def bench():
        yield ring.segment.ready.eq(1)
        for _ in range(4 * config.weight_depth * config.weight_beats):
            yield
        assert not fed
        for retire in (0, 1):
            for k in range(config.weight_depth):
                yield from reader.read(k == config.weight_depth - 1, retire)
        for _ in range(ring.latency + 4):
            yield
        assert seen == 2 * [int.from_bytes(word, "little") for word in large.weights]
        assert fed

    simulate(ring, feed(), bench(), reader.words(seen), memory())
