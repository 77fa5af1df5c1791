"""`litelic compile`: a trained model to a program file."""

from pathlib import Path

from litelic.host.boards import BOARDS, board_named
from litelic.host.cli import options
from litelic.host.errors import LitelicError


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "compile", help="a trained model to a .licp program",
        description="Compile a model to integers (needs torch and compressai). An existing OUTPUT "
        "is replaced.",
    )
    parser.add_argument(
        "source", metavar="MODEL",
        help="a checkpoint (.pth, .pth.tar), a folder with the paper's raw weights, or "
        "a model of CompressAI's by its name, such as mbt2018-mean, with --quality (its trained "
        "weights) or with --N and --M (random ones)",
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="the program, a .licp file")
    parser.add_argument(
        "--calibration", nargs="+", required=True, type=Path, metavar="PATH",
        help="photographs, or folders of them, such as the model will meet",
    )
    parser.add_argument(
        "--quality", type=options.whole_number(1, 8), metavar="Q", help="of the zoo's model, 1..8"
    )
    parser.add_argument("--N", type=options.whole_number(1, 4096), help="channels inside")
    parser.add_argument("--M", type=options.whole_number(1, 4096), help="latent channels")
    parser.add_argument(
        "--activation-bits", type=int, choices=(8, 9, 16), default=9,
        help="what is stored between layers: 8, in a byte; 9, in two, at the same speed of the "
        "array; 16, for boards that are built for it (default: %(default)s)",
    )
    parser.add_argument(
        "--report", type=Path, nargs="?", const=True, metavar="FILE",
        help="tell of each layer what it costs and what rounding did to it, also as JSON "
        "(default FILE: OUTPUT's name with .json)",
    )
    parser.add_argument(
        "--board", choices=list(BOARDS), default="arty",
        help="whose cycles the report predicts (default: %(default)s)",
    )
    parser.add_argument(
        "--size", type=options.size, default=(1280, 720), metavar="WxH",
        help="of the picture that the report predicts cycles for (default: 1280x720)",
    )
    parser.add_argument("--name", type=options.word, help="of the program (default: the model's)")
    parser.set_defaults(run=run)


def run(args):
    options.check_place(args.output)
    if args.report is True:
        args.report = args.output.with_suffix(".json")
    if args.report:
        options.check_place(args.report)
        if args.report.resolve() == args.output.resolve():
            raise LitelicError(f"{args.report} is the program; name another file for the report")
    board = board_named(args.board)
    wide = args.activation_bits == 16
    if args.report and wide != (board.activation_bits == 16):
        fitting = [name for name, b in BOARDS.items() if wide == (b.activation_bits == 16)]
        raise LitelicError(
            f"the board {args.board} has {board.activation_bits}-bit activations, the program "
            f"{args.activation_bits}: give --board {' or '.join(fitting)}"
        )

    from litelic.host.compiler.torch_compat import import_compressai

    import_compressai()
    from litelic.host.compiler.compile import compile_command

    compile_command(args)
