"""The complete SoC in Verilator: firmware, link, LiteDRAM, and what a bad host can do to it.

One simulator serves all tests of this file, so each of them also shows that the one before left a
board that works.
"""

import random
import select
import socket
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.descriptor import DESCRIPTOR_BYTES, RECORD_OFFSET, unpack_record
from litelic.host.errors import LitelicError
from litelic.host.link.board import Board, BoardError
from litelic.host.link.protocol import (
    FLUSH,
    HEADER_BYTES,
    MAX_PAYLOAD,
    RESPONSE,
    RESPONSE_ERROR,
    ErrorCode,
    Frame,
    Parser,
    Request,
    RunState,
)
from litelic.host.link.simulator import Simulator
from litelic.soc.simulation.cache import SimulationConfig, binary_of
from tests.accel.layers import Job
from tests.random_layers import random_input, random_layer

ARRAY = ArrayConfig()


@pytest.fixture(scope="module")
def simulator():
    with Simulator(ARRAY) as running:
        yield running


@pytest.fixture
def board(simulator):
    with Board.open(simulator.url) as opened:
        yield opened


class RawClient:
    """A client that sends whatever bytes it likes."""

    def __init__(self, url):
        host, port = url.removeprefix("socket://").split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.parser = Parser()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def ask(self, frame, data=None):
        """Send a frame, or `data` in its place, and return the answer with its sequence."""
        self.send(frame.encode() if data is None else data)
        deadline = time.monotonic() + 60
        while select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]:
            received = self.socket.recv(1 << 16)
            assert received, "the board closed the connection"
            for answer in self.parser.feed(received):
                if answer.sequence == frame.sequence:
                    return answer
        raise AssertionError("no answer")


@pytest.fixture
def raw(simulator):
    with RawClient(simulator.url) as client:
        client.send(FLUSH)
        yield client


def refused(answer, code):
    assert answer.type == RESPONSE_ERROR
    assert answer.address == code, answer
    assert len(answer.payload) > 10  # in words
    return True


# Requests -----------------------------------------------------------------------------------------


def test_info(board):
    info = board.info
    assert info.target == "sim"
    assert info.array == ARRAY.to_dict()
    assert info.clock_hz == 100_000_000
    assert info.dram_bytes == 256 << 20
    assert info.dram_ok
    assert info.program is None


def test_write_and_read(board, seed):
    """Random places and lengths, neighbours included, against a copy on the host."""
    chance = np.random.default_rng(seed)
    size = 20000
    base = int(chance.integers(board.info.dram_bytes - size))
    expected = bytearray(chance.bytes(size))
    board.write(base, expected)
    for _ in range(30):
        length = int(chance.choice((1, 2, 15, 16, 17, 4096, 4097, chance.integers(1, 6000))))
        start = int(chance.integers(size - length))
        data = chance.bytes(length)
        board.write(base + start, data)
        expected[start : start + length] = data
        start = int(chance.integers(size - length))
        assert board.read(base + start, length) == expected[start : start + length]
    assert board.read(base, size) == expected


def test_ends_of_the_memory(board):
    size = board.info.dram_bytes
    board.write(0, b"first")
    board.write(size - 4, b"last")
    assert board.read(0, 5) == b"first"
    assert board.read(size - 4, 4) == b"last"


@pytest.mark.parametrize("beyond", (1, 4096, 0x7000_0000, 0xEFFF_FFFF))
def test_addresses_outside_are_refused(board, beyond):
    size = board.info.dram_bytes
    address = size - 1 + beyond
    for request in (lambda: board.write(address, b"xx"), lambda: board.read(address, 2)):
        with pytest.raises(BoardError, match="DRAM, which ends at 0x10000000") as caught:
            request()
        assert caught.value.code == ErrorCode.ADDRESS


def test_program_survives_its_client(simulator, seed):
    identity = random.Random(seed).randbytes(32)
    with Board.open(simulator.url) as board:
        board.set_program(identity)
    with Board.open(simulator.url) as board:
        assert board.info.program == identity
        board.set_program(bytes(32))
        assert board.hello().program is None


# Runs ---------------------------------------------------------------------------------------------


def test_run_of_nonsense(board):
    """The board names what it was given, and serves on."""
    board.write(0x1000, bytes(256))
    with pytest.raises(BoardError, match="descriptor 0 at 0x1000 is not a descriptor") as caught:
        board.run(0x1000, 1)
    assert caught.value.code == ErrorCode.DESCRIPTOR
    with pytest.raises(BoardError, match="multiples of 256"):
        board.run(0x1010, 1)
    with pytest.raises(BoardError, match="no descriptors"):
        board.run(0x1000, 0)
    with pytest.raises(BoardError, match="leave the DRAM"):
        board.run(board.info.dram_bytes - 256, 2)
    assert board.read(0x1000, 3) == bytes(3)


