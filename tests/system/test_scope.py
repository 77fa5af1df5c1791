"""A LiteScope in the simulated board: what it captures, and what it lets a host reach."""

import struct

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.host.engines.board import BoardEngine
from litelic.host.errors import LitelicError
from litelic.host.link.board import BoardError
from litelic.host.link.protocol import RESPONSE, ErrorCode, Request, RunState
from litelic.host.link.simulator import Simulator
from litelic.host.scope import Scope, handshakes
from tests.host.codec.models import small_program
from tests.system.raw import RawHost, connect, outcome, refused
from tests.waveforms import read_vcd

ARRAY = ArrayConfig(
    pixels=2, epilogue=1, input_depth=512, weight_depth=64, middle_depth=64, output_depth=64)
BEFORE = 20


@pytest.fixture(scope="module")
def analyzed():
    # With the CPU that an Arty A7-35T has.
    with Simulator(ARRAY, analyzer=True, cpu_variant="minimal") as running:
        yield running


@pytest.fixture
def board(analyzed):
    with connect(analyzed.url) as opened:
        yield opened


def analyse(board, width=16, height=16):
    """Run an encoder of two layers; returns the reports of both."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    engine = BoardEngine(board, small_program(1))
    engine.analyse(pixels)
    return engine.reports


def test_a_whole_descriptor(analyzed, board, tmp_path):
    """From its start to its record, and what its own counters say of it."""
    scope = Scope(board, analyzed.folder)
    scope.arm(["fetcher_start=1", "fetcher_start=1"], BEFORE)
    dram = analyse(board)[1]["dram"]  # of the second one, the shorter of them
    samples = scope.read()

    start = samples["fetcher_start"].index(1)
    assert start == BEFORE
    assert samples["fetcher_running"][start : start + 2] == [0, 1]
    done = samples["fetcher_done"].index(1, start + 2)
    assert samples["fetcher_running"][done : done + 2] == [1, 0]
    assert samples["loader_address_valid"].index(1) > start
    assert samples["store_write_valid"].index(1) > samples["loader_data_valid"].index(1)

    layer = {name: values[start : done + 1] for name, values in samples.items()}
    items = {stream: done for stream, (done, _) in handshakes(layer).items()}
    assert items["loader_address"] == items["loader_data"] == dram["input"] // ARRAY.port_bytes
    assert items["weight_request"] == items["weight_data"] == dram["weights"] // ARRAY.port_bytes
    assert items["store_write"] == dram["output"] // 16
    assert items["record"] == 0
    recorded = samples["record_valid"].index(1)
    assert recorded > done
    assert samples["completed"][-1] == samples["completed"][start] + 1

    scope.save(tmp_path / "scope.vcd")
    waves, step = read_vcd(tmp_path / "scope.vcd")
    assert step == 5000  # half a cycle of 100 MHz
    assert set(waves) == {*scope.signals, "scope_clk", "scope_trig"}
    assert all(waves[name][::2] == values for name, values in samples.items())
    assert waves["scope_trig"].index(1) == 2 * BEFORE


def test_one_capture_after_the_other(analyzed, board):
    """Whatever is kept from before the trigger, and whether it comes or not."""
    scope = Scope(board, analyzed.folder)
    for before in (0, 1, 300):
        scope.arm(["loader_address_valid=1"], before)
        analyse(board)
        samples = scope.read()
        assert samples["loader_address_valid"][: before + 1] == [0] * before + [1]
        assert len(samples["completed"]) > scope.depth - 8
        scope.arm(["fetcher_start=1", "completed=0b1xxxxxxx"], before)
        analyse(board)
        with pytest.raises(LitelicError, match="did not come"):
            scope.read()


# What the link lets through -----------------------------------------------------------------------


def test_nothing_else_can_be_reached(board):
    beyond = 0
    for address in (1, 2, 0x7FE, 0x800, 0x1000, 0xFFFFF800, 0xFFFFFFFC):
        for access in (board.read_register, lambda a: board.write_register(a, 1)):
            with pytest.raises(BoardError, match="no register at") as refusal:
                access(address)
            assert refusal.value.code == ErrorCode.ADDRESS
            assert refusal.value.detail == 0x800
            beyond += 1
    assert beyond == 14 and board.hello().target == "sim"


def test_a_board_without_an_analyzer_does_not_know_the_requests(simulator):
    with connect(simulator.url) as board:
        for access in (board.read_register, lambda a: board.write_register(a, 1)):
            with pytest.raises(BoardError, match="unknown request type") as refusal:
                access(0)
            assert refusal.value.code == ErrorCode.TYPE


def access(kind, address, number, *value):
    return kind, address, struct.pack(f"<{1 + len(value)}I", number, *value)


def value(answer):
    assert answer.type in (
        Request.REGISTER_READ | RESPONSE, Request.REGISTER_WRITE | RESPONSE), answer
    return int.from_bytes(answer.payload, "little")


def test_a_request_that_comes_again_is_only_answered_again(analyzed):
    with connect(analyzed.url) as board:
        scope = Scope(board, analyzed.folder)
        scope.arm()
        analyse(board)
        driver, base = scope._driver, scope._bus.base
        sample, condition, full, level = (
            getattr(driver, name).addr - base for name in
            ("storage_mem_data", "trigger_mem_write", "trigger_mem_full", "storage_mem_level")
        )
    with RawHost(analyzed.url) as host:
        host.hello()

        def read(address, number):
            return value(host.request(*access(Request.REGISTER_READ, address, number)))

        there = read(level, 0)
        assert len({read(sample, 1) for _ in range(20)}) == 1
        assert read(level, 2) >= there - 1
        for number in range(3, 23):
            read(sample, number)
        assert read(level, 23) <= there - 9  # two words a sample

        write = access(Request.REGISTER_WRITE, condition, 24, 1)
        assert {value(host.request(*write)) for _ in range(20)} == {1}
        assert read(full, 25) == 0
        for number in range(26, 46):
            host.request(*access(Request.REGISTER_WRITE, condition, number, 1))
        assert read(full, 46) == 1


def test_numbers_of_accesses(analyzed):
    """The next one, or the last one; a session begins with 0. Refused ones are not counted."""
    with RawHost(analyzed.url) as host:
        for _ in range(2):
            host.hello()
            for number in (1, 2, 100):
                answer = host.request(*access(Request.REGISTER_READ, 0, number))
                refused(answer, ErrorCode.ORDER, 0)
            refused(host.request(*access(Request.REGISTER_READ, 2, 0)), ErrorCode.ADDRESS, 0x800)
            value(host.request(*access(Request.REGISTER_WRITE, 0, 0, 0)))
            value(host.request(*access(Request.REGISTER_READ, 0, 1)))
            answer = host.request(*access(Request.REGISTER_READ, 0, 0))
            refused(answer, ErrorCode.ORDER, 2)
        for kind, length in ((Request.REGISTER_READ, 4), (Request.REGISTER_WRITE, 8)):
            for wrong in (0, length - 1, length + 4, 1408):
                refused(host.request(kind, 0, bytes(wrong)), ErrorCode.LENGTH, length)


def test_registers_are_served_while_a_run_is_in_progress(analyzed):
    with connect(analyzed.url) as board:
        count = len(analyse(board, 192, 128))
    with RawHost(analyzed.url) as host:
        host.hello()
        host.send(host.run(0, 0, count))
        value(host.request(*access(Request.REGISTER_WRITE, 0, 0, 0)))
        value(host.request(*access(Request.REGISTER_READ, 0, 1)))
        assert outcome(host.ask(host.run(0, 0, count))).state == RunState.ACTIVE
        assert outcome(host.wait(lambda answer: answer.sequence == 0)).state == RunState.DONE
