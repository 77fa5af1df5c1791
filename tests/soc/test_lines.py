"""Frames over bytes and over datagrams, there and back."""

import random

import pytest

from litelic.soc.link.serial_line import SerialLine
from litelic.soc.link.udp_line import DatagramSender, UDPLine
from tests.accel.streams import simulate
from tests.soc.link_frames import Frame, collect, send_words, words

HOSTS = [(0xC0A80101, 50000), (0xC0A80102, 50001), (0x0A000001, 7)]
PORT = 2000


def way_of(host):
    return host[0] | host[1] << 32


def wait(cycles):
    for _ in range(cycles):
        yield


def test_bytes_there_and_back(seed):
    chance = random.Random(seed)
    dut, found, sent = SerialLine(5000), [], bytearray()
    frames = [Frame.random(chance, 120) for _ in range(20)]
    answers = [Frame.random(chance, 120) for _ in range(20)]

    def host():
        for byte in b"noise".join(frame.line for frame in frames):
            yield dut.sink.valid.eq(1)
            yield dut.sink.data.eq(byte)
            yield
            while not (yield dut.sink.ready):
                yield
        yield dut.sink.valid.eq(0)

    def line():
        yield "passive"
        while True:
            yield dut.source.ready.eq(int(chance.random() < 0.8))
            yield
            if (yield dut.source.valid) and (yield dut.source.ready):
                sent.append((yield dut.source.data))

    def board():
        for frame in answers:
            yield from send_words(dut.words, words(frame.line), chance, 0.7)
        while len(sent) < sum(len(frame.line) for frame in answers) or len(found) < len(frames):
            yield
        yield from wait(200)
        assert (yield dut.idle)

    simulate(dut, host(), board(), line(), collect(dut.frames, found, chance, 0.8))
    assert [frame for frame, _ in found] == [frame.bare for frame in frames]
    assert sent == b"".join(frame.line for frame in answers)


def test_a_serial_line_with_a_frame_is_not_idle(seed):
    """From its header on until the last word of it has been taken."""
    chance = random.Random(seed)
    dut, frame = SerialLine(5000), Frame(1, 2, 3, 4, chance.randbytes(40))

    def stimulus():
        for count, byte in enumerate(frame.line):
            yield dut.sink.valid.eq(1)
            yield dut.sink.data.eq(byte)
            yield
            while not (yield dut.sink.ready):
                yield
            assert count < 20 or not (yield dut.idle)
        yield dut.sink.valid.eq(0)
        yield
        for _ in range(50):
            assert not (yield dut.idle)
            yield
        yield dut.frames.ready.eq(1)
        yield from wait(50)
        assert (yield dut.idle)

    simulate(dut, stimulus())


class Core:
    """A LiteEth core's port: gives datagrams' words, and takes them without a gap."""

    def __init__(self, dut, chance):
        self.dut, self.chance, self.sent = dut, chance, []

    def give(self, host, data, last=True):
        """A datagram; `last` is missing where padding of the Ethernet frame follows."""
        dut = self.dut
        yield dut.sink.ip_address.eq(host[0])
        yield dut.sink.src_port.eq(host[1])
        items = words(data)
        for n, word in enumerate(items):
            yield dut.sink.valid.eq(1)
            yield dut.sink.data.eq(word)
            yield dut.sink.last.eq(last and n == len(items) - 1)
            yield
            yield dut.sink.valid.eq(0)
            while self.chance.random() < 0.2:
                yield
        yield from wait(2)
        yield dut.frame_end.eq(1)
        yield
        yield dut.frame_end.eq(0)

    def take(self):
        yield "passive"
        source, items = self.dut.source, []
        while True:
            pause = not items and self.chance.random() < 0.5
            yield source.ready.eq(0 if pause else int(self.chance.random() < 0.8))
            yield
            if not (yield source.valid):
                assert not items, "a gap in a datagram"
            elif (yield source.ready):
                items.append((yield source.data))
                assert (yield source.src_port) == PORT
                if (yield source.last):
                    assert (yield source.last_be) == 8
                    host = (yield source.ip_address), (yield source.dst_port)
                    self.sent.append((items, (yield source.length), host))
                    items = []


