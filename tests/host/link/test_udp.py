"""The client and a board in Python, with real datagrams between them."""

import random
import socket

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.access import Access
from litelic.host.link.board import Board, BoardError
from litelic.host.link.protocol import (
    MAX_FRAME,
    MAX_PAYLOAD,
    RESPONSE,
    UDP_PORT,
    ErrorCode,
    Frame,
    Request,
    decode,
)
from litelic.host.link.transport import DATAGRAM_WINDOW, UdpTransport, open_transport
from tests.host.link.fake_board import HERTZ
from tests.host.link.udp_board import UdpBoard

ANSWER = Frame(Request.PING | RESPONSE, 7, payload=b"12345678")


@pytest.fixture
def line():
    """(transport, the board's socket, the host's address)"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as board:
        board.bind(("127.0.0.1", 0))
        transport = open_transport("udp://localhost:{1}".format(*board.getsockname()), 0)
        assert transport.name == "udp://localhost:{1}".format(*board.getsockname())
        transport.send(b"first")
        yield transport, board, board.recvfrom(100)[1]
        transport.close()


# A board ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_write_and_read(seed):
    chance = random.Random(seed)
    with UdpBoard() as remote, Board.open(remote.url) as board:
        assert board.info.target == "fake"
        for length in (1, MAX_PAYLOAD, 4096, chance.randrange(60_000)):
            data = chance.randbytes(length)
            board.write(100, data)
            assert remote.board.memory[100 : 100 + length] == data
            assert board.read(100, length) == data
        assert max(remote.lengths) == MAX_FRAME


@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_lost_datagrams(seed):
    """Those that carry data and those that bring them: all arrives in the end."""
    chance, left = random.Random(seed), [10]

    def lose():
        left[0] -= chance.random() < 0.05
        return left[0] > 0 and chance.random() < 0.05

    with UdpBoard() as remote, Board.open(remote.url) as board:
        remote.lose = lose
        while left[0] > 0:
            data = chance.randbytes(50_000)
            board.write(0, data)
            assert board.read(0, len(data)) == data
        assert board.resent > 0


def test_runs():
    with UdpBoard() as remote, Board.open(remote.url) as board:
        remote.board.run_cycles = HERTZ // 100
        board.start(0, 1)
        board.start(0x100, 2)
        board.write(0, b"data")
        assert board.finish() == board.finish() == HERTZ // 100
        assert remote.board.made == [(0, 1), (0x100, 2)]


def test_two_hosts():
    """Each at a port of its own; the second takes the board away."""
    with UdpBoard() as remote, Board.open(remote.url) as first:
        with Board.open(remote.url, Access(take_over=True)) as second:
            second.write(0, b"second")
            with pytest.raises(BoardError) as caught:
                first.ping()
            assert caught.value.code == ErrorCode.SESSION
        first.hello()
        assert first.read(0, 6) == b"second"


# Datagrams ----------------------------------------------------------------------------------------


def test_a_frame_a_datagram(line):
    transport, board, _ = line
    for frame in (Frame(Request.PING, 1), Frame(Request.WRITE, 2, 0, 0, bytes(MAX_PAYLOAD))):
        transport.send(frame.encode())
        assert decode(board.recv(1 << 16)) == (frame, len(frame.encode()))


def test_what_is_no_frame_is_ignored(line):
    """Empty, cut, damaged, of something else; and it does not end the waiting."""
    transport, board, host = line
    good = ANSWER.encode()
    for data in (b"", b"hello", good[:-1], good[:20], good[:-1] + b"?", good[1:], bytes(3000)):
        board.sendto(data, host)
        assert transport.receive(0.02) == []
        board.sendto(data, host)
        board.sendto(good, host)
        assert transport.receive(10) == [ANSWER]


def test_all_that_is_there_comes_at_once(line):
    """But not more than can be on its way."""
    transport, board, host = line
    assert transport.receive(0) == transport.receive(0.01) == []
    frames = [Frame(Request.PING, n) for n in range(DATAGRAM_WINDOW + 5)]
    for frame in frames:
        board.sendto(frame.encode(), host)
    assert transport.receive(1) == frames[:DATAGRAM_WINDOW]
    assert transport.receive(1) == frames[DATAGRAM_WINDOW:]


def test_another_versions_frame_is_told(line):
    transport, board, host = line
    board.sendto(Frame(Request.PING, 3, version=1, payload=b"old").encode(), host)
    assert transport.receive(10) == [Frame(Request.PING, 3, version=1)]


def test_only_the_board_is_heard(line):
    transport, board, host = line
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.sendto(Frame(Request.PING, 1).encode(), host)
    board.sendto(ANSWER.encode(), host)
    assert transport.receive(10) == [ANSWER]
    assert transport.receive(0.02) == []


# Addresses ----------------------------------------------------------------------------------------


def test_default_port():
    transport = UdpTransport("udp://127.0.0.1")
    assert transport.address == ("127.0.0.1", UDP_PORT)
    assert transport.name == f"udp://127.0.0.1:{UDP_PORT}"
    transport.close()


@pytest.mark.parametrize("url", ("udp://", "udp://host:x", "udp://:1", "udp://host:70000",
                                 "udp://host/path", "udp://[host"))
def test_nonsense_as_port(url):
    with pytest.raises(LitelicError, match="udp://host"):
        Board.open(url)


@pytest.mark.parametrize("host", ("no-such-board.invalid", "[::1]", "x" * 70))
def test_no_such_host(host):
    with pytest.raises(LitelicError, match="no IPv4 address"):
        Board.open(f"udp://{host}")


def test_nothing_listens():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        url = "udp://127.0.0.1:{1}".format(*closed.getsockname())
    with pytest.raises(LitelicError, match="nothing listens"):
        Board.open(url)


@pytest.mark.parametrize("operation", ("connect", "send", "recv"))
def test_network_unreachable(monkeypatch, operation):
    """The message says what to look at, whenever the system notices."""

    class Unreachable(socket.socket):
        pass

    def fail(*_):
        raise OSError(113, "No route to host")

    with UdpBoard() as remote:
        setattr(Unreachable, operation, fail)
        monkeypatch.setattr("litelic.host.link.transport.socket.socket", Unreachable)
        with pytest.raises(LitelicError, match="No route to host.*cable"):
            Board.open(remote.url)
        monkeypatch.undo()
