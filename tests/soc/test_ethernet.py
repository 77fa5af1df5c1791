"""The link over UDP: ARP and ping, datagrams that leave, both ways at once."""

import zlib
from collections import Counter
from dataclasses import replace

import pytest
from migen import Module
from migen.fhdl.tools import list_targets

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import MAX_DATAGRAM, MAX_PAYLOAD, UDP_PORT, Frame, Request
from litelic.host.link.transport import DATAGRAM_WINDOW
from litelic.soc.link.ethernet import FLUSH_CYCLES, RECEIVE_BYTES, EthernetLink
from litelic.soc.link.receiver import Receiver
from tests.soc.ethernet_bench import (
    BOARD,
    CLOCKS,
    OTHER_IP,
    OTHER_MAC,
    ROOM,
    Bench,
    Phy,
    Top,
    alive,
    connected,
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


def test_only_crossings_run_with_the_ethernet_clocks():
    """Preamble, CRC and all behind them have the system's clock, whatever the PHY's is."""
    fragment = Top().get_fragment()
    bits = Counter()
    for domain, statements in fragment.sync.items():
        bits[domain] = sum(len(signal) for signal in list_targets(statements))
    assert bits["sys"] > 2000
    assert 0 < bits["eth_rx"] < 160 and 0 < bits["eth_tx"] < 160, bits


def test_what_a_host_keeps_on_its_way_finds_room():
    """So that a slow board does not lose anything: `DATAGRAM_WINDOW` in host/link/transport.py."""
    longest = len(Frame(Request.WRITE, 0, payload=bytes(MAX_PAYLOAD)).encode())
    assert longest % 4 == MAX_DATAGRAM % 4 == 0  # no bytes are wasted in the buffer's words
    link_fifo = Receiver.__init__.__defaults__[1]
    assert link_fifo == 2048
    assert DATAGRAM_WINDOW * longest <= RECEIVE_BYTES + link_fifo


@pytest.mark.parametrize("options, words", [
    ({"receive_bytes": 2048}, "receive_bytes=2048 .* two datagrams of 1408"),
    ({"transmit_bytes": 5000}, "transmit_bytes=5000 must be a power of two"),
])
def test_parameters_that_do_not_fit(options, words):
    with pytest.raises(LitelicError, match=words):
        EthernetLink(Phy(), 100e6, 1, BOARD_IP, **options)


def test_a_phy_of_another_width():
    phy = Module()
    phy.dw = 32
    with pytest.raises(LitelicError, match="8 bits, not of 32"):
        EthernetLink(phy, 100e6, 1, BOARD_IP)


# Datagrams that leave -----------------------------------------------------------------------------


def test_announcement():
    """What the board says before anybody talked to it goes to everybody."""
    with Bench(1) as bench:
        bench.write(b"LiteLIC boots\r\n")
        bench.run_until(lambda: bench.frames)
        assert bench.frames == [Datagram(
            b"LiteLIC boots\r\n", BOARD, (EVERYBODY_IP, UDP_PORT), EVERYBODY_MAC)]
        assert not bench.asked


@pytest.mark.parametrize("clocks", CLOCKS)
def test_every_short_length_leaves(clocks):
    """And the pings between them, none shorter than Ethernet allows."""
    with connected(1, *CLOCKS[clocks]) as bench:
        for length in (*range(1, 70), *range(MAX_DATAGRAM - 4, MAX_DATAGRAM + 1)):
            data = bench.chance.randbytes(length)
            bench.write(data)
            bench.run_until(lambda: bench.frames and bench.idle)
            assert sent(bench) == data
            bench.frames.clear()
            bench.put(ping(data[:60]))
            bench.run_until(lambda: bench.frames)
            assert bench.frames.pop().payload == ping(data[:60], kind=0).payload


def test_when_datagrams_leave():
    with connected(1) as bench:
        data = bench.chance.randbytes(3 * MAX_DATAGRAM + 5)
        bench.write(data)
        bench.run_until(lambda: len(sent(bench)) == len(data))
        assert [len(frame.data) for frame in bench.frames] == [MAX_DATAGRAM] * 3 + [5]
        assert sent(bench) == data
        bench.frames.clear()
        for _ in range(5):
            bench.write(b"pause")
            bench.run(FLUSH_CYCLES - 150)
            assert not bench.frames
        bench.run(FLUSH_CYCLES + 150)
        assert [frame.data for frame in bench.frames] == [b"pause" * 5]


def test_nobody_answers_to_arp():
    """The bytes wait, then a datagram is lost; the next host gets its own."""
    with connected(1) as bench:
        bench.hosts = {HOST_IP: HOST_MAC}
        bench.put(datagram(b"and gone", source_ip=OTHER_IP, source_mac=OTHER_MAC))
        bench.run(500)
        data = bench.chance.randbytes(20_000)
        bench.write(data)
        bench.run(20_000)
        assert not bench.frames and OTHER_IP in bench.asked
        bench.put(datagram(b"hello"))
        bench.run_until(lambda: bench.frames and bench.idle)
        bench.run(1000)
        assert 20_000 - 4 * MAX_DATAGRAM < len(sent(bench)) < 20_000
        assert data.endswith(sent(bench))


@pytest.mark.parametrize("clocks", CLOCKS)
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_both_ways_at_once(seed, clocks):
    """Random bytes each way at random speeds, among pings and ARP: all arrive, in order."""
    with connected(seed, *CLOCKS[clocks]) as bench:
        chance = bench.chance
        received, to_host, pings, asked = bytearray(), bytearray(), 0, 0
        for _ in range(60):
            for _ in range(chance.randrange(4)):
                data = chance.randbytes(chance.choice((1, 20, 500, 1408)))
                received += data
                bench.put(datagram(data), chance.choice((12, 500)))
                bench.run_until(lambda: len(bench.delivered) > len(received) - ROOM)  # noqa: B023
            kind = chance.random()
            if kind < 0.3:
                bench.put(ping(b"ping" * 14))
                pings += 1
            elif kind < 0.5:
                bench.put(Arp(Arp.REQUEST))
                asked += 1
            data = chance.randbytes(chance.choice((0, 1, 24, 3000)))
            to_host += data
            bench.write(data)
            bench.pace(chance.choice((30, 200, 255)), chance.choice((60, 200, 255)))
            bench.run(chance.choice((100, 5000)))
        bench.pace()
        bench.run_until(lambda: len(bench.delivered) == len(received) and bench.idle)
        bench.run(10_000)
        kinds = Counter(type(frame).__name__ for frame in bench.frames)
        bench.frames = [frame for frame in bench.frames if isinstance(frame, Datagram)]
        assert sent(bench) == to_host
        assert bench.delivered == received
        assert pings / 2 < kinds["Packet"] <= pings and asked / 2 < kinds["Arp"] <= asked
