"""Datagrams that arrive: every good frame in them comes back, as a whole, and nothing else does."""

from dataclasses import replace

import pytest

from litelic.host.link.protocol import UDP_PORT
from litelic.soc.link.frames import MAX_PAYLOAD, MAX_WORDS
from tests.soc.ethernet_bench import (
    BOARD,
    CLOCKS,
    OTHER_IP,
    OTHER_MAC,
    RECEIVE_WORDS,
    ROOM,
    alive,
    connected,
    line,
    sent,
)
from tests.soc.ethernet_frames import (
    BOARD_MAC,
    EVERYBODY_IP,
    EVERYBODY_MAC,
    HOST_IP,
    HOST_MAC,
    Arp,
    datagram,
    on_the_wire,
    ping,
)


@pytest.mark.parametrize("clocks", CLOCKS)
@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_frames_come_back(seed, clocks):
    """Any length, as close as they may come, after preambles that PHYs have shortened."""
    with connected(seed, *CLOCKS[clocks]) as bench:
        chance, expected = bench.chance, []
        lengths = [*range(64), *range(MAX_PAYLOAD - 4, MAX_PAYLOAD + 1)]
        lengths += [chance.randrange(1, MAX_PAYLOAD + 1) for _ in range(40)]
        chance.shuffle(lengths)
        for number, length in enumerate(lengths):
            expected.append(line(chance.randbytes(length), number))
            bench.put(datagram(expected[-1]), chance.choice((12, 12, 13, 50)),
                      chance.choice((7, 7, 3, 5)))
            if chance.random() < 0.3:
                bench.pace(chance.choice((255, 255, 60)))
            bench.run_until(lambda: len(bench.frames) > len(expected) - ROOM)
        bench.run_until(lambda: len(bench.frames) >= len(expected))
        bench.run(100)
        assert sent(bench) == expected
        assert bench.idle


def in_order(some, frames):
    """Whether all of them are among the frames, in their order."""
    left = iter(frames)
    return all(any(one == frame for frame in left) for one in some)


def damaged(frame, place):
    """A frame's bytes with one of them wrong; from the end, where `place` is negative."""
    data = bytearray(on_the_wire(frame))
    data[place] ^= 0x10
    return bytes(data)


# Two PHYs, since what preambles and FCS pass differs, and how much longer the slow one takes.
PHYS = {"62MHz": 1, "100Mbit": 16}

GOOD = line(b"no" * 20)
LONG = line(b"no" * 500)
TOO_LONG = line(bytes(MAX_PAYLOAD + 4))
FRAME = 14 + 20 + 8  # bytes before the frame in the datagram

REFUSED = {
    "another port": datagram(GOOD, target_port=UDP_PORT + 1),
    "another port, long": datagram(LONG, target_port=1),
    "another address": datagram(GOOD, target_ip="192.168.1.51"),
    "broadcast": datagram(GOOD, target_ip=EVERYBODY_IP, target_mac=EVERYBODY_MAC),
    "damaged IP header": datagram(GOOD, damage=0x10),
    "first fragment": datagram(GOOD, fragment=0x2000),
    "last fragment": datagram(GOOD, fragment=0x0010),
    "far fragment": datagram(GOOD, fragment=0x0100),
    "empty": datagram(b""),
    "not a frame": datagram(b"Hello, board?"),
    "too long": datagram(TOO_LONG),
    "longest": datagram(bytes(1472)),
    "a frame after something": datagram(bytes(4) + GOOD),
    "header only": datagram(LONG[:20]),
    "half a frame": datagram(LONG[:500]),
    "no CRC": datagram(LONG[:-4]),
    "a byte is missing": datagram(LONG[:-1]),
    "half a frame, says all": datagram(LONG[:500], length=8 + len(LONG)),
    "damaged magic": damaged(datagram(GOOD), FRAME),
    "damaged header": damaged(datagram(GOOD), FRAME + 9),
    "damaged CRC of the header": damaged(datagram(GOOD), FRAME + 16),
    "damaged payload": damaged(datagram(GOOD), FRAME + 30),
    "damaged CRC of the payload": damaged(datagram(GOOD), -5),
    "not IP": b"\x88\xb5".join((BOARD_MAC + HOST_MAC, bytes(50))),
}

# Nobody has to look at what is wrong with these, since the frame in them is good.
EITHER = {
    "says a byte more than it has": datagram(GOOD, length=8 + len(GOOD) + 1),
    "says much more than it has": datagram(GOOD, length=8 + 1000),
    "says less than it has": datagram(GOOD, length=8 + 20),
    "says that it is empty": datagram(GOOD, length=8),
    "says less than a header": datagram(GOOD, length=7),
    "another MAC address": datagram(GOOD, target_mac=HOST_MAC),
    "another frame behind it": datagram(GOOD + LONG),
    "damaged FCS": damaged(datagram(GOOD), -1),
}


