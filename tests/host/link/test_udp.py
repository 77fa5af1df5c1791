"""The client and a board in Python, with UDP between them."""

import random
import socket
import threading

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.board import Board
from litelic.host.link.protocol import MAX_DATAGRAM, UDP_PORT
from litelic.host.link.transport import UdpTransport, open_transport
from tests.host.link.fake_board import FakeBoard


class UdpBoard:
    """A FakeBoard that answers whom it heard last. `lose()` says whether a datagram gets lost."""

    def __init__(self, lose=lambda: False):
        self.board = FakeBoard()
        self.lose = lose
        self.lengths = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"udp://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
            stop.sendto(b"stop", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            data, host = self.socket.recvfrom(1 << 16)
            if data == b"stop":
                return
            self.lengths.append(len(data))
            if self.lose():
                continue
            self.board.write(data)
            answer = self.board.read(0)
            for start in range(0, len(answer), MAX_DATAGRAM):
                if not self.lose():
                    self.socket.sendto(answer[start : start + MAX_DATAGRAM], host)


@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_write_and_read(seed):
    chance = random.Random(seed)
    with UdpBoard() as remote, Board.open(remote.url) as board:
        assert board.info.target == "fake"
        for length in (1, MAX_DATAGRAM, 4096, chance.randrange(60_000)):
            data = chance.randbytes(length)
            board.write(100, data)
            assert remote.board.memory[100 : 100 + length] == data
            assert board.read(100, length) == data
        assert max(remote.lengths) == MAX_DATAGRAM


@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_lost_datagrams(seed):
    """One of those that carry data and one of those that bring them: all arrives in the end."""
    chance = random.Random(seed)
    with UdpBoard() as remote:
        board = Board(open_transport(remote.url, 0), silence_seconds=0.5)
        board.hello()
        data, passing = chance.randbytes(50_000), []

        def lose_one():
            passing.append(None)
            return len(passing) == lost

        remote.lose = lose_one
        lost = chance.randrange(1, 40)
        board.write(0, data)
        passing.clear()
        lost = chance.randrange(1, 40)
        assert board.read(0, len(data)) == data
        board.close()


def test_read():
    """All that has arrived comes at once; an empty datagram is not the end of anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as board:
        board.bind(("127.0.0.1", 0))
        transport = open_transport("udp://localhost:{1}".format(*board.getsockname()), 0)
        assert transport.name == "udp://localhost:{1}".format(*board.getsockname())
        assert transport.read(0) == transport.read(0.01) == b""
        transport.write(b"x" * (2 * MAX_DATAGRAM + 1))
        pieces = [board.recvfrom(1 << 16) for _ in range(3)]
        assert [len(data) for data, _ in pieces] == [MAX_DATAGRAM, MAX_DATAGRAM, 1]
        host = pieces[0][1]
        for data in (b"", b"an", b"", b"swer"):
            board.sendto(data, host)
        assert transport.read(1) == b"answer"
        board.sendto(b"", host)
        assert transport.read(0.05) == b""
        transport.close()


def test_only_the_board_is_heard():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as board:
        board.bind(("127.0.0.1", 0))
        transport = UdpTransport("udp://127.0.0.1:{1}".format(*board.getsockname()))
        transport.write(b"x")
        host = board.recvfrom(1)[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"not from the board", host)
        board.sendto(b"from the board", host)
        assert transport.read(1) == b"from the board"
        transport.close()


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
