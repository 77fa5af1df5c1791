"""Results as lines for people and as CSV for spreadsheets."""

import csv
import io

from litelic.host.cli.table import print_row
from litelic.host.evaluation.codecs import CODECS

WIDTHS = (-22, -7, 7, 9, 9, 9, 9, -1)
TITLES = ("model", "form", "quality", "bpp", "PSNR dB", "MS-SSIM", "BD-rate", "")


def print_means(means):
    """Print a line a mean row; the BD-rate stands in the first line of its curve."""
    print_row(WIDTHS, TITLES)
    seen = set()
    for row in means:
        curve = row["model"], row["form"]
        delta = None if curve in seen else row["bd_rate_percent"]
        seen.add(curve)
        print_row(WIDTHS, (
            CODECS[row["model"]].title if row["form"] == "codec" else row["model"],
            row["form"], row["quality"], f"{row['bpp']:.4f}",
            _number(row["psnr_db"], ".3f"), _number(row["ms_ssim"], ".5f"),
            _number(delta, "+.2f", " %"),
            "" if delta is None else f"against {row['bd_against']}",
        ))


def to_csv(rows):
    """Mappings with the same keys as CSV, in bytes."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _number(value, form, unit=""):
    return "-" if value is None else f"{value:{form}}{unit}"
