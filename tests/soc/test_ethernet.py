"""The link over UDP: real frames on the wire of a real core, and the bytes behind it."""

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
from tests.soc.ethernet_bench import Bench, Phy, Top
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
    on_the_wire,
    ping,
)

BOARD = (BOARD_IP, UDP_PORT)
HOST = (HOST_IP, 50000)
ROOM = RECEIVE_BYTES - 2*MAX_DATAGRAM  # a host keeps no more on its way
OTHER_IP, OTHER_MAC = "192.168.1.7", bytes.fromhex("020000000007")

# System clock, Ethernet clocks (ps), cycles of the latter a byte: gigabit with fast and slow
# systems, 100 Mbit/s.
CLOCKS = {"62MHz": (16000, 8000, 1), "100MHz": (10000, 8000, 1), "40MHz": (25000, 8000, 1),
          "100Mbit": (10000, 40000, 2)}


def connected(seed, *clocks):
    """A bench whose board has answered to a host."""
    bench = Bench(seed, *clocks)
    bench.hosts = {HOST_IP: HOST_MAC, OTHER_IP: OTHER_MAC}
    bench.put(datagram(b"hello"))
    bench.run_until(lambda: bench.delivered == b"hello")
    bench.delivered.clear()
    return bench


def sent(bench):
    """The bytes that the host got, after looking at everything around them."""
    for frame in bench.frames:
        assert isinstance(frame, Datagram)
        assert (frame.source, frame.target, frame.target_mac) == (BOARD, HOST, HOST_MAC)
        assert 0 < len(frame.data) <= MAX_DATAGRAM
    return b"".join(frame.data for frame in bench.frames)


def alive(bench):
    """Whether the board still takes the host's bytes and answers them."""
    bench.frames.clear()
    bench.delivered.clear()
    bench.put(datagram(b"alive?"))
    bench.run_until(lambda: bench.delivered == b"alive?")
    bench.write(b"alive!")
    bench.run_until(lambda: bench.frames)
    return sent(bench) == b"alive!"


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


# Datagrams that arrive ----------------------------------------------------------------------------


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
