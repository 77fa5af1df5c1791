"""The study behind `docs/quantisation.md`: what the integers cost, and what each ingredient brings.

Run as `make quality`, or `python -m litelic.host.evaluation.study --help`. Compiled programs and
the results of each picture are kept in a folder a revision: an interrupted study goes on there, and
nothing that other sources made is taken for a result of these.
"""

import argparse
import shutil
import sys
from pathlib import Path

from litelic.host import models
from litelic.host.atomic import make_folder
from litelic.host.bench import machine
from litelic.host.bench.places import checkout
from litelic.host.cli.progress import Progress
from litelic.host.cli.status import exit_status
from litelic.host.evaluation import codecs, measure, page, plot, subjects, summary
from litelic.host.program.file import load_program, save_program

COMMAND = "python -m litelic.host.evaluation.study"
FULL = "balanced scales"
# Each has what the one before it has, and one thing more: options of `quantise.Options`.
INGREDIENTS = {
    "weights to nearest": {
        "feedback": False, "correct_bias": False, "balance": False, "activation_bits": 8,
    },
    "mean errors removed": {"feedback": False, "balance": False, "activation_bits": 8},
    "rounding with feedback": {"balance": False, "activation_bits": 8},
    "9 bits between layers": {"balance": False},
    FULL: {},
}
CROPS = 32  # of calibration
WHAT_MATTERS = ("accel", "host", "constraints.txt")


def _parser():
    parser = argparse.ArgumentParser(prog="litelic.host.evaluation.study", description=__doc__)
    parser.add_argument("pictures", type=Path, metavar="DIR", help="to measure on: Kodak's 24")
    parser.add_argument("--calibration", type=Path, required=True, metavar="DIR",
                        help="photographs that programs are calibrated on: BSDS500's val")
    parser.add_argument("--paper", type=Path, metavar="DIR",
                        help="the paper's raw weights (default: without them)")
    parser.add_argument("--folder", type=Path,
                        help="where programs and results are kept (default: build/quality)")
    return parser


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    args = _parser().parse_args(argv)
    paths = measure.find_pictures(args.pictures)
    revision = machine.revision(WHAT_MATTERS)
    folder = (args.folder or checkout() / "build" / "quality").resolve() / revision
    if not revision.isalnum():  # with changes that were not committed
        shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    command = " ".join([
        COMMAND, args.pictures.name, f"--calibration {args.calibration.name}",
        *([f"--paper {args.paper.name}"] if args.paper else []),
    ])
    studied = {f"{models.NAME} {models.DEFAULT_QUALITY}": models.checkpoint_path()}
    if args.paper:
        studied["paper's weights"] = args.paper
    with Progress() as progress:
        curves = _curves(paths, folder, progress)
        ablation = [
            row for name, checkpoint in studied.items()
            for row in _ablation(name, checkpoint, args.calibration, paths, folder, progress)
        ]
    rows = [
        {**row, "set": f"{args.pictures.name}, {len(paths)} pictures", "command": command,
         "revision": revision}
        for row in (*curves, *ablation)
    ]
    rows += [row for row in page.load() if row["kind"] == "board"]
    page.store(rows)
    plot.draw(curves, page.plot_file(), f"{args.pictures.name}, {len(paths)} pictures")
    page.update(rows)
    print(f"{len(rows)} rows in {page.results_path()}")


def _curves(paths, folder, progress):
    """Mean rows of the models that come with LiteLIC, in float and as integers, and of codecs."""
    wanted = [
        subjects.CodedModel(packaged(quality), form, {})
        for form in ("float", "golden") for quality in models.QUALITIES
    ]
    wanted += [subject for name in codecs.CODECS for subject in subjects.of_codec(name)]
    rows = measure.measure(wanted, paths, folder / "curves.json", progress)
    return [{"kind": "curve", **row} for row in summary.summarise(rows)]


def packaged(quality):
    """The `subjects.Model` of that quality that comes with LiteLIC."""
    program, model_hash = load_program(models.program_path(quality))
    return subjects.Model(
        models.NAME, quality, program, model_hash, models.checkpoint_path(quality)
    )


def _ablation(name, checkpoint, calibration, paths, folder, progress):
    """Mean rows of a checkpoint in float and compiled with more and more ingredients."""
    compiled = [
        _compiled(name, i, checkpoint, calibration, folder, progress)
        for i in range(len(INGREDIENTS))
    ]
    wanted = [subjects.CodedModel(compiled[-1], "float", {})]
    wanted += [subjects.CodedModel(model, "golden", {}) for model in compiled]
    rows = measure.measure(wanted, paths, folder / "ablation.json", progress)
    means = summary.summarise(rows)
    titles = ["float", *INGREDIENTS]
    return [{"kind": "ablation", **row, "with": title} for row, title in zip(means, titles)]


def _compiled(name, index, checkpoint, calibration, folder, progress):
    from litelic.host.compiler.checkpoint import load_model
    from litelic.host.compiler.compile import compile_model
    from litelic.host.compiler.quantise import Options

    title = list(INGREDIENTS)[index]
    path = folder / f"{name} - {title}.licp".replace(" ", "_").replace("'", "")
    if not path.exists():
        progress(f"{name}: {title}", index, len(INGREDIENTS))
        loaded = load_model(checkpoint)
        program = compile_model(
            loaded.model, [calibration], name, loaded.trained_entropy, crops=CROPS,
            options=Options(**INGREDIENTS[title]), log=lambda line: None,
        )
        save_program(program, path)
    program, model_hash = load_program(path)
    return subjects.Model(name, index + 1, program, model_hash, checkpoint)


if __name__ == "__main__":
    sys.exit(main())
