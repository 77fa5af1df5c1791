"""All boards, and their options from a command line."""

import importlib
import sys

from litelic.soc.board.main import make_parser
from litelic.soc.board.options import options_of

NAMES = ("arty", "ecpix5", "kc705", "nexys_video", "orangecrab", "ulx3s")
BOARDS = {name: importlib.import_module(f"litelic.targets.{name}").BOARD for name in NAMES}


def parse(board, *argv):
    """The `Options` that a board makes of a command line."""
    before, sys.argv = sys.argv, [board.name, *argv]  # LiteX's parser looks there
    try:
        parser = make_parser(board)
        return options_of(parser, parser.parse_args(), board)
    finally:
        sys.argv = before
