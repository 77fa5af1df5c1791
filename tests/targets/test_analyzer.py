"""The analyzer in a board's generated files, and where there is nothing to look at."""

import re

import pytest

from litelic.host.errors import LitelicError
from litelic.host.scope import signals_of
from litelic.soc.board import build
from tests.soc.board.boards import BOARDS, parse

SMALL = "4x4x1,input_depth=64,weight_depth=64,middle_depth=64,output_depth=64"
BOARD = BOARDS["ulx3s"]


@pytest.mark.parametrize("ratio", ["1", "2"])
def test_a_board_with_an_analyzer(tmp_path, ratio):
    options = parse(BOARD, "--build", "--with-analyzer", "--array", SMALL,
                    "--array-clk-ratio", ratio)
    build.generate(BOARD, options, {"output_dir": str(tmp_path)})
    signals = signals_of(tmp_path)
    verilog = (tmp_path / "gateware" / "ulx3s.v").read_text()
    assert {"fetcher_start", "loader_address_valid", "completed"} <= set(signals)
    for name, bits in signals.items():
        width = rf"\[{bits - 1}:0\]\s+" if bits > 1 else ""
        assert re.search(rf"\bwire\s+{width}{name};", verilog), name
    assert sum(signals.values()) <= 64  # two words a sample, and two block RAMs wide
    assert "csr_register,analyzer_storage_mem_data," in (tmp_path / "csr.csv").read_text()


def test_without_an_accelerator_there_is_nothing_to_look_at():
    options = parse(BOARD, "--build", "--with-analyzer", "--array", "none")
    with pytest.raises(LitelicError, match="choose an --array, or leave --with-analyzer out"):
        BOARD.soc(options)
