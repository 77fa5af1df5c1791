"""The host's client against the real firmware, over real datagrams."""

import random
import socket
import struct
import zlib

import pytest

from litelic.accel.descriptor import MAGIC as DESCRIPTOR_MAGIC
from litelic.host.errors import LitelicError
from litelic.host.link import discovery
from litelic.host.link.access import Access
from litelic.host.link.board import Board
from litelic.host.link.impairment import Faults, Impairment
from litelic.host.link.protocol import (
    DESCRIPTOR_BYTES,
    MAX_PAYLOAD,
    RESPONSE_ERROR,
    ErrorCode,
    Frame,
    Request,
    decode,
)
from litelic.host.link.requests import BoardError
from tests.firmware.bench import DRAM, SECRET
from tests.firmware.build import GUARDED
from tests.firmware.virtual_board import VirtualBoard

TRANSFERS = 1200  # each way
SIZES = (1, 2, 3, 4, 5, 15, 16, 17, MAX_PAYLOAD - 1, MAX_PAYLOAD, MAX_PAYLOAD + 1)


@pytest.fixture
def virtual():
    with VirtualBoard() as started:
        yield started


@pytest.fixture
def board(virtual):
    with Board.open(virtual.url) as opened:
        yield opened


def test_info(board):
    assert (board.info.target, board.info.dram_bytes, board.info.busy) == ("virtual", DRAM, False)
    assert board.ping() < board.ping()


