"""Sessions and windows on the simulated board, which two hosts can reach: by TCP and by UDP."""

import random
import struct

import pytest

from litelic.host.link.board import BoardError
from litelic.host.link.protocol import (
    RESPONSE,
    TAKE_OVER,
    WINDOWS,
    ErrorCode,
    Request,
)
from litelic.host.link.simulator import Simulator
from tests.system.raw import RawHost, connect, refused

FOUR = struct.pack("<I", 4)
ORDINARY = {  # requests that are served in a session only: payloads
    Request.PING: b"", Request.PROGRAM: bytes(4) + bytes([5]) * 32,
    Request.RUN: struct.pack("<III", 0, 1, 9),
    Request.OPEN: struct.pack("<IIII", 0, 0, 64, 0), Request.CLOSE: bytes(4), Request.BYE: b"",
    Request.REGISTER_READ: bytes(4), Request.REGISTER_WRITE: bytes(8), 0x55: b"",
}


@pytest.fixture(scope="module")
def simulator():
    with Simulator(array=None, ethernet=True) as running:  # as test_udp.py has it
        yield running


@pytest.fixture
def tcp(simulator):
    with RawHost(simulator.tcp_url) as host:
        yield host


@pytest.fixture
def udp(simulator):
    with RawHost(simulator.url) as host:
        yield host


def window(host, slot, number, base, size=64, writable=0):
    return int.from_bytes(host.open(slot, number, base, size, writable), "little")


def read(host, key, offset=0):
    return host.request(Request.READ, offset, FOUR, key)


# Keys ---------------------------------------------------------------------------------------------


def test_every_session_has_a_key_of_its_own(tcp):
    keys = set()
    for _ in range(10):
        tcp.hello()
        keys.add(tcp.key)
    assert len(keys) == 10 and 0 not in keys


def test_the_same_hello_is_the_same_session(tcp):
    """Its windows stay as they are."""
    answer = tcp.hello(nonce=77)
    key = window(tcp, 0, 0, 0)
    again = tcp.hello(nonce=77)
    assert (again.key, again.address) == (answer.key, 77)
    tcp.done(read(tcp, key))
    assert tcp.hello(nonce=78).key != answer.key
    refused(read(tcp, key), ErrorCode.WINDOW)


@pytest.mark.parametrize("kind", ORDINARY, ids=lambda kind: getattr(kind, "name", hex(kind)))
@pytest.mark.parametrize("stale", (False, True))
def test_a_key_that_is_not_the_sessions(tcp, kind, stale):
    """Nothing is done, whatever is asked for."""
    tcp.hello()
    old = tcp.key if stale else tcp.key ^ 1
    if stale:
        tcp.hello()
    tcp.done(tcp.request(Request.PROGRAM, 0, bytes(36)))
    answer = tcp.request(kind, 0, ORDINARY[kind], old)
    assert refused(answer, ErrorCode.SESSION).type == kind and answer.key == old
    tcp.done(tcp.request(Request.PING))
    assert tcp.discover()["program"] == "00" * 32


@pytest.mark.parametrize("kind", ORDINARY, ids=lambda kind: getattr(kind, "name", hex(kind)))
def test_without_a_session(tcp, kind):
    tcp.hello()
    tcp.done(tcp.request(Request.BYE))
    refused(tcp.request(kind, 0, ORDINARY[kind]), ErrorCode.SESSION)
    refused(tcp.request(kind, 0, ORDINARY[kind], 0), ErrorCode.SESSION)


def test_what_comes_late_is_not_done_again(tcp):
    """Programs have numbers, the next one or the last one."""
    tcp.hello()
    programs = [tcp.make(Request.PROGRAM, 0, struct.pack("<I", n) + bytes([n]) * 32)
                for n in range(3)]
    for number, frame in enumerate(programs[:2]):
        tcp.done(tcp.ask(frame))
        tcp.done(tcp.ask(frame))
        assert tcp.discover()["program"] == f"{number:02x}" * 32
    refused(tcp.ask(programs[0]), ErrorCode.ORDER, 2)
    tcp.done(tcp.ask(programs[1]))
    assert tcp.discover()["program"] == "01" * 32
    tcp.hello()
    refused(tcp.request(Request.PROGRAM, 0, programs[2].payload), ErrorCode.ORDER, 0)
    tcp.done(tcp.request(Request.PROGRAM, 0, bytes(36)))


