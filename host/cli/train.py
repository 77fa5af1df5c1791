"""`litelic train`: photographs to a checkpoint."""

from pathlib import Path

from litelic.host.cli import options
from litelic.host.cli.progress import Progress


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "train", help="photographs to a checkpoint, for `litelic compile`",
        description="Train a codec (needs torch and compressai). Goes on where OUTPUT stopped, if "
        "it exists and was made with the same N and M; runs on the first GPU if there is one.",
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="the checkpoint, a .pth file")
    parser.add_argument(
        "--photographs", nargs="+", required=True, type=Path, metavar="DIR",
        help="folders of photographs to learn from",
    )
    parser.add_argument(
        "--validation", nargs="+", type=Path, metavar="DIR",
        help="folders of photographs to report on (default: the same)",
    )
    parser.add_argument(
        "--lambda", dest="lmbda", type=options.positive_number, default=0.016, metavar="L",
        help="weight of the squared error: more is better pictures and larger files "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--start", type=Path, metavar="CHECKPOINT",
        help="a checkpoint whose weights to begin with, such as a neighbouring rate's "
        "(default: random ones)",
    )
    parser.add_argument(
        "--rate", type=options.positive_number, default=3e-3,
        help="the highest learning rate (default: %(default)s)",
    )
    for name, default, meaning in (
        ("N", 64, "channels inside"), ("M", 96, "latent channels"), ("steps", 85_000, "batches"),
        ("batch", 4, "crops a batch"), ("crop", 128, "side of a crop in pixels"),
        ("seed", 1, "of the random numbers"), ("threads", 1, "of the CPU"),
    ):
        parser.add_argument(
            f"--{name}", type=options.whole_number(1, 2**31 - 1), default=default,
            help=f"{meaning} (default: %(default)s)",
        )
    parser.set_defaults(run=run)


def run(args):
    from litelic.host.compiler.torch_compat import import_compressai

    import_compressai()
    from litelic.host.atomic import make_folder
    from litelic.host.training.train import train

    make_folder(args.output.parent)
    options.check_place(args.output)
    with Progress() as progress:

        def log(text):
            progress.wipe()
            print(text, flush=True)

        train(
            args.output, args.photographs, args.validation, N=args.N, M=args.M, lmbda=args.lmbda,
            steps=args.steps, batch=args.batch, crop=args.crop, seed=args.seed,
            threads=args.threads, peak=args.rate, start=args.start, log=log, progress=progress,
        )
