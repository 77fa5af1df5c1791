"""Reads and writes within windows are served, and nothing else happens to the DRAM."""

import random

import pytest
from litedram.common import LiteDRAMNativeReadPort, LiteDRAMNativeWritePort

from litelic.soc.link.frames import ANSWER, MAX_PAYLOAD, READ, WRITE
from litelic.soc.link.remote_memory import RemoteMemory
from tests.accel.streams import simulate
from tests.soc.link_frames import Frame, collect, send_words
from tests.soc.native_memory import NativeMemory

BYTES = 1 << 14
WINDOWS = (  # key, base, size, writable
    (0x1234_5678, 0x100, 0x800, True),
    (0x1234_5679, 0x100, 0x800, False),
    (0x8765_4321, 0x1000, 0x1001 * 2, True),
    (0xFFFF_FFFF, 0x3FF0, 0x10, False),
)


class Bench:
    """The host's side, the CPU's, and the memory."""

    def __init__(self, seed, width=128, cpu_speed=0.5):
        self.chance = random.Random(seed)
        self.writes = LiteDRAMNativeWritePort(address_width=14, data_width=width)
        self.reads = LiteDRAMNativeReadPort(address_width=14, data_width=width)
        self.dut = RemoteMemory(self.writes, self.reads, way_bits=6)
        self.memory = NativeMemory(BYTES, seed, grant=0.8)
        self.memory.content[:] = self.chance.randbytes(BYTES)
        self.answers, self.for_cpu = [], []
        self.cpu_speed = cpu_speed

    def open_windows(self, windows=WINDOWS):
        table = self.dut.windows
        for n, (key, base, size, writable) in enumerate(windows):
            yield table.entry.eq(2 * n)
            yield table.new_key.eq(key)
            yield table.new_base.eq(base)
            yield table.new_size.eq(size)
            yield table.new_writable.eq(writable)
            yield table.load.eq(1)
            yield
        yield table.load.eq(0)
        yield

    def settle(self):
        quiet = 0
        while quiet < 200:
            busy = (yield self.dut.serving) or (yield self.dut.cpu.valid)
            quiet = 0 if busy else quiet + 1
            yield

    def run(self, stimulus, limit=200_000):
        simulate(
            self.dut, stimulus, self.memory.writes(self.writes), self.memory.reads(self.reads),
            collect(self.dut.source, self.answers, self.chance, 0.9),
            collect(self.dut.cpu, self.for_cpu, self.chance, self.cpu_speed), limit=limit,
        )


def write(sequence, offset, key, data):
    return Frame(WRITE, sequence, offset, key, data)


def read(sequence, offset, key, length):
    return Frame(READ, sequence, offset, key, length.to_bytes(4, "little"))


