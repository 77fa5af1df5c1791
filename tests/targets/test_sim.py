"""The command line of the simulated target: what it refuses before it builds anything."""

import sys

import pytest

from litelic.targets import sim


@pytest.mark.parametrize(("argv", "message"), [
    (["--sys-clk-freq", "0"], "'0' is not a number of Hz"),
    (["--sys-clk-freq", "nan"], "'nan' is not a number of Hz"),
    (["--sys-clk-freq", "fast"], "'fast' is not a number of Hz"),
    (["--memory", "sdr"], "invalid choice: 'sdr'"),
    (["--activation-bits", "12"], "invalid choice: 12"),
    (["--port", "70000"], "'70000' is not a port from 0 to 65535"),
    (["--port", "-1"], "'-1' is not a port"),
    (["--port", "http"], "'http' is not a port"),
    ([], "say --build or --run"),
])
def test_wrong_usage(monkeypatch, capsys, argv, message):
    run = ["--run", *argv] if argv else []
    monkeypatch.setattr(sys, "argv", ["sim", *run])
    with pytest.raises(SystemExit) as end:
        sim.main()
    assert end.value.code == 2 and message in capsys.readouterr().err


def test_good_values():
    assert sim.parse_port("0") == 0 and sim.parse_port("65535") == 65535