def test_a_udp_line_with_a_frame_is_not_idle(seed):
    chance = random.Random(seed)
    dut, frame = UDPLine(PORT, 512, 512), Frame(1, 2, 3, 4, chance.randbytes(40))
    core = Core(dut, chance)

    def stimulus():
        yield from core.give(HOSTS[0], frame.line)
        yield

    def watch():
        while not (yield dut.sink.valid):
            yield
        for _ in range(100):
            assert not (yield dut.idle)
            yield
        yield dut.frames.ready.eq(1)
        yield from wait(50)
        assert (yield dut.idle)

    simulate(dut, stimulus(), watch())


@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_datagrams_there_and_back(seed):
    chance = random.Random(seed)
    dut, found, expected = UDPLine(PORT, 1024, 1024), [], []
    core = Core(dut, chance)
    answers = [(Frame.random(chance), chance.choice(HOSTS)) for _ in range(30)]

    def host():
        for _ in range(40):
            frame, sender = Frame.random(chance, 300), chance.choice(HOSTS)
            kind = chance.random()
            if kind < 0.2:  # cut in the middle, perhaps without an end
                cut = chance.randrange(1, len(frame.line) // 4) * 4
                yield from core.give(sender, frame.line[:cut], chance.random() < 0.5)
                continue
            yield dut.fragment.eq(int(kind < 0.3))
            padding = bytes(chance.choice((0, 0, 4, 12)))
            yield from core.give(sender, frame.line + padding, chance.random() < 0.5)
            yield dut.fragment.eq(0)
            if kind >= 0.3:
                expected.append((frame.bare, way_of(sender)))

    def board():
        for frame, to in answers:
            yield from send_words(dut.words, words(frame.line), chance, 0.9, way=way_of(to))
        while len(core.sent) < len(answers) or len(found) < len(expected):
            yield
        yield from wait(2000)
        assert (yield dut.idle)

    simulate(dut, host(), board(), core.take(), collect(dut.frames, found, chance, 0.95))
    assert found == expected
    assert core.sent == [(words(frame.line), len(frame.line), to) for frame, to in answers]


def test_a_line_that_takes_nothing_loses_whole_frames(seed):
    """Others wait for it once, for its patience; what leaves afterwards is whole."""
    chance = random.Random(seed)
    dut, frames = DatagramSender(PORT, 512, patience=300), []
    core, times = Core(dut, chance), []

    def board():
        for n in range(12):
            frame = Frame(1, n, 2, 3, chance.randbytes(4 * chance.randrange(60, 90)))
            frames.append(frame)
            begin = len(times)
            yield from send_words(dut.sink, words(frame.line), chance, way=way_of(HOSTS[0]))
            frame.cycles = len(times) - begin
        dut.open = True
        yield from wait(3000)
        for n in range(12, 20):
            frame = Frame(1, n, 2, 3, chance.randbytes(400))
            frames.append(frame)
            yield from send_words(dut.sink, words(frame.line), chance, way=way_of(HOSTS[0]))
        yield from wait(3000)

    def clock():
        yield "passive"
        while True:
            times.append(None)
            yield

    def line():
        yield "passive"
        while not getattr(dut, "open", False):
            yield dut.source.ready.eq(0)
            yield
        yield from core.take()

    simulate(dut, board(), clock(), line(), limit=30_000)
    sent = [items for items, _, _ in core.sent]
    whole = [words(frame.line) for frame in frames]
    assert sent[-8:] == whole[-8:]
    kept = len(sent) - 8
    assert 2 <= kept < 12 and sent[:kept] == whole[:kept]
    assert [frame.cycles > 300 for frame in frames[:12]].count(True) == 1
