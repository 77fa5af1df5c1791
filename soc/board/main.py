"""`python targets/BOARD.py`: the command line of every board."""

import logging
import shlex
import sys
from pathlib import Path

from litelic.host.errors import LitelicError
from litelic.soc.board import build, fit, loader
from litelic.soc.board.options import add_options, options_of


def make_parser(board):
    """LiteX's parser with all that the `Board` understands. It reads `sys.argv`."""
    from litex.build.parser import LiteXArgumentParser  # only once LiteX's SoC is imported

    parser = LiteXArgumentParser(platform=board.platform)
    # LiteX's parser takes its keywords for the program's name.
    parser.prog, parser.description = f"{board.name}.py", f"LiteLIC on {board.title}."
    add_options(parser, board)
    return parser


def main(board):
    """Parse the command line of a `Board`, build, load, flash. Exits with words if that fails."""
    parser = make_parser(board)
    args = parser.parse_args()
    if not (args.build or args.load or args.flash):
        parser.error("say --build, --load or --flash")
    logging.getLogger().setLevel(logging.WARNING)
    try:
        _run(board, parser, args)
    except LitelicError as error:
        sys.exit(f"litelic: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _run(board, parser, args):
    if args.toolchain not in board.toolchains:
        raise LitelicError(
            f"--toolchain {args.toolchain}: {board.title} is built with "
            f"{' or '.join(board.toolchains)}")
    if args.load and board.bootloader:
        raise LitelicError(
            f"the {board.title}'s bootloader writes to the flash only: say --flash, not --load")
    options = options_of(parser, args, board)
    output = Path(args.output_dir or Path("build") / f"{board.name}-{options.variant}")
    if args.build:
        fit.check(options, board)
        builder = build.generate(board, options, parser.builder_argdict | {"output_dir": output})
        build.build(board, options, builder,
            first_seed    = getattr(args, "nextpnr_seed", 1),
            seeds         = getattr(args, "seeds", None),
            allow_failure = args.allow_timing_failure,
            command       = shlex.join(["python", f"targets/{board.name}.py", *sys.argv[1:]]))
    for wanted, action in ((args.load, loader.load), (args.flash, loader.flash)):
        if wanted:
            action(board, build.bitstream(board, options, output))
