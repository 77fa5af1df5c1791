"""Two hosts and one link: whose bytes come in, and where answers go."""

import random

import pytest
from litex.gen import LiteXModule
from litex.soc.interconnect import stream

from litelic.soc.link.switch import LinkSwitch
from tests.accel.streams import simulate

SILENCE = 20


class Bench(LiteXModule):
    """A switch between two ways, and a device that echoes what it hears, one higher."""

    def __init__(self, seed, takes=(1.0, 1.0)):
        self.chance = random.Random(seed)
        self.takes = takes
        self.ways = [
            Way() for _ in takes
        ]
        self.switch = LinkSwitch(self.ways, SILENCE, depth=4)
        self.answers = [bytearray() for _ in takes]
        self.heard = bytearray()

    def say(self, way, data, density=0.7):
        """Bytes by a way; a PHY that can wait."""
        source = self.ways[way].source
        for byte in data:
            while self.chance.random() > density:
                yield
            yield source.data.eq(byte)
            yield source.valid.eq(1)
            yield
            while not (yield source.ready):
                yield
            yield source.valid.eq(0)

    def listen(self, way):
        yield "passive"
        sink = self.ways[way].sink
        while True:
            yield sink.ready.eq(self.chance.random() < self.takes[way])
            yield
            if (yield sink.valid) and (yield sink.ready):
                self.answers[way].append((yield sink.data))

    def device(self):
        yield "passive"
        switch, queue = self.switch, bytearray()
        while True:
            yield switch.source.ready.eq(self.chance.random() < 0.8)
            yield switch.sink.valid.eq(bool(queue))
            yield switch.sink.data.eq(queue[0] if queue else 0)
            yield
            if (yield switch.source.valid) and (yield switch.source.ready):
                byte = yield switch.source.data
                self.heard.append(byte)
                queue.append((byte + 1) % 256)
            if (yield switch.sink.valid) and (yield switch.sink.ready):
                del queue[0]

    def run(self, *hosts):
        listeners = [self.listen(n) for n in range(len(self.ways))]
        simulate(self, *hosts, *listeners, self.device())


class Way(LiteXModule):
    def __init__(self):
        self.source = stream.Endpoint([("data", 8)])
        self.sink = stream.Endpoint([("data", 8)])


def wait(cycles):
    for _ in range(cycles):
        yield


def raised(data):
    return bytes((byte + 1) % 256 for byte in data)


@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_hosts_take_turns_and_each_gets_its_own_answers(seed):
    bench = Bench(seed)
    said = [bytearray(), bytearray()]

    def hosts():
        for _ in range(6):
            way = bench.chance.randrange(2)
            data = bench.chance.randbytes(bench.chance.randrange(1, 30))
            yield from bench.say(way, data)
            said[way] += data
            yield from wait(6 * SILENCE)

    bench.run(hosts())
    assert bench.answers == [raised(data) for data in said]


@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_who_comes_between_waits_until_the_other_is_silent(seed):
    bench = Bench(seed)
    first, second = bench.chance.randbytes(60), bench.chance.randbytes(20)

    def one():
        yield from bench.say(0, first, density=0.9)

    def other():
        yield from wait(30)
        yield from bench.say(1, second)
        yield from wait(6 * SILENCE)

    bench.run(one(), other())
    assert bench.heard == first + second
    assert bench.answers == [raised(first), raised(second)]


@pytest.mark.parametrize("takes", [(0.5, 1.0), (0.5, 0.0)])
def test_before_anyone_has_spoken_everybody_is_told(seed, takes):
    bench = Bench(seed, takes)
    text = b"LiteLIC on a board"

    def announce():
        sink = bench.switch.sink
        for byte in text:
            yield sink.data.eq(byte)
            yield sink.valid.eq(1)
            yield
            while not (yield sink.ready):
                yield
            yield sink.valid.eq(0)
        yield from wait(SILENCE)

    listeners = [bench.listen(n) for n in range(2)]
    simulate(bench, announce(), *listeners)
    assert bench.answers == [text, text if takes[1] else b""]


def test_a_switch_of_one_way_is_a_wire(seed):
    bench = Bench(seed, takes=(0.6,))
    data = bench.chance.randbytes(40)

    def host():
        yield from bench.say(0, data)
        yield from wait(6 * SILENCE)

    bench.run(host())
    assert bench.heard == data and bench.answers == [raised(data)]
