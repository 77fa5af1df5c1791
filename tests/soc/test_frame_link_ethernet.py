"""The link at the speed of its line, with everything that can happen to a datagram."""

import random

import pytest

from litelic.soc.link.frames import ANSWER, MAX_PAYLOAD, READ, WRITE
from tests.soc.ethernet_bench import BOARD, CLOCKS, HOST, Bench
from tests.soc.ethernet_frames import HOST_IP, HOST_MAC, Datagram, datagram
from tests.soc.frame_link_bench import MEMORY_BYTES, READ_KEY, WRITE_KEY, FrameTop
from tests.soc.link_frames import Frame

FASTEST = {"75MHz": (13333, 8000, 1), "100Mbit": CLOCKS["100Mbit"]}
LINE_BYTES = 8 + 14 + 20 + 8 + 24 + MAX_PAYLOAD + 4 + 12  # preamble to gap, of a full frame
COUNT = 60


def write(number, offset, data):
    return Frame(WRITE, number, offset, WRITE_KEY, data).line


def read(number, offset, length):
    return Frame(READ, number, offset, READ_KEY, length.to_bytes(4, "little")).line


def answers(bench):
    """What the host got, as frames on the line."""
    for frame in bench.frames:
        assert isinstance(frame, Datagram)
        assert (frame.source, frame.target, frame.target_mac) == (BOARD, HOST, HOST_MAC)
    return [frame.data for frame in bench.frames]


def acquainted(seed, clocks):
    """A bench whose board knows the host's MAC address."""
    bench = Bench(seed, *clocks, top=FrameTop)
    bench.hosts = {HOST_IP: HOST_MAC}
    bench.put(datagram(write(0, 0, b"hello...")))
    bench.run_until(lambda: bench.frames)
    bench.frames.clear()
    return bench


@pytest.mark.parametrize("clocks", FASTEST.values(), ids=FASTEST)
def test_as_fast_as_the_line(clocks, seed):
    """Full frames without a pause: none is lost, and answers come as fast as the requests."""
    chance = random.Random(seed)
    data = [chance.randbytes(MAX_PAYLOAD) for _ in range(COUNT)]
    sys_ps, eth_ps, spacing = clocks
    cycles = COUNT * LINE_BYTES * spacing * eth_ps // sys_ps
    with acquainted(seed, clocks) as bench:
        for number, part in enumerate(data):
            bench.put(datagram(write(number, number * MAX_PAYLOAD, part)))
        bench.run(int(cycles * 1.02) + 1000)
        assert answers(bench) == [
            Frame(WRITE | ANSWER, number, number * MAX_PAYLOAD, WRITE_KEY).line
            for number in range(COUNT)
        ]
        bench.frames.clear()
        # As many requests as fit are on their way at any time.
        for number in range(COUNT):
            line = read(number, number * MAX_PAYLOAD, MAX_PAYLOAD)
            bench.put(datagram(line), gap=LINE_BYTES - 90)
        bench.run(int(cycles * 1.02) + 1000)
        assert answers(bench) == [
            Frame(READ | ANSWER, number, number * MAX_PAYLOAD, READ_KEY, part).line
            for number, part in enumerate(data)
        ]
        bench.run_until(lambda: bench.idle)


@pytest.mark.parametrize("clocks", CLOCKS.values(), ids=CLOCKS)
def test_whatever_happens_to_datagrams(clocks, seed):
    """Lost, doubled, late, cut, with flipped bits: what is answered was done, and nothing else."""
    chance = random.Random(seed)
    content = bytearray(MEMORY_BYTES)
    with acquainted(seed, clocks) as bench:
        content[:8] = b"hello..."
        expected = []
        for number in range(150):
            length = chance.choice((1, 7, 64, chance.randrange(1, MAX_PAYLOAD + 1)))
            offset = chance.randrange((MEMORY_BYTES - length) // 4) * 4
            data = chance.randbytes(length)
            line = write(number, offset, data)
            kind = chance.random()
            if kind < 0.2:
                spoilt = bytearray(line)
                for _ in range(chance.choice((1, 1, 2, 9))):
                    spoilt[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
                bench.put(datagram(bytes(spoilt)))
                continue
            if kind < 0.3:
                bench.put(datagram(line[: chance.randrange(1, len(line))]))
                continue
            for _ in range(chance.choice((1, 1, 1, 2))):
                bench.put(datagram(line), gap=chance.choice((12, 100, 2000)))
                expected.append(Frame(WRITE | ANSWER, number, offset, WRITE_KEY).line)
            content[offset : offset + length] = data
        bench.run_until(lambda: len(bench.frames) == len(expected), limit=4_000_000)
        bench.run(5000)
        assert answers(bench) == expected
        bench.frames.clear()
        places = range(0, MEMORY_BYTES, MAX_PAYLOAD)
        wanted = [(place, min(MAX_PAYLOAD, MEMORY_BYTES - place)) for place in places]
        for number, (place, length) in enumerate(wanted):
            bench.put(datagram(read(number, place, length)), gap=LINE_BYTES)
        bench.run_until(lambda: len(bench.frames) == len(wanted), limit=4_000_000)
        assert b"".join(line[20:-4] for line in answers(bench)) == content
