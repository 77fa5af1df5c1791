"""`litelic train`: photographs to a checkpoint."""

from pathlib import Path


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
        "--lambda", dest="lmbda", type=float, default=0.016, metavar="L",
        help="weight of the squared error: more is better pictures and larger files "
        "(default: %(default)s)",
    )
    for name, default, meaning in (
        ("N", 64, "channels inside"), ("M", 96, "latent channels"), ("steps", 85_000, "batches"),
        ("batch", 4, "crops a batch"), ("crop", 128, "side of a crop in pixels"),
        ("seed", 1, "of the random numbers"), ("threads", 1, "of the CPU"),
    ):
        parser.add_argument(
            f"--{name}", type=_positive, default=default, help=f"{meaning} (default: %(default)s)"
        )
    parser.set_defaults(run=run)


def _positive(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def run(args):
    from litelic.host.compiler.torch_compat import import_compressai

    import_compressai()
    from litelic.host.training.train import train

    train(
        args.output, args.photographs, args.validation, N=args.N, M=args.M, lmbda=args.lmbda,
        steps=args.steps, batch=args.batch, crop=args.crop, seed=args.seed, threads=args.threads,
        log=lambda text: print(text, flush=True),
    )
