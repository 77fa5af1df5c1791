"""Several seeds at a time, told in their order."""

import threading

import pytest

from litelic.host.errors import LitelicError
from litelic.soc.board import build, ecp5, tools
from litelic.soc.board.timing import Clock

CLOCK = Clock("sys", 75, 80.0)


def test_all_are_tried_and_told_in_order(capsys):
    def place(seed):
        if seed == 2:
            raise tools.TooLong("an hour was not enough")
        return f"seed{seed}.config", [Clock("sys", 75, 70.0 + 2 * seed)]

    results, configurations = build._place_all([[1, 2, 3, 4]], place)
    assert list(results) == [1, 2, 3, 4] and results[2] == []
    assert configurations == {seed: f"seed{seed}.config" for seed in (1, 3, 4)}
    said = [line.strip() for line in capsys.readouterr().out.splitlines()[1:]]
    assert said == [
        "seed 1", "sys: 72.00 MHz of 75.00, MISSED", "seed 2: an hour was not enough",
        "seed 3", "sys: 76.00 MHz of 75.00", "seed 4", "sys: 78.00 MHz of 75.00",
    ]


def test_as_many_at_a_time_as_there_are_processors(monkeypatch):
    monkeypatch.setattr(build.os, "cpu_count", lambda: 2)
    together = threading.Barrier(2, timeout=20)  # breaks if they come one by one

    def place(seed):
        together.wait()
        return seed, [CLOCK]

    assert len(build._place_all([[0, 1, 2, 3]], place)[0]) == 4


def test_an_error_ends_it(monkeypatch):
    monkeypatch.setattr(build.os, "cpu_count", lambda: 1)
    tried = []

    def place(seed):
        tried.append(seed)
        raise LitelicError("nextpnr failed")

    with pytest.raises(LitelicError, match="nextpnr failed"):
        build._place_all([[0, 1, 2]], place)
    assert len(tried) < 3


@pytest.mark.parametrize(("good", "tried"), ((1, [1]), (2, [1, 2]), (None, [1, 2, 3])))
def test_one_after_the_other_until_one_is_good(good, tried):
    def place(seed):
        return f"seed{seed}.config", [Clock("sys", 75, 80.0 if seed == good else 70.0)]

    results, configurations = build._place_all(build._rounds(1, None), place)
    assert list(results) == list(configurations) == tried


def test_all_that_were_asked_for_are_tried():
    assert build._rounds(5, 3) == [[5, 6, 7]]
    results, _ = build._place_all(build._rounds(5, 3), lambda seed: (seed, [CLOCK]))
    assert list(results) == [5, 6, 7]


@pytest.mark.parametrize(("line", "words"), (
    ("'$glbnet$sys_clk': 58.76 MHz (FAIL at 75.01 MHz)", "sys_clk 58.76 MHz of 75.01: ask for a"),
    ("'$glbnet$sys_clk': 78.76 MHz (PASS at 75.01 MHz)", "stopped after 60 minutes$"),
))
def test_a_router_that_does_not_end_says_which_clock_is_out_of_reach(
        line, words, tmp_path, monkeypatch):
    def run(names, arguments, folder, log, seconds):
        (folder / log).write_text(f"Info: Max frequency for clock  {line}\nInfo: iter=40\n")
        raise tools.TooLong("nextpnr-ecp5 was stopped after 60 minutes")

    monkeypatch.setattr(ecp5.tools, "run", run)
    with pytest.raises(tools.TooLong, match=words):
        ecp5._run_nextpnr([], tmp_path, "seed1.log")
