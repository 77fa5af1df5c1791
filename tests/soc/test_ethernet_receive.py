"""Datagrams that arrive: all payloads reach the link, whole ones, and nothing else does."""

from dataclasses import replace

import pytest

from litelic.host.link.protocol import MAX_DATAGRAM, UDP_PORT
from litelic.soc.link.ethernet import RECEIVE_BYTES
from tests.soc.ethernet_bench import CLOCKS, OTHER_IP, OTHER_MAC, ROOM, alive, connected
from tests.soc.ethernet_frames import (
    BOARD_MAC,
    EVERYBODY_IP,
    EVERYBODY_MAC,
    HOST_MAC,
    Arp,
    datagram,
    on_the_wire,
    ping,
)


@pytest.mark.parametrize("clocks", CLOCKS)
@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_payloads_reach_source(seed, clocks):
    """Any length, as close as they may come, after preambles that PHYs have shortened."""
    with connected(seed, *CLOCKS[clocks]) as bench:
        chance, expected = bench.chance, bytearray()
        lengths = [*range(1, 64), *range(MAX_DATAGRAM - 4, MAX_DATAGRAM + 1)]
        lengths += [chance.randrange(1, MAX_DATAGRAM + 1) for _ in range(40)]
        chance.shuffle(lengths)
        for length in lengths:
            data = chance.randbytes(length)
            expected += data
            bench.put(datagram(data), chance.choice((12, 12, 13, 50)), chance.choice((7, 7, 3, 5)))
            if chance.random() < 0.3:
                bench.pace(source=chance.choice((255, 255, 60)))
            bench.run_until(lambda: len(bench.delivered) > len(expected) - ROOM)  # noqa: B023
        bench.run_until(lambda: len(bench.delivered) >= len(expected))
        bench.run(100)
        assert bench.delivered == expected
        assert bench.idle


def damaged(frame, bit):
    data = bytearray(on_the_wire(frame))
    data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


REFUSED = {
    "another port": datagram(b"no", target_port=UDP_PORT + 1),
    "another port, long": datagram(bytes(1000), target_port=1),
    "another address": datagram(b"no" * 20, target_ip="192.168.1.51"),
    "broadcast": datagram(b"no" * 20, target_ip=EVERYBODY_IP, target_mac=EVERYBODY_MAC),
    "damaged header": datagram(b"no" * 20, damage=0x10),
    "first fragment": datagram(b"no" * 20, fragment=0x2000),
    "last fragment": datagram(b"no" * 20, fragment=0x0010),
    "far fragment": datagram(b"no" * 20, fragment=0x0100),
    "empty": datagram(b""),
    "too long": datagram(bytes(MAX_DATAGRAM + 1)),
    "longest": datagram(bytes(1472)),
    "says more than it has": datagram(bytes(100), length=8 + 101),
    "says much more than it has": datagram(bytes(100), length=8 + 1000),
    "says less than a header": datagram(bytes(100), length=7),
    "FCS": damaged(datagram(b"no" * 50), 8 * 141),
    "FCS, payload": damaged(datagram(b"no" * 50), 8 * 60),
    "FCS, padded": damaged(datagram(b"no"), 8 * 61),
    "FCS, padding": damaged(datagram(b"no"), 8 * 50),
    "not IP": b"\x88\xb5".join((BOARD_MAC + HOST_MAC, bytes(50))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_for_the_link(name):
    """It does not arrive, it is not answered, and its neighbours are whole."""
    frame = REFUSED[name]
    if not isinstance(frame, bytes):
        frame = replace(frame, source_ip=OTHER_IP, source_mac=OTHER_MAC)
    with connected(1) as bench:
        for _ in range(3):
            bench.put(datagram(b"before"))
            bench.put(frame)
            bench.put(datagram(b"after"))
        bench.run(3000)
        assert bench.delivered == b"beforeafter" * 3
        bench.put(frame)
        bench.run(1000)
        assert bench.idle and not bench.frames
        assert alive(bench)  # and it is still the host who is answered


@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_a_bad_line(seed):
    """Flipped bits, cut frames and noise: what arrives is whole datagrams, most of them."""
    with connected(seed) as bench:
        chance, good = bench.chance, []
        for number in range(300):
            data = number.to_bytes(2) + chance.randbytes(chance.choice((1, 10, 40, 200)))
            wire = bytearray(on_the_wire(datagram(data)))
            fate = chance.random()
            if fate < 0.2:
                bit = chance.randrange(8 * len(wire))
                wire[bit // 8] ^= 1 << bit % 8
            elif fate < 0.4:
                del wire[chance.randrange(1, len(wire)):]
            elif fate < 0.5:
                wire = chance.randbytes(chance.randrange(1, 100))
            else:
                good.append(data)
            bench.put(bytes(wire), gap=chance.choice((12, 40, 200)))
            bench.run(200)
        bench.run(2000)
        arrived, rest = 0, bytes(bench.delivered)
        for data in good:
            if rest.startswith(data):
                arrived, rest = arrived + 1, rest[len(data):]
        assert not rest
        assert arrived > len(good) / 2  # a cut frame takes the next one with it
        for _ in range(2):
            bench.put(ping(b"Is all well again?" * 3))
            bench.run(1000)
        assert bench.frames
        assert alive(bench)


def test_nobody_takes_the_bytes():
    """The buffer fills and datagrams are lost, whole ones; ARP and ping do not wait."""
    with connected(1) as bench:
        bench.pace(source=0)
        data = [bench.chance.randbytes(bench.chance.randrange(1000, 1409)) for _ in range(40)]
        for one in data:
            bench.put(datagram(one))
        bench.put(Arp(Arp.REQUEST))
        bench.put(ping(b"Are you there?" * 4))
        bench.run_until(lambda: len(bench.frames) == 2)
        assert bench.frames[0] == Arp(Arp.REQUEST).reply(BOARD_MAC)
        assert not bench.delivered and not bench.idle

        bench.pace(source=100)
        bench.run(250_000)
        assert bench.idle
        rest = bytes(bench.delivered)
        kept = 0
        for one in data:
            if rest.startswith(one):
                rest, kept = rest[len(one):], kept + 1
        assert not rest and kept < 40
        # As many as there is room for, with up to three bytes lost at the end of each.
        assert RECEIVE_BYTES - 1408 < len(bench.delivered) + 3 * kept
        assert alive(bench)


def test_the_buffer_holds_what_it_says():
    with connected(1) as bench:
        bench.pace(source=0)
        data = [bench.chance.randbytes(1024) for _ in range(RECEIVE_BYTES // 1024)]
        for one in data:
            bench.put(datagram(one))
        bench.run(30_000)
        bench.pace(source=255)
        bench.run(40_000)
        assert bench.delivered == b"".join(data)
