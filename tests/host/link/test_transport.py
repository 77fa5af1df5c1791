"""Lines that carry bytes: TCP connections, and serial ports at both ends of a terminal."""

import os
import random
import socket
import termios
import threading

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link import transport as transports
from litelic.host.link.board import Board
from litelic.host.link.protocol import MAX_PAYLOAD, Frame, Parser, Request
from litelic.host.link.transport import open_transport
from tests.host.link.fake_line import Clock

FRAMES = [Frame(Request.WRITE, n, 4 * n, 5, bytes([n]) * n) for n in (0, 1, 77, 255)]
DATA = b"".join(b"text" + frame.encode() for frame in FRAMES)


class Tcp:
    """`line` is the host's end, `send` and `receive` are the other one's."""

    def __init__(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.line = open_transport("socket://127.0.0.1:{1}".format(*server.getsockname()), 0)
        self.connection, _ = server.accept()
        server.close()
        self.send, self.receive = self.connection.sendall, self.connection.recv
        self.hang_up = self.connection.close

    def close(self):
        self.line.close()
        self.connection.close()


class Serial:
    def __init__(self):
        self.board, port = os.openpty()
        self.line = open_transport(os.ttyname(port), 115200)
        attributes = termios.tcgetattr(port)
        assert attributes[4] == attributes[5] == termios.B115200
        os.close(port)
        self.open = True

    def send(self, data):
        os.write(self.board, data)

    def receive(self, count):
        return os.read(self.board, count)

    def hang_up(self):
        os.close(self.board)
        self.open = False

    def close(self):
        self.line.close()
        if self.open:
            self.hang_up()


@pytest.fixture(params=(Tcp, Serial))
def ends(request):
    made = request.param()
    yield made
    made.close()


def everything(line, count):
    found = []
    while len(found) < count:
        found += line.receive(10)
    return found


def test_frames_are_sent(ends):
    ends.line.send(DATA)
    received = b""
    while len(received) < len(DATA):
        received += ends.receive(1000)
    assert received == DATA


def test_frames_come_in_pieces(ends, seed):
    """Between other bytes, which are kept."""
    chance, data = random.Random(seed), DATA
    found = []
    while data:
        count = chance.choice((1, 5, 30, 200))
        ends.send(data[:count])
        data = data[count:]
        found += ends.line.receive(0.001)
    assert found + everything(ends.line, len(FRAMES) - len(found)) == FRAMES
    assert ends.line.outside == b"text" * len(FRAMES)


def test_nothing_comes(ends):
    assert ends.line.receive(0) == ends.line.receive(0.01) == []
    ends.send(b"no frame")
    assert ends.line.receive(0.05) == []
    assert ends.line.outside == b"no frame"


def test_the_other_side_goes(ends):
    ends.hang_up()
    with pytest.raises(LitelicError, match="connection to .* was lost"):
        for _ in range(100):
            ends.line.receive(1)


def test_a_full_line_is_emptied_by_and_by(ends):
    """More than the system keeps for either side."""
    frame = Frame(Request.WRITE, 1, payload=bytes(MAX_PAYLOAD))
    received = bytearray()

    def board():
        while len(received) < 300 * len(frame.encode()):
            received.extend(ends.receive(1000))

    thread = threading.Thread(target=board)
    thread.start()
    for _ in range(300):
        ends.line.send(frame.encode())
    thread.join()
    assert Parser().feed(received) == [frame] * 300


def test_who_talks_all_the_time_is_no_board(monkeypatch):
    """As a GPS receiver at the port that was guessed, or a board at another speed."""
    clock = Clock()
    monkeypatch.setattr(transports, "time", clock)

    def read(timeout):
        clock.sleep(0.1)
        assert clock.now < 1010
        return b"x"

    assert transports._frames_within(read, Parser(), 1) == []


# Ports that are none ------------------------------------------------------------------------------


def listener():
    server = socket.create_server(("127.0.0.1", 0))
    return server, "socket://127.0.0.1:{1}".format(*server.getsockname())


def test_nothing_is_listening():
    server, url = listener()
    server.close()
    with pytest.raises(LitelicError, match="nothing is listening"):
        Board.open(url)


@pytest.mark.parametrize("url", ("socket://", "socket://host", "socket://host:x"))
def test_nonsense_as_port(url):
    with pytest.raises(LitelicError, match="socket://host:port"):
        Board.open(url)


def test_no_such_serial_port():
    with pytest.raises(LitelicError, match="cannot open /dev/litelic-is-not-there"):
        Board.open("/dev/litelic-is-not-there")


@pytest.mark.parametrize("text, words", ((b"", "was lost"), (b"LITELIC BUSY x\n", "busy with")))
def test_closed_by_the_other_side(text, words):
    """Also when the text comes and the connection goes before we have written anything."""
    server, url = listener()

    def serve():
        connection, _ = server.accept()
        with server, connection:
            connection.sendall(text)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with pytest.raises(LitelicError, match=words):
            Board.open(url)
    finally:
        thread.join()