def served(frame, content):
    """What the DRAM holds afterwards, and the answer; None if the CPU has to answer."""
    content = bytearray(content)
    type, sequence = frame.bare[0] >> 24, frame.bare[1] & 0xFFFF
    offset, key = frame.bare[2:4]
    if type not in (WRITE, READ) or offset % 4:
        return None
    length = len(frame.payload) if type == WRITE else int.from_bytes(frame.payload, "little")
    if type == READ and len(frame.payload) != 4 or not 0 < length <= MAX_PAYLOAD:
        return None
    for window_key, base, size, writable in WINDOWS:
        if key == window_key and writable == (type == WRITE) and offset + length <= size:
            address, payload = base + offset, b""
            if type == WRITE:
                content[address : address + length] = frame.payload
            else:  # whole words: the last one's other bytes are what lies there
                payload = bytes(content[address : address + (length + 3) // 4 * 4])
            answer = Frame(type | ANSWER, sequence, offset, key, payload)
            if type == READ:
                answer.bare[1] = sequence | length << 16
            return content, answer.bare
    return None


def requests(chance, count):
    """Random ones: most of them good, the others beside a window's end, or of another kind."""
    for sequence in range(count):
        key, _, size, writable = chance.choice(WINDOWS)
        kind = chance.random()
        if kind < 0.1:
            yield Frame.random(chance, 300)
            continue
        length = min(chance.choice((1, 3, 4, chance.randrange(1, 64), 200)), size)
        offset = chance.randrange(0, (size - length) // 4 + 1) * 4
        if kind < 0.2:
            key ^= 1 << chance.randrange(32)
        elif kind < 0.3:
            offset = chance.choice((size - length + 4, size, 0xFFFF_FFFC, 0x8000_0000)) & ~3
        elif kind < 0.4:
            offset |= chance.randrange(1, 4)
        elif kind < 0.5:
            writable = not writable
        elif kind < 0.55:
            length = 0
        if writable:
            yield write(sequence, offset, key, chance.randbytes(length))
        elif kind < 0.6:
            yield Frame(READ, sequence, offset, key, chance.randbytes(chance.choice((0, 3, 5, 8))))
        else:
            yield read(sequence, offset, key, chance.choice((length, length, MAX_PAYLOAD + 1)))


@pytest.mark.parametrize("width", (128, 512))
@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_requests_of_all_kinds(seed, width):
    bench = Bench(seed, width)
    chance = bench.chance
    content = bytearray(bench.memory.content)
    answers, for_cpu = [], []

    def stimulus():
        nonlocal content
        yield from bench.open_windows()
        for frame in requests(chance, 50):
            way = chance.randrange(64)
            yield from send_words(bench.dut.sink, frame.bare, chance, 0.9, way=way)
            result = served(frame, content)
            if result is None:
                for_cpu.append((frame.bare, way))
                continue
            content = result[0]
            answers.append((result[1], way))
        yield from bench.settle()

    bench.run(stimulus())
    assert bench.answers == answers and len(answers) > 10
    assert bench.for_cpu == for_cpu and len(for_cpu) > 10
    assert bench.memory.content == content


def test_what_was_answered_is_in_the_memory(seed):
    bench = Bench(seed)
    data = bench.chance.randbytes(100)

    def stimulus():
        yield from bench.open_windows()
        yield from send_words(bench.dut.sink, write(1, 8, WINDOWS[0][0], data).bare, bench.chance)
        while not bench.answers:
            yield
        assert bench.memory.content[0x108 : 0x108 + 100] == data

    bench.run(stimulus())


def test_a_closed_window_is_closed(seed):
    """Once nothing has been served for a moment, nothing will be."""
    bench = Bench(seed)
    chance, key = bench.chance, WINDOWS[0][0]

    def stimulus():
        yield from bench.open_windows()
        for n in range(3):
            yield from send_words(bench.dut.sink, write(n, 0, key, b"data").bare, chance)
        yield from bench.open_windows([(key, 0x100, 0, True)])
        while (yield bench.dut.serving):
            yield
        before = bytes(bench.memory.content)
        yield from send_words(bench.dut.sink, write(9, 0, key, b"late").bare, chance)
        yield from bench.settle()
        assert bench.memory.content == before

    bench.run(stimulus())
    assert len(bench.answers) == 3
    assert [frame for frame, _ in bench.for_cpu] == [write(9, 0, key, b"late").bare]


@pytest.mark.parametrize("kind", (WRITE, READ))
def test_a_word_a_cycle(kind, seed):
    """Long requests, back to back: next to nothing is lost between them."""
    bench = Bench(seed)
    bench.memory.grant = 1.0
    count, cycles = 8, [0]
    key = WINDOWS[2][0]

    def stimulus():
        yield from bench.open_windows([(key, 0x1000, 0x2000, kind == WRITE)])
        for n in range(count):
            frame = (write(n, 0, key, bytes(MAX_PAYLOAD)) if kind == WRITE
                     else read(n, 0, key, MAX_PAYLOAD))
            yield from send_words(bench.dut.sink, frame.bare, bench.chance)
        while len(bench.answers) < count:
            yield

    def clock():
        yield "passive"
        while True:
            yield
            cycles[0] += 1

    simulate(
        bench.dut, stimulus(), clock(), bench.memory.writes(bench.writes),
        bench.memory.reads(bench.reads), collect(bench.dut.source, bench.answers, bench.chance),
    )
    assert cycles[0] < count * (MAX_PAYLOAD // 4) * 1.25