class Upload:
    """A layer of about a million multiplications in the board's DRAM, descriptor at 0."""

    MEMORY_BYTES = 1 << 17

    def __init__(self, board, seed):
        rng = np.random.default_rng(seed)
        layer = random_layer(
            rng, kind="conv", kernel=5, stride=1, padding=2, in_channels=8, out_channels=8,
            input="int8", output="int8", gdn=True,
        )
        self.board = board
        self.job = Job(rng, ARRAY, [layer], random_input(rng, layer, 24, 24), self.MEMORY_BYTES)
        self.restore()

    def restore(self):
        self.board.write(0, self.job.memory)

    def check(self):
        memory = self.job.memory[:]
        self.job.memory[:] = self.board.read(0, self.MEMORY_BYTES)
        self.job.check()
        self.job.memory[:] = memory


# The queue holds 32 of them: the firmware must fill it again while they run.
MANY = 40
COPIES = 0x10_0000


def copy_descriptors(board, upload):
    board.write(COPIES, bytes(upload.job.memory[:DESCRIPTOR_BYTES]) * MANY)


def test_run(board, seed):
    upload = Upload(board, seed)
    cycles = board.run(0, 1)
    upload.check()
    assert 5000 < cycles < 50_000


def test_run_longer_than_the_queue(board, seed):
    upload = Upload(board, seed)
    copy_descriptors(board, upload)
    seen = []
    cycles = board.run(COPIES, MANY, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (MANY, MANY)
    assert cycles > MANY * 5000
    records = board.read(COPIES, MANY * DESCRIPTOR_BYTES)
    for start in range(0, len(records), DESCRIPTOR_BYTES):
        assert unpack_record(records[start + RECORD_OFFSET : start + DESCRIPTOR_BYTES])["total"]


def test_watchdog(board, seed):
    """A descriptor that takes too long is named, and the accelerator works again after it."""
    upload = Upload(board, seed)
    with pytest.raises(BoardError, match="descriptor 0 at 0x0 did not finish in time") as caught:
        board.run(0, 1, watchdog_cycles=1024)
    assert caught.value.code == ErrorCode.WATCHDOG
    upload.restore()
    board.run(0, 1)
    upload.check()


def test_requests_during_a_run(simulator, seed):
    """Other requests are served, another run is refused, a repeated one is not run again."""
    with Board.open(simulator.url) as board:
        copy_descriptors(board, Upload(board, seed))
    with RawClient(simulator.url) as client:
        client.send(FLUSH + Frame(Request.HELLO, 40).encode())
        run = Frame(Request.RUN, 41, COPIES, MANY, (1 << 20).to_bytes(4, "little"))
        client.send(run.encode())
        ping = client.ask(Frame(Request.PING, 42))
        assert ping.address == RunState.ACTIVE << 16 | 41
        other = Frame(Request.RUN, 43, COPIES, 1, bytes(4))
        assert refused(client.ask(other), ErrorCode.BUSY)
        assert client.ask(Frame(Request.WRITE, 44, 0x20_0000, 0, b"data")).type == 0x83
        assert client.ask(Frame(Request.READ, 45, 0x20_0000, 4)).payload == b"data"
        answer = client.ask(run)
        assert answer.type == Request.RUN | RESPONSE
        assert answer.argument == MANY
        assert client.ask(run) == answer
        assert client.ask(Frame(Request.PING, 46)).address == RunState.DONE << 16 | 41


def test_client_leaves_during_a_run(simulator, seed):
    """The next one's HELLO ends the run, and its own runs are right."""
    with Board.open(simulator.url) as board:
        copy_descriptors(board, Upload(board, seed))
    with RawClient(simulator.url) as client:
        run = Frame(Request.RUN, 51, COPIES, MANY, (1 << 20).to_bytes(4, "little"))
        client.send(FLUSH + run.encode())
        assert client.ask(Frame(Request.PING, 52)).address == RunState.ACTIVE << 16 | 51
    with Board.open(simulator.url) as board:
        upload = Upload(board, seed)
        board.run(0, 1)
        upload.check()


# Nonsense on the line -----------------------------------------------------------------------------


def test_a_megabyte_of_garbage(simulator, seed):
    garbage = random.Random(seed).randbytes(1 << 20)
    with RawClient(simulator.url) as client:
        client.send(garbage + FLUSH)
        assert client.ask(Frame(Request.PING, 5)).type == Request.PING | RESPONSE
    with Board.open(simulator.url) as board:
        assert board.info.statistics["skipped_bytes"] > 1_000_000
        board.write(5, b"still here")
        assert board.read(5, 10) == b"still here"


def test_client_leaves_while_its_garbage_is_read(simulator):
    """The next client need not wait for the rest."""
    for _ in range(3):
        with RawClient(simulator.url) as client:
            client.send(bytes(1 << 20))
        with Board.open(simulator.url) as board:
            assert board.info.target == "sim"


def test_cable_pulled_in_a_write(simulator):
    frame = Frame(Request.WRITE, 1, 0x2000, 0, bytes(MAX_PAYLOAD)).encode()
    for cut in (1, HEADER_BYTES, HEADER_BYTES + 7, len(frame) - 1):
        with RawClient(simulator.url) as client:
            client.send(frame[:cut])
        with Board.open(simulator.url) as board:
            board.write(0x2001, b"next")
            assert board.read(0x2001, 4) == b"next"


def test_cable_pulled_in_a_read(simulator):
    reads = b"".join(Frame(Request.READ, n, 0, MAX_PAYLOAD).encode() for n in range(50))
    with RawClient(simulator.url) as client:
        client.send(FLUSH + reads)
        assert client.socket.recv(100)
    with Board.open(simulator.url) as board:
        board.write(3, b"next")
        assert board.read(3, 4) == b"next"


def test_second_client_is_told(simulator, board):
    for _ in range(3):
        with pytest.raises(LitelicError, match="busy with another client"):
            Board.open(simulator.url)
    board.write(9, b"first come")
    assert board.read(9, 10) == b"first come"


def test_damaged_payload(raw):
    frame = Frame(Request.WRITE, 11, 0x3000, 0, b"0123456789")
    for bit in (0, 37, 79, 80, 111):
        damaged = bytearray(frame.encode())
        damaged[HEADER_BYTES + bit // 8] ^= 1 << bit % 8
        assert refused(raw.ask(frame, bytes(damaged)), ErrorCode.PAYLOAD_CRC)
    assert raw.ask(frame).type == Request.WRITE | RESPONSE
    answer = raw.ask(Frame(Request.READ, 12, 0x3000, 10))
    assert answer.payload == b"0123456789"


def test_damaged_header_is_skipped(raw):
    """No answer to it, and the next frame is served."""
    frame = Frame(Request.READ, 21, 0, 4).encode()
    for bit in range(0, 160, 11):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        raw.send(bytes(damaged))
    assert raw.ask(Frame(Request.PING, 22)).type == Request.PING | RESPONSE


def test_requests_that_make_no_sense(raw):
    assert refused(raw.ask(Frame(0x55, 31)), ErrorCode.TYPE)
    assert refused(raw.ask(Frame(Request.READ, 32, 0, 0)), ErrorCode.LENGTH)
    assert refused(raw.ask(Frame(Request.READ, 33, 0, MAX_PAYLOAD + 1)), ErrorCode.LENGTH)
    assert refused(raw.ask(Frame(Request.READ, 34, 0, 1, b"why")), ErrorCode.LENGTH)
    assert refused(raw.ask(Frame(Request.WRITE, 35, 0, 1)), ErrorCode.LENGTH)
    assert refused(raw.ask(Frame(Request.PROGRAM, 36, payload=b"short")), ErrorCode.LENGTH)
    assert refused(raw.ask(Frame(Request.PING, 37, payload=b"x", version=9)), ErrorCode.VERSION)
    # A payload longer than any may be is announced, and does not come.
    header = bytearray(Frame(Request.WRITE, 38).encode()[:16])
    header[6:8] = b"\xff\xff"
    announced = bytes(header) + zlib.crc32(header).to_bytes(4, "little")
    assert refused(raw.ask(Frame(Request.WRITE, 38), announced), ErrorCode.LENGTH)
    assert raw.ask(Frame(Request.PING, 39)).type == Request.PING | RESPONSE


# The process --------------------------------------------------------------------------------------


def wait_until_gone(url):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            Board.open(url).close()
        except LitelicError as error:
            if "nothing is listening" in str(error):
                return
    raise AssertionError("the simulator is still there")


def test_it_is_stopped(simulator):
    with Simulator(ARRAY) as other:
        assert other.url != simulator.url
        Board.open(other.url).close()
    wait_until_gone(other.url)


def test_it_does_not_outlive_its_owner(simulator):
    """Killed without a chance to clean up."""
    code = (
        "import time; from litelic.host.link.simulator import Simulator; s = Simulator();"
        "s.start(); print(s.url, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
        url = owner.stdout.readline().strip()
        Board.open(url).close()
        owner.kill()
    wait_until_gone(url)


def test_port_in_use(simulator):
    port = simulator.url.rsplit(":", 1)[1]
    binary = binary_of(SimulationConfig(ARRAY.to_dict()))
    run = subprocess.run([binary, "--port", port], capture_output=True, text=True)
    assert run.returncode == 1
    assert f"cannot listen on port {port}" in run.stderr


def test_build_dir_that_cannot_be_written(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises(LitelicError, match="could not be built.*choose a folder"):
        Simulator(ARRAY, build_dir=file).start()
