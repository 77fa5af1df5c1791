"""Budgets: what counts as a regression, and what the page shows of a report."""

import copy
import json

import pytest

from litelic.host.errors import LitelicError
from litelic.soc.board import release, report, tables
from litelic.soc.board.timing import Clock
from tests.soc.board.boards import BOARDS, parse

USED = {"luts": 28000, "ffs": 23000, "carry": 4000, "block_rams": 190, "dsps": 132, "lutrams": 2000}
GOOD = [Clock("array", 150.0, 155.129), Clock("sys", 75.0, 80.0)]
BAD = [Clock("array", 150.0, 149.999), Clock("sys", 75.0, 80.0)]


def make(results, seed=1):
    """The report of an ECPIX-5 without tools."""
    board = BOARDS["ecpix5"]
    found = report.described(board, parse(board, "--build"), "python targets/ecpix5.py --build")
    found = report.with_resources(found | {"tools": ["Yosys 0"]}, USED, {"accelerator": USED})
    return report.with_timing(found, results, seed)


def test_a_release_is_its_own_budget():
    found = make({1: GOOD, 2: GOOD, 3: BAD})
    assert (found["seeds_met"], found["timing_met"], found["peak_gops"]) == (2, True, 38.4)
    assert release.regressions(found, found) == release.regressions(found, None) == []


@pytest.mark.parametrize(("results", "message"), [
    ({1: GOOD, 2: BAD, 3: BAD}, "1 of 3 seeds meet every clock, 2 are wanted"),
    ({1: BAD, 2: BAD, 3: BAD}, "array reaches 150.00 MHz of 150.00"),
])
def test_clocks_that_are_missed(results, message):
    assert any(message in text for text in release.regressions(make(results), None))


@pytest.mark.parametrize("name", report.TITLES)
@pytest.mark.parametrize(
    ("factor", "passes"), [(1.14, True), (0.86, True), (1.2, False), (0.8, False)])
def test_resources_may_move_a_little(name, factor, passes):
    budget = make({1: GOOD, 2: GOOD, 3: GOOD})
    found = copy.deepcopy(budget)
    found["resources"][name] *= factor
    assert (release.regressions(found, budget) == []) == passes


@pytest.mark.parametrize("name", ["sys_clk_mhz", "array_clk_mhz", "macs"])
def test_a_slower_or_smaller_board_is_a_regression(name):
    budget = make({1: GOOD, 2: GOOD, 3: GOOD})
    found = budget | {name: budget[name] - 1}
    assert len(release.regressions(found, budget)) == 1


def test_the_tables_round_against_us():
    reports = {"ecpix5": make({1: GOOD, 2: BAD, 3: []})}
    assert "| array | 150.00 | 155.12, 149.99, no routes | 1 of 3 |" in tables.clocks(reports)
    assert "28,000 of 83,640" in tables.boards(reports, [])
    assert "38.4 | not measured / not measured |" in tables.boards(reports, [])
    assert "| accelerator | 28,000 |" in tables.blocks(reports)
    assert "Yosys 0 | `python targets/ecpix5.py --build` |" in tables.commands(reports)


def test_frames_are_those_of_the_same_array_clocks_and_memory():
    found = make({1: GOOD, 2: GOOD, 3: GOOD})
    entry = {
        "model": "default", "direction": "encoder", "width": 1280, "height": 720,
        "array_parameters": found["array_parameters"], "clock_hz": 75_000_000,
        "array_clock_hz": 150_000_000, "memory": "ddr3-x16", "frames_per_s": 4.999,
    }
    line = tables.boards({"ecpix5": found}, [entry])
    assert "4.99 / not measured" in line
    for name, value in (("clock_hz", 100_000_000), ("memory", "ddr3-x64"), ("width", 640)):
        other = tables.boards({"ecpix5": found}, [entry | {name: value}])
        assert "4.99" not in other


def test_the_summary_fits_a_screen():
    lines = report.summary(make({1: BAD, 2: BAD}, 1)).splitlines()
    assert len(lines) < 40 and max(map(len, lines)) <= 100
    assert any("MISSED" in line for line in lines) and any("83640" in line for line in lines)


def test_a_report_is_json(tmp_path):
    found = make({1: GOOD})
    report.write(found, tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(json.dumps(found))


def test_unknown_names_are_refused(capsys):
    assert release.main(["ecpix6"]) != 0
    assert "known are ecpix5, orangecrab, ulx3s" in capsys.readouterr().err


def test_a_failed_build_is_an_error(monkeypatch):
    monkeypatch.setattr(release, "RELEASED", {"broken": ("no_such_target", ())})
    with pytest.raises(LitelicError, match="broken was not built"):
        release.build("broken")
