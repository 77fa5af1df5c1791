"""The frame: few pins, and every port of the engine at a register."""

import re
import shutil
import subprocess

import pytest

from litelic.accel.config import ArrayConfig
from litelic.host.area import sources
from litelic.host.area.families import ARTIX7, ECP5
from litelic.host.errors import LitelicError

HEADER = """
// comment (with brackets);
module engine (
    input  wire          array_clk,
    input  wire          array_rst,
    output reg    [31:0] completed,
    input  wire  [127:0] data,
    output wire          ready,
    input  wire          sys_clk,
    input  wire          sys_rst
);
reg [3:0] inside;
endmodule
"""


def test_ports_are_read_from_the_header():
    assert sources.ports(HEADER) == [
        ("input", "array_clk", 1), ("input", "array_rst", 1), ("output", "completed", 32),
        ("input", "data", 128), ("output", "ready", 1), ("input", "sys_clk", 1),
        ("input", "sys_rst", 1),
    ]
    with pytest.raises(LitelicError, match="install the versions"):
        sources.ports("module other ();\nendmodule\n")


def test_every_port_is_connected_once():
    text = sources.frame(HEADER)
    connections = dict(re.findall(r"\.(\w+)\((.*)\)", text))
    assert connections == {
        "array_clk": "array_clk", "sys_clk": "sys_clk", "array_rst": "array_rst_register",
        "sys_rst": "sys_rst_register", "completed": "results[0 +: 32]",
        "ready": "results[32 +: 1]", "data": "inputs[0 +: 128]",
    }
    assert "reg [127:0] inputs;" in text and "wire [32:0] results;" in text


def test_the_engine_fits_its_frame(tmp_path):
    """Verilator reads both together, and finds no port too many, too few or too wide.

    The engine is one that leaves its multipliers to the tools: Verilator has no family's cells.
    """
    if not shutil.which("verilator"):
        pytest.skip("verilator is missing: apt-get install verilator")
    files = sources.engine_sources(ArrayConfig.parse("4x4x2"), ARTIX7)
    files["frame.v"] = sources.frame(files["engine.v"])
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    run = subprocess.run(
        ["verilator", "--lint-only", "-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wwarn-PINMISSING",
         "-Wwarn-WIDTH", "--top-module", "frame", "frame.v"],
        cwd=tmp_path, capture_output=True, text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    complaints = [line for line in run.stderr.splitlines() if re.search("PIN|WIDTH", line)]
    assert not [line for line in complaints if "frame.v" in line]


def test_the_sources_do_not_depend_on_the_time():
    texts = "\n".join(sources.engine_sources(ArrayConfig.parse("4x4x2"), ECP5).values())
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", texts)
    assert "sha1" not in texts
