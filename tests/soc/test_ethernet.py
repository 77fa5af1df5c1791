"""The line over UDP: ARP and ping, datagrams that leave, both ways at once."""

import zlib
from collections import Counter
from dataclasses import replace

import pytest
from migen import Module
from migen.fhdl.tools import list_targets

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import UDP_PORT
from litelic.soc.link.ethernet_line import EthernetLine
from litelic.soc.link.frames import MAX_PAYLOAD
from tests.soc.ethernet_bench import (
    BOARD,
    CLOCKS,
    OTHER_IP,
    OTHER_MAC,
    ROOM,
    Bench,
    Top,
    alive,
    connected,
    line,
    sent,
)
from tests.soc.ethernet_frames import (
    BOARD_IP,
    BOARD_MAC,
    EVERYBODY_IP,
    EVERYBODY_MAC,
    HOST_IP,
    HOST_MAC,
    Arp,
    Datagram,
    Packet,
    datagram,
    ping,
)

# The core -----------------------------------------------------------------------------------------


def test_arp():
    with Bench(1) as bench:
        question = Arp(Arp.REQUEST)
        for frame in (replace(question, target_ip="192.168.1.51"), question,
                      replace(question, to=BOARD_MAC), replace(question, target_ip="0.0.0.0")):
            bench.put(frame)
        bench.run(1000)
        assert bench.frames == [question.reply(BOARD_MAC)] * 2


@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_ping(seed):
    """Every length that finds room. Longer ones are ignored."""
    with connected(seed) as bench:
        for length in (*range(129), 500, 1400):
            data = bench.chance.randbytes(length)
            bench.put(ping(data, number=length))
            bench.run(200)
            if length <= 128:
                bench.run_until(lambda: bench.frames)
                assert bench.frames.pop().payload == ping(data, kind=0, number=length).payload
            assert not bench.frames
        assert alive(bench)


def test_many_pings_before_the_host_is_known():
    """Some are lost; what waits for the answer to ARP does not keep it out."""
    with Bench(1) as bench:
        bench.hosts = {HOST_IP: HOST_MAC}
        for number in range(8):
            bench.put(ping(bytes(40), number=number))
        bench.run(3000)
        assert bench.frames and bench.asked == [HOST_IP]
        assert {frame.payload for frame in bench.frames} <= {
            ping(bytes(40), kind=0, number=number).payload for number in range(8)
        }


def test_a_ping_that_is_shorter_than_its_frame():
    with connected(1) as bench:
        data = ping(b"12345").encode() + bytes(400)
        bench.put(data + zlib.crc32(data).to_bytes(4, "little"))
        bench.run_until(lambda: bench.frames)
        assert bench.frames[0].payload == ping(b"12345", kind=0).payload
        assert alive(bench)


def bits_of(top):
    """{clock domain: bits of registers}"""
    return Counter({
        domain: sum(len(signal) for signal in list_targets(statements))
        for domain, statements in top.get_fragment().sync.items()
    })


def test_only_crossings_run_with_the_ethernet_clocks():
    """Preamble, CRC and all behind them have the system's clock, if the PHY is fast."""
    bits = bits_of(Top())
    assert bits["sys"] > 2000
    assert 0 < bits["eth_rx"] < 160 and 0 < bits["eth_tx"] < 160, bits


def test_with_a_slow_phy_a_frame_is_made_and_checked_with_its_clocks():
    """There, a CRC each way and what else a MAC needs."""
    fast, slow = bits_of(Top()), bits_of(Top(slow=True))
    for domain in ("eth_rx", "eth_tx"):
        assert slow[domain] >= fast[domain] + 32, (domain, fast, slow)
    assert slow["sys"] < fast["sys"]


def test_a_phy_of_another_width():
    phy = Module()
    phy.dw = 32
    with pytest.raises(LitelicError, match="8 bits, not of 32"):
        EthernetLine(phy, 100e6, 1, BOARD_IP)


