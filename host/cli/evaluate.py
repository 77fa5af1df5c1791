"""`litelic evaluate`: rate and distortion over a folder of pictures."""

from pathlib import Path

from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.errors import LitelicError

CODECS = ("jpeg", "jpeg2000", "webp", "avif")


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "evaluate", help="rate and distortion of models over a folder of pictures",
        description="Code every picture of DIR with every program, as files with headers, and "
        "compare: in float, as integers, on a board, and with JPEG, JPEG 2000, WebP and AVIF. "
        "Writes pictures.json, pictures.csv, summary.json, summary.csv and curves.png to OUTPUT. "
        "The same command again goes on where it was interrupted, and does nothing twice.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="pictures, such as Kodak's 24")
    parser.add_argument(
        "--output", type=Path, default=Path("evaluation"), metavar="OUTPUT",
        help="folder of the results, made if it is missing (default: ./%(default)s)",
    )
    parser.add_argument(
        "--program", type=Path, action="append", metavar="FILE",
        help="a compiled model; again for each rate of it (default: LiteLIC's own, all rates)",
    )
    parser.add_argument(
        "--checkpoint", action="append", metavar="MODEL",
        help="what the --program in the same place was compiled from (default: LiteLIC's own)",
    )
    parser.add_argument("--name", help="of the model in the results (default: the first program's)")
    parser.add_argument(
        "--forms", nargs="*", choices=("float", "golden", "board"),
        help="how models run: as the checkpoint in float, as the golden model's integers, on a "
        "board, which needs --port or --sim (default: golden, and float where there are "
        "checkpoints)",
    )
    parser.add_argument(
        "--codecs", nargs="*", choices=CODECS, default=list(CODECS),
        help="what to compare with (default: all; none after --codecs alone)",
    )
    options.add_engine(parser, golden=False, required=False)
    parser.set_defaults(run=run)


def run(args):
    try:
        import pytorch_msssim  # noqa: F401
    except ImportError as e:
        raise LitelicError(
            f"{e.name or 'PyTorch'} is missing: pip install -c constraints.txt -e '.[compiler]'"
        ) from e
    from litelic.host import results_file
    from litelic.host.atomic import make_folder, write_atomically
    from litelic.host.evaluation import measure, plot, subjects, summary, tables

    forms = args.forms
    if forms is None:
        forms = ["golden"] if args.program and not args.checkpoint else ["float", "golden"]
    on_board = bool(args.port or args.sim)
    if on_board != ("board" in forms):
        raise LitelicError("--forms board goes with --port URL or --sim, and they with it")
    paths = measure.find_pictures(args.folder)
    board = {"port": args.port, "sim": args.sim, "access": options.access(args)}
    wanted = [
        subjects.CodedModel(model, form, board if form == "board" else {})
        for form in forms for model in _models(args)
    ]
    wanted += [subject for name in args.codecs for subject in subjects.of_codec(name)]
    if not wanted:
        raise LitelicError("nothing to evaluate: name --forms or --codecs")
    make_folder(args.output)
    options.check_place(args.output / "pictures.json")
    with Progress() as progress:
        rows = measure.measure(wanted, paths, args.output / "pictures.json", progress)
    means = summary.summarise(rows)
    tables.print_means(means)
    write_atomically(args.output / "pictures.csv", tables.to_csv(rows))
    results_file.write(args.output / "summary.json", means)
    write_atomically(args.output / "summary.csv", tables.to_csv(means))
    plot.draw(means, args.output / "curves.png", f"{args.folder.name}, {len(paths)} pictures")
    print(f"{len(paths)} pictures; all figures and {args.output / 'curves.png'}")
    different = measure.differences(rows)
    for text in different:
        print(f"the board and the golden model differ: {text}")
    return 1 if different else 0


def _models(args):
    """The `subjects.Model`s that are asked for, by rising quality."""
    from litelic.host.evaluation.subjects import Model
    from litelic.host.program.file import load_program

    if args.checkpoint and not args.program:
        raise LitelicError("--checkpoint belongs to a --program; give that as well")
    if not args.program:
        return _packaged(args.name)
    checkpoints = args.checkpoint or [None] * len(args.program)
    if len(checkpoints) != len(args.program):
        raise LitelicError(
            f"{len(args.program)} programs and {len(checkpoints)} checkpoints: give one for each"
        )
    loaded = [load_program(path) for path in args.program]
    name = args.name or loaded[0][0].name
    return [
        Model(name, i, program, model_hash, checkpoint and Path(checkpoint))
        for i, ((program, model_hash), checkpoint) in enumerate(zip(loaded, checkpoints), 1)
    ]


def _packaged(name):
    from litelic.host import models
    from litelic.host.evaluation.subjects import Model
    from litelic.host.program.file import load_program

    return [
        Model(
            name or models.NAME, quality, *load_program(models.program_path(quality)),
            models.checkpoint_path(quality),
        )
        for quality in models.QUALITIES
    ]