def test_a_build_without_an_accelerator(tcp):
    tcp.hello()
    refused(tcp.ask(tcp.run(0, 0, 1)), ErrorCode.ACCELERATOR)


# Windows ------------------------------------------------------------------------------------------


def test_all_windows_at_the_same_time(tcp, seed):
    """Each leads to its own bytes, and to no others."""
    chance = random.Random(seed)
    tcp.hello()
    data = {slot: chance.randbytes(64) for slot in range(WINDOWS)}
    keys = [window(tcp, slot, 0, 0x1000 + 64 * slot, 64, 1) for slot in data]
    assert len(set(keys)) == WINDOWS
    for slot in chance.sample(list(data), WINDOWS):
        tcp.done(tcp.request(Request.WRITE, 0, data[slot], keys[slot]))
        refused(tcp.request(Request.WRITE, 64, b"more", keys[slot]), ErrorCode.WINDOW)
        refused(read(tcp, keys[slot]), ErrorCode.WINDOW)  # it may be written
    keys = [window(tcp, slot, 1, 0x1000 + 64 * slot) for slot in data]
    for slot in data:
        refused(tcp.request(Request.WRITE, 0, b"data", keys[slot]), ErrorCode.WINDOW)
        sixtyfour = struct.pack("<I", 64)
        assert tcp.request(Request.READ, 0, sixtyfour, keys[slot]).payload == data[slot]
        assert read(tcp, keys[slot], 12).payload == data[slot][12:16]


def test_what_is_closed_is_closed(tcp):
    tcp.hello()
    keys = [window(tcp, slot, 0, 64 * slot) for slot in range(3)]
    tcp.done(tcp.request(Request.CLOSE, 1, bytes(4)))
    refused(read(tcp, keys[1]), ErrorCode.WINDOW)
    for slot in (0, 2):
        tcp.done(read(tcp, keys[slot]))
    following = window(tcp, 1, 1, 0)
    assert following not in keys
    refused(read(tcp, keys[1]), ErrorCode.WINDOW)
    tcp.done(read(tcp, following))


def test_numbers_of_windows(tcp):
    """What comes late changes nothing."""
    tcp.hello()
    first = window(tcp, 3, 0, 0)
    assert window(tcp, 3, 0, 0) == window(tcp, 3, 0, 64) == first
    tcp.done(tcp.request(Request.CLOSE, 3, struct.pack("<I", 1)))  # not that one
    tcp.done(read(tcp, first))
    tcp.done(tcp.request(Request.CLOSE, 3, bytes(4)))
    tcp.done(tcp.request(Request.CLOSE, 3, bytes(4)))
    refused(tcp.request(Request.OPEN, 3, struct.pack("<IIII", 0, 0, 64, 0)), ErrorCode.ORDER, 0)
    second = window(tcp, 3, 5, 0)
    refused(read(tcp, first), ErrorCode.WINDOW)
    tcp.done(tcp.request(Request.CLOSE, 3, bytes(4)))
    tcp.done(read(tcp, second))
    third = window(tcp, 3, 6, 0)  # without closing the one before
    refused(read(tcp, second), ErrorCode.WINDOW)
    tcp.done(read(tcp, third))
    refused(tcp.request(Request.OPEN, 3, struct.pack("<IIII", 5, 0, 64, 0)), ErrorCode.ORDER, 5)


@pytest.mark.parametrize("end", (Request.HELLO, Request.BYE))
def test_windows_end_with_their_session(tcp, end):
    tcp.hello()
    keys = [window(tcp, slot, 7, 0, 64, slot % 2) for slot in range(WINDOWS)]
    if end == Request.BYE:
        tcp.done(tcp.request(end))
    else:
        tcp.hello()
    for slot, key in enumerate(keys):
        answer = tcp.request(Request.WRITE, 0, b"data", key) if slot % 2 else read(tcp, key)
        refused(answer, ErrorCode.WINDOW)
    tcp.hello()
    assert window(tcp, 0, 0, 0) not in keys


