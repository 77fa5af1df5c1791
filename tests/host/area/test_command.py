"""`python -m litelic.host.area`, on tools that are not there, and once on those that are."""

import json

import pytest

from litelic.host.area import command, page, results, tools
from litelic.host.errors import LitelicError
from tests.host.area.rows import CELLS

CLOCKS = {"$glbnet$array_clk": {"achieved": 117.5}, "$glbnet$sys_clk": {"achieved": 80.0}}


class FakeTools:
    """Yosys and nextpnr that write what a test wants, and remember how they were called."""

    def __init__(self):
        self.calls = []

    def version(self, names):
        return f"{names[-1]} 1"

    def run(self, names, arguments, folder, log):
        self.calls.append((names[-1], arguments))
        if names == tools.YOSYS:
            assert (folder / "engine.v").exists()
            (folder / "stat.json").write_text(json.dumps({"design": {"num_cells_by_type": CELLS}}))
            (folder / "netlist.json").write_text("{}")
        else:
            option = "--write" if "--write" in arguments else "--report"
            result = folder / arguments[arguments.index(option) + 1]
            result.write_text(json.dumps({"fmax": CLOCKS}))


@pytest.fixture
def fake(monkeypatch):
    fake = FakeTools()
    monkeypatch.setattr(tools, "run", fake.run)
    monkeypatch.setattr(tools, "version", fake.version)
    return fake


@pytest.fixture
def call(tmp_path):
    """The command with its files in a folder of the test's own."""
    def call(*arguments):
        places = ["--folder", tmp_path / "work", "--output", tmp_path / "area.json"]
        return command.main([str(a) for a in (*arguments, *places)])

    call.rows = lambda: results.load(tmp_path / "area.json")
    return call


def test_a_rows_command_measures_it_again(fake, call, capsys):
    assert call("--array", "4x4x2", "--family", "ecp5") == 0
    first, = call.rows()
    assert first["dsps"] == 149 and first["macs"] == 32 and first["tools"] == ["yosys 1"]
    assert call(*first["command"].split()[3:]) == 0
    assert call.rows() == [first]
    assert [name for name, _ in fake.calls] == ["yosys"]  # a synthesis is kept
    assert "ecp5 4x4x2 (32 MACs): 21,819 LUTs" in capsys.readouterr().out


def test_place_and_route_takes_one_synthesis(fake, call, capsys):
    assert call("--place", "--array", "4x4x2", "--grade", 8, "--seed", 1, "--seed", 5) == 0
    assert [row["seed"] for row in call.rows()] == [1, 5]
    assert [name for name, _ in fake.calls] == ["yosys", *4 * ["nextpnr-ecp5"]]
    assert call(*call.rows()[1]["command"].split()[3:]) == 0
    assert len(call.rows()) == 2 and len(fake.calls) == 5
    assert call.rows()[0]["reached_mhz"] == {"array_clk": 117.5, "sys_clk": 80.0}
    assert call.rows()[0]["asked_mhz"] == {"array_clk": 150, "sys_clk": 75}
    assert "grade 8, seed 5: " in capsys.readouterr().out


def test_every_grade_times_the_same_routes(fake, call):
    """Placed and routed once, with the fastest grade's delays; then timed with each grade's."""
    assert call("--place", "--array", "4x4x2", "--seed", 1) == 0
    (placing, timing_fast, timing_slow) = [arguments for _, arguments in fake.calls[1:]]

    def value(arguments, option):
        return arguments[arguments.index(option) + 1]

    assert value(placing, "--speed") == "8" and "--no-place" not in placing
    routed = value(placing, "--write").replace(".unfinished", ".json")
    for arguments, grade in ((timing_fast, "8"), (timing_slow, "6")):
        assert value(arguments, "--json") == routed and value(arguments, "--speed") == grade
        assert {"--no-pack", "--no-place"} <= set(arguments)
        assert value(arguments, "--lpf") == value(placing, "--lpf")
    assert [(row["grade"], row["placed_grade"]) for row in call.rows()] == [(6, 8), (8, 8)]


@pytest.mark.parametrize("arguments, message", (
    (("--array", "4x4"), "write a shape (reduction x outputs x pixels)"),
    (("--array", "4x3x8"), "multiple of 16"),
    (("--place", "--family", "artix7"), "only the family ecp5"),
))
def test_what_cannot_be_is_told(fake, call, capsys, arguments, message):
    assert call(*arguments) == 1
    assert message in capsys.readouterr().err and not fake.calls


def test_the_checkouts_page_follows_its_rows(fake, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(page, "results_file", lambda: tmp_path / "area.json")
    monkeypatch.setattr(page, "update", lambda rows: shown.append(len(rows)))
    arrays = ["--array", "4x4x2", "--array", "4x4x4"]
    assert command.main([*arrays, "--family", "ecp5", "--folder", str(tmp_path)]) == 0
    assert shown == [1, 2]


def test_missing_tools_are_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(LitelicError, match="yosys is missing: pip install"):
        tools.find(tools.YOSYS)


def test_a_tool_that_fails_shows_the_end_of_its_log(monkeypatch, tmp_path):
    tool = tmp_path / "yosys"
    tool.write_text("#!/bin/sh\nfor n in $(seq 30); do echo line $n; done\nexit 3\n")
    tool.chmod(0o755)
    with pytest.raises(LitelicError, match="yosys failed; the whole log is .*log\n") as raised:
        monkeypatch.setattr(tools, "find", lambda names: tool)
        tools.run(tools.YOSYS, [], tmp_path, "log")
    assert "line 30" in str(raised.value) and "line 10" not in str(raised.value)


@pytest.mark.long
@pytest.mark.parametrize("arguments", (
    ("--family", "ecp5"), ("--family", "artix7"),
    ("--place", "--seed", "1", "--router", "router2"),
), ids=" ".join)
def test_the_real_tools(call, arguments):
    """The smallest array, in a folder that may lie under /tmp."""
    for names in (tools.YOSYS, *([tools.NEXTPNR_ECP5] if "--place" in arguments else [])):
        try:
            tools.find(names)
        except LitelicError as e:
            pytest.skip(str(e))
    assert call("--array", "4x4x2", *arguments) == 0
    rows = call.rows()
    if "--place" in arguments:
        slow, fast = (row["reached_mhz"]["array_clk"] for row in rows)  # grades 6 and 8
        assert 20 < slow < fast < 500
    else:
        row, = rows
        assert row["dsps"] >= 16 and row["luts"] > 1000 and row["ffs"] > 1000
