"""What a serial context model costs: CompressAI's own coding of one picture, timed.

Run as `python -m litelic.host.evaluation.serial`; writes `docs/results/serial.json` and the table
of `docs/compiler.md`. Weights and picture are random: neither changes how many steps there are.
"""

import argparse
import math
import sys
import time

from litelic.host import results_file
from litelic.host.bench import page
from litelic.host.bench.machine import cpu_name, revision
from litelic.host.bench.places import checkout
from litelic.host.bench.tables import NONE_YET, table
from litelic.host.cli import options
from litelic.host.cli.status import exit_status
from litelic.host.errors import LitelicError

# Their published sizes; with a context model and, to compare, without.
MODELS = {"mbt2018-mean": (128, 192), "mbt2018": (192, 192), "cheng2020-anchor": (128, 128)}
FIELDS = {
    "model", "width", "height", "serial", "encode_s", "decode_s", "cpu", "command", "revision",
}


def results_path():
    return checkout() / "docs" / "results" / "serial.json"


def page_path():
    return checkout() / "docs" / "compiler.md"


def check(row):
    """Raise `LitelicError` for a row that is not whole."""
    if set(row) != FIELDS or not (row["encode_s"] > 0 and row["decode_s"] > 0):
        raise LitelicError(f"a row of serial coding lacks figures: {row}; measure it again")


def measure(name, width, height):
    """The row of a model: seconds of CompressAI's `compress` and `decompress` on one thread."""
    import torch

    from litelic.host.compiler.zoo import random_model

    torch.set_num_threads(1)
    model = random_model(name, *MODELS[name]).eval()
    model.update(force=True)
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(1, 3, height, width, generator=generator)
    with torch.inference_mode():
        begin = time.monotonic()
        coded = model.compress(x)
        middle = time.monotonic()
        model.decompress(coded["strings"], coded["shape"])
        end = time.monotonic()
    return {
        "model": name, "width": width, "height": height,
        "serial": hasattr(model, "context_prediction"),
        "encode_s": middle - begin, "decode_s": end - middle, "cpu": cpu_name(),
        "command": f"python -m litelic.host.evaluation.serial --size {width}x{height}",
        "revision": revision(),
    }


def _up(seconds):
    """A time as text, rounded up."""
    return f"{math.ceil(10 * seconds) / 10:.1f} s"


def show(rows):
    """The page's table."""
    if not rows:
        return NONE_YET
    titles = ("model", "picture", "context model", "encode", "decode")
    lines = [
        (
            f"`{row['model']}`", f"{row['width']}x{row['height']}",
            "yes" if row["serial"] else "no", _up(row["encode_s"]), _up(row["decode_s"]),
        )
        for row in rows
    ]
    notes = sorted({f"One thread of {row['cpu']}, revision {row['revision']}" for row in rows})
    return table(titles, lines) + "\n\n" + "; ".join(notes) + ". Transforms included."


def load():
    """The rows measured so far."""
    return results_file.load(results_path(), check, lambda row: row["model"], "rows of serial.py")


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="litelic.host.evaluation.serial", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--size", type=options.size, default=(768, 512), metavar="WxH",
                        help="of the picture (default: 768x512)")
    args = parser.parse_args(argv)
    width, height = args.size
    if width % 64 or height % 64:
        raise LitelicError(f"a picture of {width}x{height}: give multiples of 64")
    rows = []
    for name in MODELS:
        row = measure(name, width, height)
        rows.append(row)
        print(f"{name}: {row['encode_s']:.1f} s, back {row['decode_s']:.1f} s", flush=True)
    results_file.write(results_path(), rows)
    page.update(rows, page_path(), {"serial": show})


if __name__ == "__main__":
    sys.exit(main())
