"""The models that come with LiteLIC on the simulated board: the golden model's files and pictures.

Run as `python -m litelic.host.evaluation.board DIR`; puts its rows beside those of the study, in
`docs/results/quality.json` and `docs/quantisation.md`. A picture of Kodak's takes minutes.
"""

import argparse
import sys
from pathlib import Path

from litelic.host import models
from litelic.host.atomic import make_folder
from litelic.host.bench import machine
from litelic.host.bench.places import checkout
from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.status import exit_status
from litelic.host.errors import LitelicError
from litelic.host.evaluation import measure, page, study, subjects, summary

COMMAND = "python -m litelic.host.evaluation.board"
KIND = "board"
SIMULATED = {"port": None, "sim": True}


def _parser():
    parser = argparse.ArgumentParser(
        prog="litelic.host.evaluation.board", description=__doc__.split("\n")[0]
    )
    parser.add_argument("pictures", type=Path, metavar="DIR", help="such as Kodak's 24")
    parser.add_argument("--count", type=options.whole_number(1), default=1, metavar="N",
                        help="take the first N pictures of DIR (default: %(default)s)")
    parser.add_argument("--folder", type=Path,
                        help="where results are kept (default: build/quality)")
    return parser


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    args = _parser().parse_args(argv)
    paths = measure.find_pictures(args.pictures)[: args.count]
    revision = machine.revision(study.WHAT_MATTERS)
    folder = (args.folder or checkout() / "build" / "quality").resolve() / revision
    make_folder(folder)
    wanted = [
        subjects.CodedModel(study.packaged(quality), form, SIMULATED)
        for form in ("golden", "board") for quality in models.QUALITIES
    ]
    with Progress() as progress:
        rows = measure.measure(wanted, paths, folder / "board.json", progress)
    different = measure.differences(rows)
    if different:
        raise LitelicError("the board's bytes differ from the golden model's: "
                           + ", ".join(different))
    command = f"{COMMAND} {args.pictures.name} --count {len(paths)}"
    made = [
        {**row, "kind": KIND, "set": f"{args.pictures.name}, first {len(paths)}",
         "command": command, "revision": revision}
        for row in summary.summarise(rows)
    ]
    kept = [row for row in page.load() if row["kind"] != KIND]
    page.store([*kept, *made])
    page.update([*kept, *made])
    print(f"{len(paths)} pictures, {len(models.QUALITIES)} models: files and decoded pictures of "
          "the simulated board equal the golden model's")


if __name__ == "__main__":
    sys.exit(main())
