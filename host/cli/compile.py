"""`litelic compile`: a trained model to a program file."""

from pathlib import Path

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
        "bmshj2018-factorized with --quality (from CompressAI's zoo) or with --N and --M (random)",
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="the program, a .licp file")
    parser.add_argument(
        "--calibration", nargs="+", required=True, type=Path, metavar="PATH",
        help="photographs, or folders of them, such as the model will meet",
    )
    parser.add_argument("--quality", type=int, metavar="Q", help="of the zoo's model, 1..8")
    parser.add_argument("--N", type=int, help="channels inside")
    parser.add_argument("--M", type=int, help="latent channels")
    parser.add_argument("--name", help="of the program (default: the model's)")
    parser.set_defaults(run=run)


def run(args):
    if not args.output.parent.is_dir():
        raise LitelicError(f"there is no folder {args.output.parent}; make it first")

    from litelic.host.compiler.torch_compat import import_compressai

    import_compressai()
    from litelic.host.compiler.compile import compile_command

    compile_command(args)
