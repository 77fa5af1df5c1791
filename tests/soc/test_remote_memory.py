"""Reads and writes within windows are served, and nothing else happens to the DRAM."""

import random

import pytest
from litedram.common import LiteDRAMNativeReadPort, LiteDRAMNativeWritePort

from litelic.soc.link.frames import ANSWER, MAX_PAYLOAD, READ, WRITE
from litelic.soc.link.remote_memory import RemoteMemory
from tests.accel.streams import simulate
from tests.soc.link_frames import Frame, collect, send_words, words
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
        while (yield self.dut.busy):
            yield
        for _ in range(200):
            yield
            assert not (yield self.dut.busy)

    def run(self, stimulus, *more, limit=200_000):
        """Until all that `stimulus` has begun is done."""

        def all_of_it():
            yield from stimulus
            yield from self.settle()
            assert (yield self.dut.served) == len(self.answers)

        simulate(
            self.dut, all_of_it(), *more,
            self.memory.writes(self.writes), self.memory.reads(self.reads),
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
                header_only = frame.bare[0] >> 24 == WRITE
                for_cpu.append((frame.bare[:4] if header_only else frame.bare, way))
                continue
            content = result[0]
            answers.append((result[1], way))

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


def test_more_reads_than_answers_can_wait(seed):
    """Nobody takes answers for a while. All come from the window that was meant."""
    bench = Bench(seed)
    key, base, size, _ = WINDOWS[1]

    def stimulus():
        yield from bench.open_windows([(5, 0x3000, 0x100, True), WINDOWS[1]])
        yield bench.dut.served.eq(250)
        for n in range(40):
            yield from send_words(bench.dut.sink, read(n, 4 * n, key, 8).bare, bench.chance)
        yield from bench.settle()
        assert (yield bench.dut.served) == (250 + 40) % 256

    simulate(
        bench.dut, stimulus(), bench.memory.reads(bench.reads),
        collect(bench.dut.source, bench.answers, bench.chance, 0.05), limit=50_000,
    )
    content = bench.memory.content
    assert [frame for frame, _ in bench.answers] == [
        Frame(READ | ANSWER, n, 4 * n, key, content[base + 4 * n : base + 4 * n + 8]).bare
        for n in range(40)
    ]


@pytest.mark.parametrize("kind", (WRITE, READ))
def test_a_window_that_changes_while_it_is_looked_up(kind, seed):
    """It was the old one or the new one, and never something between them."""
    old, new, key = 0x400, 0x2000, 0x77
    for delay in range(24):
        bench = Bench(seed)
        before = bytes(bench.memory.content)
        data = bench.chance.randbytes(8)

        def change(bench=bench, delay=delay):
            yield from bench.open_windows([(key, old, 0x400, kind == WRITE)])
            for _ in range(delay):
                yield
            yield from bench.open_windows([(key, new, 0x10, kind == WRITE)])

        def stimulus(bench=bench, data=data):
            for _ in range(3):
                yield
            frame = write(1, 0x100, key, data) if kind == WRITE else read(1, 0x100, key, 8)
            yield from send_words(bench.dut.sink, frame.bare, bench.chance)
            while not (bench.answers or bench.for_cpu):
                yield
            yield from bench.settle()

        simulate(
            bench.dut, change(), stimulus(), bench.memory.writes(bench.writes),
            bench.memory.reads(bench.reads), collect(bench.dut.source, bench.answers, bench.chance),
            collect(bench.dut.cpu, bench.for_cpu, bench.chance),
        )
        expected = bytearray(before)
        if bench.answers and kind == WRITE:
            expected[old + 0x100 : old + 0x108] = data
        if bench.answers and kind == READ:
            assert bench.answers[0][0][4:] == words(before[old + 0x100 : old + 0x108])
        assert bench.memory.content == expected


@pytest.mark.parametrize("kind", (WRITE, READ))
def test_a_closed_window_is_closed(kind, seed):
    """Requests never stop; what was closed is so when it says so, and that it says soon."""
    bench = Bench(seed)
    key, other = WINDOWS[0][0], WINDOWS[1][0]
    closed = []

    def request(number, key):
        return write(number, 0, key, b"data") if kind == WRITE else read(number, 0, key, 400)

    def stimulus():
        yield from bench.open_windows([
            (key, 0x100, 0x800, kind == WRITE), (other, 0x1000, 0x800, kind == WRITE)])
        for n in range(60):
            frame = request(n, key if n % 2 else other)
            yield from send_words(bench.dut.sink, frame.bare, bench.chance)

    def cpu():
        for _ in range(400):
            yield
        yield from bench.open_windows([(key, 0x100, 0, kind == WRITE)])
        cycles = 0
        while (yield bench.dut.closing):
            cycles += 1
            yield
        assert 0 < cycles < 3000
        closed.append(len(bench.answers))

    bench.run(stimulus(), cpu())
    numbers = [frame[1] & 0xFFFF for frame, _ in bench.answers]
    late = [number for number in numbers[closed[0] + 1 :] if number % 2]
    assert not late and len(numbers) > closed[0] + 10
    assert len(bench.answers) + len(bench.for_cpu) == 60


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
