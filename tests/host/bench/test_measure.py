"""One row, on an engine whose counts are known."""

import numpy as np
import pytest

from litelic.host.bench import results, tables
from litelic.host.bench.measure import Task, TimedBoard, measure
from litelic.host.bench.rows import ARTY_FAST, Row
from litelic.host.bench.traffic import layer_minimum, minima
from litelic.host.program.symbols import latents_of
from tests.host.bench import fakes
from tests.host.bench.conftest import SMALL_ROWS
from tests.host.codec.models import small_program
from tests.host.link.fake_board import RUN_CYCLES, FakeBoard


def test_entries_are_consistent_and_complete(entries):
    for row, entry in zip(SMALL_ROWS, entries):
        results.check(entry)
        assert {name: entry[name] for name in row.key} == row.key
        assert entry["bit_exact"] is True
        assert entry["command"] == row.command and entry["revision"] == "0123456789ab"
        assert entry["array_parameters"]["port_bytes"] == 16
        assert entry["cycles_outside_layers"] == fakes.OUTSIDE
        assert entry["frames_per_s"] == 1e8 / entry["cycles"]
        for layer in entry["layers"]:
            assert layer["stalls"].keys() == {"input", "fetch"}
            assert layer["dram"]["input"] == 2 * layer["dram_minimum"]["input"]
            assert layer["dram"]["output"] == layer["dram_minimum"]["output"]


def test_pictures_are_extended(entries):
    """11x19 pixels of a model that shrinks by 8 are 16x24, and so are their multiplications."""
    program = small_program(1)
    wanted = 0
    size = (24, 16)
    for layer in program.analysis:
        wanted += layer.macs(*size)
        size = layer.output_size(*size)
    assert entries[2]["macs"] == wanted


def test_a_faster_arrays_cycles_are_its_own(small_model):
    """The firmware counts the system's clock, the layers' counters the array's."""
    board = fakes.FakeBoard()
    row = Row("small", 16, 8, "encoder", ARTY_FAST)
    task = Task(row.model, row.width, row.height)
    engine = fakes.FakeEngine(board, task.program)
    entry = measure(row, task, engine, board, "unknown")
    results.check(entry)
    assert entry["cycles"] == 2 * board.run_cycles
    assert (entry["clock_hz"], entry["array_clock_hz"]) == (100_000_000, 200_000_000)
    assert entry["frames_per_s"] == 100_000_000 / board.run_cycles
    assert "100 MHz, array 200 MHz" in tables.codecs([entry])


@pytest.mark.parametrize("direction", (0, 1))
def test_a_wrong_byte_is_seen(small_model, monkeypatch, direction):
    monkeypatch.setattr(fakes.FakeEngine, "spoil", True)
    board, row = fakes.FakeBoard(), SMALL_ROWS[direction]
    task = Task(row.model, row.width, row.height)
    entry = measure(row, task, fakes.FakeEngine(board, task.program), board, "unknown")
    assert entry["bit_exact"] is False


def test_the_golden_model_runs_once(small_model, monkeypatch):
    task = Task("small", 16, 8)
    assert task.result("decoder") is task.result("decoder")
    assert np.array_equal(
        task.input("decoder"), latents_of(task.program, task.result("encoder"))
    )


def test_the_least_traffic_of_a_layer():
    program = small_program(1)
    first, last = program.analysis[0], program.synthesis[-1]
    assert layer_minimum(first, 8, 16) == {
        "input": 8 * 16 * 3,
        "weights": 4 * 5 * 5 * 3 + 4 * 7 + 4 * 4 + 4 * 7,  # with its normalisation
        "output": 2 * 4 * 4,
    }
    assert layer_minimum(last, 2, 4) == {
        "input": 2 * 4 * 4, "weights": 3 * 5 * 5 * 4 + 3 * 7, "output": 8 * 16 * 3,
    }
    latents = program.analysis[-1].out_channels
    chain = minima(program.analysis, 8, 16)
    assert chain[1]["input"] == chain[0]["output"]
    assert chain[1]["output"] == 1 * 2 * latents * 2  # int16


def test_a_board_keeps_the_cycles_of_its_run():
    """Whether it is waited for at once, or started and finished, as engines do."""
    board = TimedBoard(FakeBoard())
    board.hello()
    assert board.run(0, 3) == RUN_CYCLES == board.run_cycles
    board.run_cycles = None
    board.start(0, 2)
    assert board.finish() == RUN_CYCLES == board.run_cycles