# Datagrams that leave -----------------------------------------------------------------------------


def test_to_everybody():
    """What a board says of itself: it needs no answer to ARP."""
    with Bench(1) as bench:
        frames = [line(b"LiteLIC boots\r\n"), line(b""), line(bytes(MAX_PAYLOAD))]
        bench.write(b"".join(frames))
        bench.run_until(lambda: len(bench.frames) == len(frames))
        assert bench.frames == [
            Datagram(frame, BOARD, (EVERYBODY_IP, UDP_PORT), EVERYBODY_MAC) for frame in frames]
        bench.run(1000)
        assert not bench.asked and bench.idle


@pytest.mark.parametrize("clocks", CLOCKS)
def test_every_short_length_leaves(clocks, seed):
    """And the pings between them, none shorter than Ethernet allows."""
    with connected(seed, *CLOCKS[clocks]) as bench:
        for length in (*range(61), *range(MAX_PAYLOAD - 4, MAX_PAYLOAD + 1)):
            data = bench.chance.randbytes(length)
            bench.put(datagram(line(data)))
            bench.run_until(lambda: bench.frames and bench.idle)
            assert sent(bench) == [line(data)]
            bench.frames.clear()
            bench.put(ping(data[:60]))
            bench.run_until(lambda: bench.frames)
            assert bench.frames.pop().payload == ping(data[:60], kind=0).payload


def test_nobody_answers_to_arp(seed):
    """The frames wait, then they are lost; the next host gets its own."""
    with connected(seed) as bench:
        bench.hosts = {HOST_IP: HOST_MAC}
        for number in range(ROOM):
            data = bench.chance.randbytes(MAX_PAYLOAD)
            bench.put(datagram(line(data, number), source_ip=OTHER_IP, source_mac=OTHER_MAC))
        bench.put(datagram(line(b"and I?")))
        bench.run(20_000)
        assert not bench.frames and not bench.idle
        bench.run_until(lambda: bench.frames)
        assert sent(bench) == [line(b"and I?")]
        assert bench.asked.count(OTHER_IP) > ROOM
        bench.run_until(lambda: bench.idle)
        assert alive(bench)


@pytest.mark.parametrize("clocks", CLOCKS)
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_both_ways_at_once(seed, clocks):
    """At random speeds, among pings and ARP: all that come go back, what is said goes to all."""
    with connected(seed, *CLOCKS[clocks]) as bench:
        chance = bench.chance
        expected, told, pings, asked = [], [], 0, 0

        def came(ip):
            return [frame for frame in bench.frames
                    if isinstance(frame, Datagram) and frame.target[0] == ip]

        for number in range(60):
            for _ in range(chance.randrange(4)):
                data = chance.randbytes(chance.choice((0, 1, 20, 500, 1408)))
                expected.append(line(data, number))
                bench.put(datagram(expected[-1]), chance.choice((12, 500)))
                bench.run_until(lambda: len(came(HOST_IP)) > len(expected) - ROOM)
            kind = chance.random()
            if kind < 0.3:
                bench.put(ping(b"ping" * 14))
                pings += 1
            elif kind < 0.5:
                bench.put(Arp(Arp.REQUEST))
                asked += 1
            elif kind < 0.8:
                told.append(line(chance.randbytes(chance.choice((0, 24, 1408))), number))
                bench.write(told[-1])
            bench.pace(chance.choice((60, 200, 255)))
            bench.run(chance.choice((100, 5000)))
        bench.pace()
        bench.run_until(lambda: len(came(HOST_IP)) == len(expected) and bench.idle)
        bench.run(10_000)
        kinds = Counter(type(frame) for frame in bench.frames)
        assert [frame.data for frame in came(EVERYBODY_IP)] == told
        bench.frames = came(HOST_IP)
        assert sent(bench) == expected
        assert kinds[Datagram] == len(expected) + len(told)
        assert pings / 2 < kinds[Packet] <= pings and asked / 2 < kinds[Arp] <= asked
