"""The command line of the simulated target: what it refuses before it builds anything."""

import sys

import pytest

from litelic.accel.config import ArrayConfig
from litelic.host.errors import LitelicError
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
    assert sim.parse_frequency("100e6") == 100_000_000


def test_an_array_suits_its_memory_unless_it_says_otherwise():
    assert sim.parse_array("none", 64) is None
    assert sim.parse_array("4x4x8", 64) == ArrayConfig.parse("4x4x8", 64)
    assert sim.parse_array("reduction=8,outputs=2", 32).port_bytes == 32
    assert sim.parse_array("port_bytes=16", 32).port_bytes == 16
    assert sim.parse_array("4x4x8", 16).activation_bits == 8
    assert sim.parse_array("4x4x8", 16, 16) == ArrayConfig(activation_bits=16)
    assert sim.parse_array("pixels=4", 16, 16).activation_bits == 16
    assert sim.parse_array("activation_bits=8", 16, 16).activation_bits == 8
    with pytest.raises(LitelicError, match="activation_bits must be 8 or 16, not 12"):
        sim.parse_array("activation_bits=12", 16)
    for text in ("pixels=8,epilogue", "pixels=many"):
        with pytest.raises(LitelicError, match="write name=number,name=number"):
            sim.parse_array(text, 16)