def test_transfers(board, seed):
    """2400 of them, at any address and of any length: what is read is what was written last."""
    chance = random.Random(seed)
    size = 1 << 18
    base = 4 * chance.randrange((DRAM - size) // 4)
    model = bytearray(size)
    board.write(base, model)
    for _ in range(TRANSFERS):
        for transfer in chance.sample(("write", "read"), 2):
            length = chance.choice((*SIZES, chance.randrange(1, 20000)))
            start = 4 * chance.randrange((size - length) // 4)
            if transfer == "write":
                data = chance.randbytes(length)
                board.write(base + start, data)
                model[start : start + length] = data
            else:
                assert board.read(base + start, length) == model[start : start + length]
    assert board.read(base, size) == model


@pytest.mark.parametrize("transfers", [5, pytest.param(200, marks=pytest.mark.long)])
def test_transfers_through_a_bad_network(virtual, seed, transfers):
    chance = random.Random(seed)
    faults = Faults(loss=0.05, double=0.1, reorder=0.2, flip=0.02)
    model = bytearray(50_000)
    with Impairment(virtual.url, faults, seed) as network, Board.open(network.url) as board:
        board.write(0, model)
        for _ in range(transfers):
            length = chance.randrange(1, 20_000)
            start = 4 * chance.randrange((len(model) - length) // 4)
            model[start : start + length] = data = chance.randbytes(length)
            board.write(start, data)
        assert board.read(0, len(model)) == model


def test_the_ends_of_the_dram(board, seed):
    data = random.Random(seed).randbytes(5000)
    for address in (0, DRAM - 5000):
        board.write(address, data)
        assert board.read(address, 5000) == data
        assert board.read(address + 4, 7) == data[4:11]
    for address in (DRAM - 4996, DRAM, 0x80000000):
        with pytest.raises(BoardError) as refused:
            board.write(address, data)
        assert refused.value.code == ErrorCode.ADDRESS
    assert board.read(DRAM - 5000, 5000) == data


def test_refusals_without_end(board):
    for _ in range(20):
        with pytest.raises(BoardError):
            board.read(DRAM, 4)
    board.write(0, b"done")
    assert board.read(0, 4) == b"done"


def descriptors(board, address, count):
    words = struct.pack("<I", DESCRIPTOR_MAGIC) + bytes(DESCRIPTOR_BYTES - 4)
    board.write(address, words * count)


def test_runs(board):
    descriptors(board, 0x1000, 40)
    seen = []
    assert board.run(0x1000, 40, progress=lambda *done: seen.append(done)) > 0
    assert seen[-1] == (40, 40)
    for count in (40, 1, 2, 3):
        board.start(0x1000, count)
    while board.running:
        board.finish()


def test_a_run_that_is_malformed(board):
    descriptors(board, 0, 3)
    board.write(3 * DESCRIPTOR_BYTES, bytes(DESCRIPTOR_BYTES))
    with pytest.raises(LitelicError, match="descriptor 3 of 9 from 0x0 on is not a descriptor"):
        board.run(0, 9)
    board.run(0, 3)


def test_another_host_takes_over(virtual, board):
    board.write(0, b"mine")
    with Board.open(virtual.url, Access(take_over=True)) as other:
        assert other.read(0, 4) == b"mine"
        with pytest.raises(BoardError) as ended:
            board.ping()
        assert ended.value.code == ErrorCode.SESSION


def test_a_secret_through_a_network_that_doubles(seed):
    faults = Faults(double=1.0)
    with VirtualBoard(GUARDED) as virtual, Impairment(virtual.url, faults, seed) as network:
        for _ in range(8):
            with Board.open(network.url, Access(secret=SECRET)) as board:
                board.ping()


@pytest.mark.parametrize("words", ["right", "wrong", None])
def test_a_board_with_a_secret(words):
    secret = {"right": SECRET, "wrong": bytes(16), None: None}[words]
    with VirtualBoard(GUARDED) as virtual:
        if words == "right":
            for _ in range(3):
                with Board.open(virtual.url, Access(secret=secret)) as board:
                    board.ping()
        else:
            with pytest.raises(LitelicError, match="built with a secret"):
                Board.open(virtual.url, Access(secret=secret))


def test_it_is_found(virtual, board):
    found = discovery.look(virtual.url)
    assert found.info.target == "virtual" and found.info.busy


# Datagrams by hand --------------------------------------------------------------------------------


class Line:
    """`ask(bytes)` returns the frame that is answered to a datagram, None for none."""

    def __init__(self, url):
        host, port = url.removeprefix("udp://").split(":")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((host, int(port)))
        self._socket.settimeout(30)

    def ask(self, data):
        """Nothing comes to it if nothing has come when a DISCOVER behind it is answered."""
        self._socket.send(data)
        self._socket.send(Frame(Request.DISCOVER, 0xD15C).encode())
        first, _ = decode(self._socket.recv(4096))
        if first.sequence == 0xD15C:
            return None
        last, _ = decode(self._socket.recv(4096))
        assert last.sequence == 0xD15C
        return first

    def close(self):
        self._socket.close()


@pytest.fixture
def line(virtual):
    opened = Line(virtual.url)
    yield opened
    opened.close()


def test_damaged_datagrams_are_never_there(line, seed):
    chance = random.Random(seed)
    for _ in range(300):
        payload = chance.randbytes(chance.choice((0, 1, 4, 100, MAX_PAYLOAD)))
        kind = chance.choice((Request.PING, Request.WRITE))
        data = bytearray(Frame(kind, 1, 0, 0, payload).encode())
        assert line.ask(data).type == RESPONSE_ERROR
        assert line.ask(data + b"more").type == RESPONSE_ERROR
        assert line.ask(data[: chance.randrange(len(data))]) is None
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        assert line.ask(data) is None


def test_a_payload_that_is_too_long(line):
    header = bytearray(Frame(Request.WRITE, 1, 0, 0, b"").encode()[:16])
    header[6:8] = (MAX_PAYLOAD + 1).to_bytes(2, "little")
    payload = bytes(MAX_PAYLOAD + 4)
    of_header = zlib.crc32(header)
    data = header + of_header.to_bytes(4, "little") + payload
    assert line.ask(data + zlib.crc32(payload, of_header).to_bytes(4, "little")) is None


def test_only_what_a_window_allows(virtual, line):
    """No request reaches a byte outside, or the wrong way: the firmware refuses all others."""
    hello = line.ask(Frame(Request.HELLO, 1, 7, 0, bytes(12)).encode())
    keys = {}
    for slot, writable in enumerate((False, True)):
        payload = struct.pack("<IIII", 0, 0x1000, 64, writable)
        answer = line.ask(Frame(Request.OPEN, 2, slot, hello.key, payload).encode())
        keys[writable] = int.from_bytes(answer.payload, "little")

    def write(key, offset, data):
        return line.ask(Frame(Request.WRITE, 3, offset, key, data).encode()).type == 0x83

    def read(key, offset, length):
        payload = length.to_bytes(4, "little")
        answer = line.ask(Frame(Request.READ, 4, offset, key, payload).encode())
        return answer.payload if answer.type == 0x84 else None

    assert write(keys[True], 0, bytes(range(64)))
    assert read(keys[False], 0, 64) == bytes(range(64))
    assert write(keys[True], 60, b"abc") and read(keys[False], 60, 4) == b"abc\x3f"
    for key, offset, length in ((keys[True], 61, 1), (keys[True], 64, 1), (keys[True], 0, 65),
                                (keys[True], 0xFFFFFFFC, 8), (keys[False], 0, 4),
                                (hello.key, 0, 4)):
        assert not write(key, offset, bytes(length))
    for key, offset, length in ((keys[False], 2, 4), (keys[False], 60, 5), (keys[False], 0, 0),
                                (keys[False], 0, 1409), (keys[False], 0xFFFFFFC0, 64),
                                (keys[False], 0, 0x10004), (keys[True], 0, 4), (0, 0, 4)):
        assert read(key, offset, length) is None
    assert read(keys[False], 0, 64) == bytes(range(60)) + b"abc\x3f"
