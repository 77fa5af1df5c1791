"""The complete SoC in Verilator: firmware, link, LiteDRAM, and the process that simulates it."""

import random
import subprocess
import sys
import time

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.host.errors import LitelicError
from litelic.host.link.board import BoardError
from litelic.host.link.protocol import MAX_PAYLOAD, ErrorCode
from litelic.host.link.simulator import Simulator
from litelic.soc.simulation.cache import SimulationConfig, binary_of
from tests.system.raw import connect

ARRAY = ArrayConfig()


@pytest.fixture
def board(simulator):
    with connect(simulator.url) as opened:
        yield opened


# Requests -----------------------------------------------------------------------------------------


def test_info(board):
    info = board.info
    assert info.target == "sim" and info.protocol == 2
    assert info.array == ARRAY.to_dict()
    assert info.clock_hz == 100_000_000
    assert info.dram_bytes == 256 << 20
    assert info.dram_ok and not info.busy
    assert info.statistics.keys() == {"requests", "damaged_frames", "lost_frames"}


def test_the_boards_clock_goes_on(board):
    """As long as there is something to do."""
    times = [board.ping() for _ in range(20)]
    assert times == sorted(times) and len(set(times)) == 20
    before = times[-1]
    board.write(0, bytes(100_000))
    assert board.ping() - before > 100_000 / 4


def test_write_and_read(board, seed):
    """Random places and lengths, neighbours included, against a copy on the host."""
    chance = np.random.default_rng(seed)
    size = 20000
    base = 4 * int(chance.integers((board.info.dram_bytes - size) // 4))
    expected = bytearray(chance.bytes(size))
    board.write(base, expected)
    for _ in range(30):
        length = int(chance.choice((
            1, 2, 15, 16, 17, MAX_PAYLOAD, MAX_PAYLOAD + 1, chance.integers(1, 6000))))
        start = 4 * int(chance.integers((size - length) // 4))
        data = chance.bytes(length)
        board.write(base + start, data)
        expected[start : start + length] = data
        start = 4 * int(chance.integers((size - length) // 4))
        assert board.read(base + start, length) == expected[start : start + length]
    assert board.read(base, size) == expected
    assert board.resent == 0


def test_ends_of_the_memory(board):
    size = board.info.dram_bytes
    board.write(0, b"first")
    board.write(size - 4, b"last")
    assert board.read(0, 5) == b"first"
    assert board.read(size - 4, 4) == b"last"
    assert board.read(size - 20, 19)[-3:] == b"las"


@pytest.mark.parametrize("beyond", (4, 4096, 0x7000_0000, 0xEFFF_FFF8))
def test_addresses_outside_are_refused(board, beyond):
    size = board.info.dram_bytes
    address = size - 4 + beyond
    for request in (lambda: board.write(address, b"xx"), lambda: board.read(address, 2)):
        with pytest.raises(BoardError, match="DRAM, which ends at 0x10000000") as caught:
            request()
        assert (caught.value.code, caught.value.detail) == (ErrorCode.ADDRESS, size)


def test_program_survives_its_client(simulator, seed):
    identity = random.Random(seed).randbytes(32)
    with connect(simulator.url) as board:
        board.set_program(identity)
    with connect(simulator.url) as board:
        assert board.info.program == identity
        board.set_program(bytes(32))
        assert board.hello().program is None


def test_second_client_is_told(simulator, board):
    """There is one TCP connection at a time."""
    for _ in range(3):
        with pytest.raises(LitelicError, match="busy with another client"):
            connect(simulator.url)
    board.write(8, b"first come")
    assert board.read(8, 10) == b"first come"


# The process --------------------------------------------------------------------------------------


def wait_until_gone(url):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            connect(url).close()
        except LitelicError as error:
            if "nothing is listening" in str(error):
                return
    raise AssertionError("the simulator is still there")


def test_it_is_stopped(simulator):
    with Simulator(ARRAY) as other:
        assert other.url != simulator.url
        connect(other.url).close()
    wait_until_gone(other.url)


def test_it_does_not_outlive_its_owner(simulator):
    """Killed without a chance to clean up."""
    code = (
        "import time; from litelic.host.link.simulator import Simulator; s = Simulator();"
        "s.start(); print(s.url, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
        url = owner.stdout.readline().strip()
        connect(url).close()
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
