"""What only the ULX3S refuses."""

import pytest

from litelic.host.errors import LitelicError
from tests.soc.board.boards import BOARDS, parse


def test_a_clock_that_its_sdram_cannot_have():
    board = BOARDS["ulx3s"]
    options = parse(board, "--build", "--array", "none", "--sys-clk-freq", "60e6")
    with pytest.raises(LitelicError, match="60000000: the SDRAM has twice.*choose 50 MHz or less"):
        board.soc(options)