def test_zero_is_no_key(tcp):
    """Closed windows have it."""
    tcp.hello()
    window(tcp, 0, 0, 0)
    tcp.done(tcp.request(Request.CLOSE, 0, bytes(4)))
    refused(read(tcp, 0), ErrorCode.WINDOW)
    refused(tcp.request(Request.WRITE, 0, b"data", 0), ErrorCode.WINDOW)


# Two hosts ----------------------------------------------------------------------------------------


def busy(holder, other):
    """The answer to a HELLO of another host while the first one speaks all the time."""
    # So many that the simulation takes much longer for them than we may be kept from running.
    pings = [holder.make(Request.PING) for _ in range(1000)]
    holder.send(*pings)
    holder.wait(lambda answer: answer.sequence == pings[0].sequence)
    answer = other.hello(0)
    holder.wait(lambda answer: answer.sequence == pings[-1].sequence)
    return answer


def test_another_host_is_refused(tcp, udp):
    """Everybody may ask who is there."""
    tcp.hello()
    assert udp.discover()["busy"] == tcp.discover()["busy"] == "1"
    answer = busy(tcp, udp)
    assert refused(answer, ErrorCode.BUSY).type == Request.HELLO
    tcp.done(tcp.request(Request.PING))
    tcp.done(tcp.request(Request.BYE))
    assert udp.discover()["busy"] == "0"
    udp.done(udp.hello(0))
    refused(tcp.request(Request.PING), ErrorCode.SESSION)
    udp.done(udp.request(Request.BYE))


@pytest.mark.parametrize("url", ("url", "tcp_url"))
def test_a_host_that_is_silent_loses_the_board(simulator, tcp, udp, url):
    """It has gone without a word."""
    gone, url = (udp, simulator.tcp_url) if url == "tcp_url" else (tcp, simulator.url)
    gone.hello()
    key = window(gone, 0, 0, 0)
    tcp.socket.close()  # or there would be no room for another one
    with connect(url) as board:
        board.write(0, b"mine")
        if gone is udp:
            refused(gone.request(Request.PING), ErrorCode.SESSION)
            refused(read(gone, key), ErrorCode.WINDOW)
        assert board.read(0, 4) == b"mine"


def test_taking_over(tcp, udp):
    """Both ways; who had the board is told when it asks for something."""
    for holder, other in ((tcp, udp), (udp, tcp), (tcp, udp)):
        holder.hello(TAKE_OVER)
        key = window(holder, 0, 0, 0)
        other.done(other.hello(TAKE_OVER))
        refused(holder.request(Request.PING), ErrorCode.SESSION)
        refused(read(holder, key), ErrorCode.WINDOW)
        other.done(read(other, window(other, 0, 0, 0)))
    udp.done(udp.request(Request.BYE))


def test_boards_take_over(simulator):
    with connect(simulator.url) as first:
        with connect(simulator.tcp_url, take_over=True) as second:
            second.write(0, b"second")
            with pytest.raises(BoardError, match="session has ended") as caught:
                first.write(0, b"first")
            assert caught.value.code == ErrorCode.SESSION
        first.hello()
        assert first.read(0, 6) == b"second"


def test_the_same_host_may_always_begin_anew(simulator):
    """On a serial line there is one; it need not have ended well."""
    keys = set()
    for _ in range(3):
        with RawHost(simulator.tcp_url) as host:
            host.done(host.hello(0))
            keys.add(host.key)
    assert len(keys) == 3
    with RawHost(simulator.tcp_url) as host:
        host.hello()
        host.done(host.request(Request.BYE))


def test_discovery_changes_nothing(tcp, udp):
    """Not even for the one who has a session."""
    tcp.hello()
    key = window(tcp, 0, 0, 0)
    for host in (udp, tcp, udp):
        info = host.discover()
        assert info["target"] == "sim" and info["protocol"] == "2" and info["busy"] == "1"
    with_key = tcp.request(Request.DISCOVER, 5)
    assert with_key.address == 5 and b"busy=0" in with_key.payload
    tcp.done(read(tcp, key))
    assert tcp.request(Request.PING).type == Request.PING | RESPONSE
    tcp.done(tcp.request(Request.BYE))
    assert udp.discover()["busy"] == "0"