@pytest.mark.parametrize("clocks", PHYS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_for_the_link(name, clocks):
    """It does not arrive, it is not answered, and its neighbours are whole."""
    frame = REFUSED[name]
    if not isinstance(frame, bytes):
        frame = replace(frame, source_ip=OTHER_IP, source_mac=OTHER_MAC)
    with connected(1, *CLOCKS[clocks]) as bench:
        for _ in range(3):
            bench.put(datagram(line(b"before")))
            bench.put(frame)
            bench.put(datagram(line(b"after")))
        bench.run(PHYS[clocks] * 3000)
        assert sent(bench) == [line(b"before"), line(b"after")] * 3
        bench.frames.clear()
        bench.put(frame)
        bench.run(PHYS[clocks] * 1000)
        assert bench.idle and not bench.frames
        assert alive(bench)


@pytest.mark.parametrize("clocks", PHYS)
@pytest.mark.parametrize("name", EITHER)
def test_what_is_wrong_around_a_good_frame(name, clocks):
    """It arrives as a whole or not at all, and so do its neighbours, which all do."""
    with connected(1, *CLOCKS[clocks]) as bench:
        for _ in range(3):
            bench.put(datagram(line(b"before")))
            bench.put(EITHER[name])
            bench.put(datagram(line(b"after")))
        bench.run(PHYS[clocks] * 3000)
        assert set(sent(bench)) <= {line(b"before"), GOOD, line(b"after")}
        assert [frame for frame in sent(bench) if frame != GOOD] == [
            line(b"before"), line(b"after")] * 3
        assert sent(bench).count(GOOD) <= 3 and bench.idle
        assert alive(bench)


@pytest.mark.parametrize("clocks", PHYS)
def test_a_frame_that_is_cut_anywhere(clocks):
    """The one behind it is seldom lost, the next never."""
    wire, lost = on_the_wire(datagram(GOOD)), 0
    with connected(1, *CLOCKS[clocks]) as bench:
        for cut in range(1, len(wire) - 4):
            bench.put(wire[:cut])
            frames = [line(b"next", cut), line(b"and then", cut)]
            for frame in frames:
                bench.put(datagram(frame))
            bench.run(PHYS[clocks] * 500)
            assert sent(bench) in (frames, frames[1:])
            lost += len(bench.frames) == 1
            bench.frames.clear()
        assert lost < 20


@pytest.mark.parametrize("clocks", PHYS)
@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_a_bad_line(seed, clocks):
    """Flipped bits, cut frames and noise: what comes back is whole, and most of what was good."""
    with connected(seed, *CLOCKS[clocks]) as bench:
        chance, good, spoilt = bench.chance, [], []
        for number in range(300):
            frame = line(chance.randbytes(chance.choice((0, 1, 10, 40, 200))), number)
            wire = bytearray(on_the_wire(datagram(frame)))
            fate = chance.random()
            if fate < 0.2:
                bit = chance.randrange(8 * len(wire))
                wire[bit // 8] ^= 1 << bit % 8
            elif fate < 0.4:
                del wire[chance.randrange(1, len(wire)):]
            elif fate < 0.5:
                wire = chance.randbytes(chance.randrange(1, 100))
            (good if fate >= 0.5 else spoilt).append(frame)
            bench.put(bytes(wire), gap=chance.choice((12, 40, 200)))
            bench.run(PHYS[clocks] * 200)
        bench.run(PHYS[clocks] * 2000)
        # The bit may have been one of the host's port, or none of the frame's.
        strays = [frame for frame in bench.frames if frame.data in spoilt]
        bench.frames = [frame for frame in bench.frames if frame not in strays]
        assert all((frame.source, frame.target[0]) == (BOARD, HOST_IP) for frame in strays)
        assert len({frame.data for frame in strays}) == len(strays) < len(spoilt) / 2
        assert in_order(sent(bench), good)
        assert len(bench.frames) > len(good) / 2  # a cut frame takes the next one with it
        bench.frames.clear()
        for _ in range(2):
            bench.put(ping(b"Is all well again?" * 3))
            bench.run(PHYS[clocks] * 1000)
        assert bench.frames
        assert alive(bench)


def test_nobody_takes_the_frames(seed):
    """The buffer fills and frames are lost, whole ones; ARP and ping do not wait."""
    with connected(seed) as bench:
        bench.pace(0)
        chance = bench.chance
        frames = [line(chance.randbytes(chance.randrange(1000, 1409)), n) for n in range(40)]
        for frame in frames:
            bench.put(datagram(frame))
        bench.put(Arp(Arp.REQUEST))
        bench.put(ping(b"Are you there?" * 4))
        bench.run_until(lambda: len(bench.frames) == 2)
        assert bench.frames[0] == Arp(Arp.REQUEST).reply(BOARD_MAC)
        assert bench.frames[1].payload == ping(b"Are you there?" * 4, kind=0).payload
        assert not bench.idle

        bench.frames.clear()
        bench.pace(100)
        bench.run(100_000)
        assert bench.idle
        assert in_order(sent(bench), frames)
        kept = sum(len(frame) // 4 - 2 for frame in sent(bench))  # words, without CRCs
        assert RECEIVE_WORDS - MAX_WORDS < kept <= RECEIVE_WORDS + 2
        assert alive(bench)


@pytest.mark.parametrize("length, count", [
    (MAX_PAYLOAD, ROOM), (RECEIVE_WORDS // 16 * 4 - 16, 16), (0, 16),
])
def test_the_buffer_holds_what_it_says(length, count, seed):
    """2,048 words, without CRCs, of up to 16 frames."""
    assert count * (MAX_WORDS - MAX_PAYLOAD // 4 + length // 4) <= RECEIVE_WORDS
    with connected(seed) as bench:
        bench.pace(0)
        frames = [line(bench.chance.randbytes(length), number) for number in range(count)]
        for frame in frames:
            bench.put(datagram(frame))
        bench.run(20_000)
        assert not bench.frames
        bench.pace()
        bench.run(20_000)
        assert sent(bench) == frames
