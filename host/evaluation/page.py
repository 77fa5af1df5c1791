"""Writes the tables of `docs/quantisation.md` from `docs/results/quality.json`.

Run as `python -m litelic.host.evaluation.page`.
"""

import argparse
import sys

from litelic.host import results_file
from litelic.host.bench import page
from litelic.host.bench.places import checkout
from litelic.host.bench.tables import NONE_YET, table
from litelic.host.cli.status import exit_status
from litelic.host.errors import LitelicError
from litelic.host.evaluation.codecs import CODECS
from litelic.host.evaluation.study_goals import goals

KINDS = ("curve", "ablation", "board")
FIELDS = {
    "kind", "model", "quality", "set", "form", "bpp", "psnr_db", "ms_ssim", "bd_rate_percent",
    "command", "revision",
}


def results_path():
    """The rows of the study."""
    return checkout() / "docs" / "results" / "quality.json"


def plot_file():
    """The curves, drawn."""
    return checkout() / "docs" / "results" / "quality.png"


def page_path():
    """The page that shows them."""
    return checkout() / "docs" / "quantisation.md"


def check(row):
    """Raise `LitelicError` for a row that is not whole."""
    if row["kind"] not in KINDS or not FIELDS <= set(row) or row["bpp"] <= 0:
        raise LitelicError(f"a row of quality lacks figures: {row}; run the study again")


def key_of(row):
    """What tells a row from all others."""
    return tuple(row[name] for name in ("kind", "model", "form", "quality"))


def load(path=None):
    """The rows, checked."""
    return results_file.load(path or results_path(), check, key_of, "rows of quality")


def store(rows):
    """Replace the rows."""
    for row in rows:
        check(row)
    results_file.write(results_path(), rows)


def curves(rows):
    """A line a quality: float and integers side by side, and what lies between the curves."""
    found = [row for row in rows if row["kind"] == "curve" and row["form"] == "golden"]
    floats = {
        row["quality"]: row for row in rows if row["kind"] == "curve" and row["form"] == "float"
    }
    titles = ("quality", "float", "MS-SSIM", "integers", "MS-SSIM", "difference")
    return table(titles, [
        (
            str(row["quality"]), _point(floats[row["quality"]]), _share(floats[row["quality"]]),
            _point(row), _share(row),
            f"{row['psnr_db'] - floats[row['quality']]['psnr_db']:+.3f} dB, "
            f"{100 * (row['bpp'] / floats[row['quality']]['bpp'] - 1):+.2f} % bits",
        )
        for row in found
    ]) if found else NONE_YET


def others(rows):
    """A line a point of the codecs that are compared with."""
    titles = ("codec", "points (bits a pixel: PSNR in dB, MS-SSIM)")
    lines = []
    for name, codec in CODECS.items():
        points = [row for row in rows if (row["model"], row["form"]) == (name, "codec")]
        lines.append((codec.title, "; ".join(
            f"{row['bpp']:.3f}: {row['psnr_db']:.2f}, {_share(row)}" for row in points
        )))
    return table(titles, lines) if any(points for _, points in lines) else NONE_YET


def ablation(rows):
    """A line an ingredient, a column a model."""
    found = [row for row in rows if row["kind"] == "ablation"]
    if not found:
        return NONE_YET
    names = list(dict.fromkeys(row["model"] for row in found))
    lines = []
    for title in dict.fromkeys(row["with"] for row in found):
        cells = [title]
        for name in names:
            row, = [r for r in found if (r["model"], r["with"]) == (name, title)]
            reference, = [r for r in found if (r["model"], r["with"]) == (name, "float")]
            loss = "" if row is reference else (
                f" ({row['psnr_db'] - reference['psnr_db']:+.3f} dB, "
                f"{100 * (row['bpp'] / reference['bpp'] - 1):+.2f} %)"
            )
            cells.append(_point(row) + loss)
        lines.append(tuple(cells))
    return table(("ingredient, on top of those above", *names), lines)


def board(rows):
    """A line a quality: what the simulated board coded, beside the golden model."""
    found = [row for row in rows if row["kind"] == "board"]
    golden = {row["quality"]: row for row in found if row["form"] == "golden"}
    titles = ("quality", "pictures", "golden model", "board")
    return table(titles, [
        (str(row["quality"]), row["set"], _point(golden[row["quality"]]), _point(row))
        for row in found if row["form"] == "board"
    ]) if found else NONE_YET


def commands(rows):
    """How the rows are measured again, and with which sources they were."""
    found = dict.fromkeys((row["revision"], row["set"], f"`{row['command']}`") for row in rows)
    return table(("revision", "pictures", "command"), list(found)) if found else NONE_YET


TABLES = {
    "quality": curves, "quality-goals": goals, "quality-codecs": others, "ablation": ablation,
    "quality-board": board, "quality-commands": commands,
}


def update(rows, path=None):
    """Write the page's tables anew."""
    page.update(rows, path or page_path(), TABLES)


def _point(row):
    return f"{row['psnr_db']:.3f} dB at {row['bpp']:.4f}"


def _share(row):
    return "-" if row["ms_ssim"] is None else f"{row['ms_ssim']:.4f}"


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    argparse.ArgumentParser(
        prog="litelic.host.evaluation.page",
        description="Write the tables of docs/quantisation.md from docs/results/quality.json.",
    ).parse_args(argv)
    update(load())


if __name__ == "__main__":
    sys.exit(main())
