"""What fits an FPGA is told before synthesis, as synthesis counts it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.multipliers import DSP48, ECP5
from litelic.accel.resources import of_array
from litelic.host.errors import LitelicError
from litelic.soc.board import fit
from tests.soc.board.boards import BOARDS, parse

AREA = Path(__file__).parents[3] / "docs" / "results" / "area.json"
ROWS = [row for row in json.loads(AREA.read_text()) if row["kind"] == "synthesis"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['family']}-{row['array']}")
def test_an_array_is_as_large_as_synthesis_found_it(row):
    config = ArrayConfig.from_dict(row["array_parameters"])
    blocks = 1 if row["family"] == "ecp5" else 2  # of 18 kbit
    found = of_array(config, ECP5 if row["family"] == "ecp5" else DSP48)
    assert found.dsps == row["dsps"]
    assert found.block_rams == blocks * row["block_rams"]
    assert found.luts == pytest.approx(row["luts"], rel=0.03)


@pytest.mark.parametrize("name", BOARDS)
def test_every_default_fits(name):
    board = BOARDS[name]
    for variant in board.variants:
        fit.check(parse(board, "--build", "--variant", variant), board)


@pytest.mark.parametrize(("name", "argv", "message"), [
    ("ecpix5", ("--array", "4x4x16"), r"DSP blocks: 260 needed, 156 there.*nearest .* 4x4x"),
    ("ulx3s", ("--array", "4x4x8,input_depth=32768"), r"block RAMs: \d+ needed, 208 there"),
    ("arty", ("--array", "4x4x4,input_depth=4096"), r"LUTs: \d+ needed, 22880 .*--array 4x4x3"),
    ("arty", ("--array", "8x16x1"), r"LUTs: .*--no-with-ethernet --array 8x16x1"),
    ("arty", ("--array", "4x4x8"), r"block RAMs: \d+ needed, 100 there.*4x4x\d"),
])
def test_what_does_not_fit_names_what_runs_out_and_what_fits(name, argv, message):
    board = BOARDS[name]
    options = parse(board, "--build", *argv)
    with pytest.raises(LitelicError, match=message) as error:
        fit.check(options, board)
    suggested = str(error.value).split("fits: ")[1].split()
    fit.check(parse(board, "--build", *argv, *suggested), board)


def test_the_nearest_is_the_largest():
    board = BOARDS["ecpix5"]
    options = parse(board, "--build", "--array", "4x4x16")
    near = fit.nearest(options, board)
    more = replace(near, pixels=near.pixels + 1, epilogue=1)
    for smallest in (more, replace(more, input_depth=near.input_depth // 2)):
        if smallest.input_depth >= options.array.input_depth // 2:
            assert fit.missing(replace(options, array=smallest), board)


def test_a_board_without_an_array_fits_anything():
    fit.check(parse(BOARDS["arty"], "--build", "--array", "none"), BOARDS["arty"])


def test_what_is_suggested_can_be_typed():
    plain = ArrayConfig.parse("4x4x8")
    assert fit.describe(None) == "none"
    assert fit.describe(plain) == "4x4x8"
    assert fit.describe(replace(plain, input_depth=4096)) == "4x4x8,input_depth=4096"
