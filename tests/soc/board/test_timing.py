"""The gate: a clock that is missed is named, and nothing passes without clocks."""

import json

import pytest

from litelic.host.errors import LitelicError
from litelic.soc.board import ecp5, timing, xilinx
from litelic.soc.board.timing import Clock

GOOD = [Clock("sys", 75, 80.0), Clock("array", 150, 150.0)]
BAD = [Clock("sys", 75, 80.0), Clock("array", 150, 140.0)]


def test_all_clocks_are_met_or_it_says_which_is_not():
    timing.gate({1: GOOD}, 1)
    with pytest.raises(LitelicError, match=r"array: 140.00 MHz, .* 150.00 \(-0.48 ns\)") as e:
        timing.gate({1: BAD}, 1)
    assert "sys" not in str(e.value).split("\n")[1] and "(seed 1)" in str(e.value)
    with pytest.raises(LitelicError, match="seed 3, the best of 2"):
        timing.gate({1: BAD, 3: BAD}, 3)
    with pytest.raises(LitelicError, match="no seed was placed and routed in time"):
        timing.gate({1: []}, 1)


def test_the_best_seed_has_most_to_spare_at_its_worst_clock():
    better = [Clock("sys", 75, 76.0), Clock("array", 150, 160.0)]
    assert timing.best({1: BAD, 2: better, 3: GOOD}) == 2
    assert timing.best({4: GOOD, 2: GOOD}) == 2
    assert timing.margin([]) == 0


def test_clocks_of_nextpnrs_report():
    report = {"fmax": {
        "$glbnet$VexRiscv.cache.clk": {"achieved": 80.123, "constraint": 75.0},
        "$glbnet$crg_clkout2": {"achieved": 149.996, "constraint": 150.0},
        "$glbnet$clk100$TRELLIS_IO_IN": {"achieved": 400.0, "constraint": 100.0},
    }}
    netlist = {"modules": {"top": {"netnames": {
        "VexRiscv.cache.clk": {"bits": [7]}, "rst": {"bits": [5]}, "data": {"bits": [1, 2]},
        "crg_clkout2": {"bits": [9]}, "array_clk": {"bits": [9]}, "clk100": {"bits": [11]},
    }}}}
    names = ecp5.clock_names(json.dumps(netlist))
    array, clk100, sys_clock = ecp5.clocks(json.dumps(report), names)
    assert clk100 == Clock("clk100", 100.0, 400.0)
    assert sys_clock == Clock("sys", 75.0, 80.123)
    assert array.name == "array" and not array.met  # rounding does not make it pass
    with pytest.raises(LitelicError, match="report cannot be read"):
        ecp5.clocks("{}", {})


def step(kind, delay, before, behind):
    return {"type": kind, "delay": delay, "from": {"cell": before}, "to": {"cell": behind}}


STEPS = [step("clk-to-q", 0.5, "a", "a"), step("routing", 2.25, "a", "b"),
         step("setup", 0.25, "b", "b")]


def test_the_slowest_path_in_words():
    report = {"critical_paths": [
        {"from": "<async>", "to": "posedge x", "path": STEPS},
        {"from": "posedge x", "to": "posedge y", "path": STEPS},
        {"from": "posedge x", "to": "posedge x", "path": STEPS},
    ]}
    words = 3.0, "a to b: 3.00 ns, 2.25 of them wires"
    assert ecp5.worst_paths(json.dumps(report)) == {("x", "x"): words, ("x", "y"): words}


@pytest.mark.parametrize(("delay", "met"), ((10.0, True), (10.1, False)))
def test_paths_between_related_clocks_have_the_faster_ones_period(delay, met):
    """In either direction; those between others are not looked at."""
    steps = [step("routing", delay, "a", "b")]
    report = {
        "fmax": {net: {"achieved": 500.0, "constraint": mhz}
                 for net, mhz in (("x", 50.0), ("y", 100.0), ("z", 25.0))},
        "critical_paths": [
            {"from": "posedge x", "to": "posedge y", "path": steps},
            {"from": "posedge y", "to": "posedge x", "path": STEPS},
            {"from": "posedge x", "to": "posedge z", "path": steps},
        ],
    }
    names = {"x": "sys", "y": "sys2x", "z": "other"}
    clocks = {c.name: c for c in ecp5.clocks(json.dumps(report), names, (("sys2x", "sys"),))}
    assert clocks.keys() == {"sys", "sys2x", "other", "sys to sys2x", "sys2x to sys"}
    assert clocks["sys to sys2x"].asked == 100 and clocks["sys to sys2x"].met == met
    assert clocks["sys2x to sys"].met and "a to b: 3.00 ns" in clocks["sys2x to sys"].path


def test_clocks_of_vivados_list():
    array, sys_clock = xilinx.vivado_clocks("sys_clk 10.000 0.512\nmain_array_clk 5.000 -0.200\n")
    assert (sys_clock.asked, sys_clock.met) == (100, True)
    assert (array.asked, round(array.reached, 2), array.met) == (200, 192.31, False)


def test_clocks_of_a_log_are_those_after_routing():
    log = (
        "Info: Max frequency for clock 'sys_clk': 90.00 MHz (FAIL at 100.00 MHz)\n"
        "Info: Max frequency for clock   'eth_clk': 130.00 MHz (PASS at 25.00 MHz)\n"
        "Info: Max frequency for clock 'sys_clk': 110.00 MHz (PASS at 100.00 MHz)\n"
    )
    assert xilinx.log_clocks(log) == [Clock("eth_clk", 25, 130), Clock("sys_clk", 100, 110)]
