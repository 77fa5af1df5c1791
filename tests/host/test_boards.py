import pytest

from litelic.host.boards import BOARDS, board_named, describe
from litelic.host.errors import LitelicError


def test_boards_by_name():
    assert board_named("arty").config.macs == 128
    assert board_named("wide-2048").config.macs == 2048
    assert board_named("arty-16-bits").config.activation_bits == 16
    with pytest.raises(LitelicError, match="no board 'artie'; known are arty, arty-fast"):
        board_named("artie")


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_is_described(name):
    board = BOARDS[name]
    text = describe(board)
    assert board.array in text and board.memory in text and str(board.config.macs) in text
    assert ("its array" in text) == (board.array_clk_ratio > 1)
    assert board.timing.ratio == board.array_clk_ratio
