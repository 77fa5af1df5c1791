"""The client against a board in Python, on good lines and on bad ones."""

import random
import socket
import threading

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.board import ATTEMPTS, HELLO_SECONDS, Board, BoardError
from litelic.host.link.info import BoardInfo
from litelic.host.link.protocol import FLUSH, MAX_PAYLOAD, RESPONSE, ErrorCode, Request
from tests.host.link.fake_board import INFO, FakeBoard


def connect(**options):
    fake = FakeBoard(**options)
    board = Board(fake)
    board.hello()
    return fake, board


class LateBoard(FakeBoard):
    """Answers only once the host has listened for `seconds` in all, on a clock of its own."""

    def __init__(self, clock, seconds):
        super().__init__()
        self.clock, self.ready_at = clock, clock.now + seconds

    def read(self, timeout):
        self.clock.now += timeout
        return super().read(timeout) if self.clock.now >= self.ready_at else b""


class Clock:
    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.mark.parametrize("patience, answers", [(1, False), (30, True)])
def test_patience_with_a_slow_simulation(monkeypatch, patience, answers):
    clock = Clock()
    monkeypatch.setattr("litelic.host.link.board.time", clock)
    slow = 2 * ATTEMPTS * HELLO_SECONDS
    board = Board(LateBoard(clock, slow), patience=patience)
    if answers:
        board.hello()
        assert board.info.target == "fake"
    else:
        with pytest.raises(LitelicError, match="no LiteLIC board answers"):
            board.hello()


def test_info_of_a_board_whose_array_has_its_own_clock(monkeypatch):
    _, board = connect()
    assert board.info.array_clock_hz == board.info.clock_hz  # it does not say otherwise
    monkeypatch.setattr("tests.host.link.fake_board.INFO", INFO + "array_clock=200000000\n")
    _, board = connect()
    assert (board.info.clock_hz, board.info.array_clock_hz) == (100_000_000, 200_000_000)


def first(kind, count=1):
    """A fault that hits the first `count` frames of one type."""
    left = [count]

    def hits(frame):
        if frame.type == kind and left[0]:
            left[0] -= 1
            return True
        return False

    return hits


def test_info():
    fake, board = connect()
    info = board.info
    assert (info.target, info.firmware, info.gateware) == ("fake", "1.2", "3.4")
    assert info.array == {"reduction": 4, "outputs": 2}
    assert (info.clock_hz, info.dram_bytes, info.dram_ok) == (100_000_000, 65536, True)
    assert info.program is None
    assert info.statistics == {"frames": 7}
    identity = bytes(range(32))
    board.set_program(identity)
    assert board.hello().program == identity


def test_info_of_a_board_that_knows_more_of_itself():
    lines = (
        INFO.format(program="00" * 32)
        + "revision=0123456789ab+\nmemory=MT41K256M16\nmac=10:e2:d5:00:00:00\nip=192.168.1.50\n"
        "temperature=-1250\n"
    )
    info = BoardInfo.parse(lines)
    assert (info.revision, info.memory) == ("0123456789ab+", "MT41K256M16")
    assert (info.mac, info.ip, info.temperature) == ("10:e2:d5:00:00:00", "192.168.1.50", -1.25)
    assert info.statistics == {"frames": 7}
    assert BoardInfo.parse(INFO.format(program="00" * 32)).temperature is None


@pytest.mark.parametrize("seed", range(5), indirect=True)
def test_write_and_read(seed):
    chance = random.Random(seed)
    fake, board = connect()
    for _ in range(20):
        length = chance.choice((0, 1, MAX_PAYLOAD, MAX_PAYLOAD + 1, chance.randrange(40000)))
        address = chance.randrange(65536 - length)
        data, seen = chance.randbytes(length), []
        board.write(address, data, progress=lambda done, total: seen.append((done, total)))  # noqa: B023
        assert fake.memory[address : address + length] == data
        assert board.read(address, length) == data
        assert not length or seen[-1] == (length, length)


@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_bad_line(seed):
    """Requests get lost and damaged, answers too: everything arrives in the end."""
    chance = random.Random(seed)

    def bad(data):
        fate = chance.random()
        if fate < 0.03:
            return b""
        if fate < 0.06:
            data = bytearray(data)
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return bytes(data)

    fake, board = connect()
    fake.spoil = lambda frame, data: bad(data)
    deliver = fake.write
    fake.write = lambda data: deliver(data if data == FLUSH else bad(data))
    data = chance.randbytes(60000)
    board.write(77, data)
    assert board.read(77, len(data)) == data


def test_refusal_has_the_boards_words():
    _, board = connect()
    with pytest.raises(BoardError, match="outside") as caught:
        board.read(65530, 10)
    assert caught.value.code == ErrorCode.ADDRESS
    assert board.read(0, 1) == b"\0"


def test_address_beyond_32_bits():
    _, board = connect()
    with pytest.raises(LitelicError, match="32 bits"):
        board.write(1 << 32, b"x")


def test_nobody_answers():
    fake = FakeBoard(lose=lambda frame: True)
    with pytest.raises(LitelicError, match="no LiteLIC board answers on fake"):
        Board(fake).hello()


def test_board_falls_silent():
    fake, board = connect()
    fake.lose = lambda frame: True
    with pytest.raises(LitelicError, match=f"{ATTEMPTS} attempts"):
        board.read(0, 100)


def test_another_protocol_version():
    fake = FakeBoard(version=2)
    with pytest.raises(LitelicError, match="version 2.*version 1"):
        Board(fake).hello()


def test_busy():
    fake = FakeBoard(lose=lambda frame: True)
    fake.to_host += b"LITELIC BUSY another client\n"
    with pytest.raises(LitelicError, match="busy with another client"):
        Board(fake).hello()


def test_run_reports_cycles():
    fake, board = connect()
    seen = []
    assert board.run(0x100, 3, 5000, lambda done, total: seen.append((done, total))) == 12345
    request = fake.requests[-1]
    assert (request.address, request.argument) == (0x100, 3)
    assert int.from_bytes(request.payload, "little") == 5  # 5000 cycles, rounded up to 1024s
    assert seen[-1] == (3, 3)


@pytest.mark.parametrize("fault", ("request lost", "answer lost", "answer damaged"))
def test_a_run_runs_once(fault):
    fake, board = connect()
    hits = first(Request.RUN if fault == "request lost" else Request.RUN | RESPONSE)
    if fault == "request lost":
        fake.lose = hits
    elif fault == "answer lost":
        fake.spoil = lambda frame, data: b"" if hits(frame) else data
    else:
        fake.spoil = lambda frame, data: data[:-1] + b"?" if hits(frame) else data
    assert board.run(0, 1) == 12345
    assert fake.runs == 1


# Sockets ------------------------------------------------------------------------------------------


def listener():
    server = socket.create_server(("127.0.0.1", 0))
    return server, f"socket://127.0.0.1:{server.getsockname()[1]}"


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
