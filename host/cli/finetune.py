"""`litelic finetune`: a checkpoint trained on with the integers' rounding in the loop."""

from pathlib import Path

from litelic.host.cli import options


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "finetune", help="train a checkpoint on with the integers' rounding in the loop",
        description="Train a checkpoint of `litelic train` a little further, as the integer "
        "network will compute it (needs torch and compressai). An existing OUTPUT is replaced at "
        "the end.",
    )
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="of `litelic train`")
    parser.add_argument(
        "output", type=Path, metavar="OUTPUT", help="the new checkpoint, a .pth file"
    )
    parser.add_argument(
        "--photographs", nargs="+", required=True, type=Path, metavar="DIR",
        help="folders of photographs to learn from",
    )
    parser.add_argument(
        "--calibration", nargs="+", required=True, type=Path, metavar="PATH",
        help="photographs, or folders of them, that scales are chosen on",
    )
    parser.add_argument(
        "--rate", type=options.positive_number, default=2e-4,
        help="the first learning rate; it falls to 0 (default: %(default)s)",
    )
    for name, default, meaning in (
        ("steps", 4_000, "batches"), ("batch", 8, "crops a batch"),
        ("crop", 128, "side of a crop in pixels"), ("seed", 1, "of the random numbers"),
        ("threads", 1, "of the CPU"),
    ):
        parser.add_argument(
            f"--{name}", type=options.whole_number(1, 2**31 - 1), default=default,
            help=f"{meaning} (default: %(default)s)",
        )
    parser.set_defaults(run=run)


def run(args):
    options.check_place(args.output)
    from litelic.host.compiler.torch_compat import import_compressai

    import_compressai()
    from litelic.host.compiler.finetune import finetune

    finetune(
        args.checkpoint, args.output, args.photographs, args.calibration, steps=args.steps,
        peak=args.rate, batch=args.batch, crop=args.crop, seed=args.seed, threads=args.threads,
        log=lambda line: print(line, flush=True),
    )
    print(f"{args.output}: fine-tuned for {args.steps} steps")
