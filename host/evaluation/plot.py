"""Rate-distortion curves as a picture."""

import math

from litelic.host.atomic import atomic_path
from litelic.host.evaluation.codecs import CODECS
from litelic.host.evaluation.summary import curves_of, points

DASHES = {"float": "--", "golden": "-", "board": ":", "codec": "-"}
MARKERS = {"float": "x", "golden": "o", "board": "+", "codec": ""}
LARGEST_BPP = 1.5


def draw(means, path, title):
    """Write PSNR and MS-SSIM over the rate to `path`, a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    axes = figure.subplots(1, 2)
    colours = {}
    for ax, metric, label, convert in (
        (axes[0], "psnr_db", "PSNR in dB", lambda value: value),
        (axes[1], "ms_ssim", "MS-SSIM in dB: -10 log10(1 - MS-SSIM)", _in_db),
    ):
        for (model, form), curve in curves_of(means).items():
            found = [(x, convert(y)) for x, y in points(curve, metric) if x <= LARGEST_BPP]
            if not found:
                continue
            colour = colours.setdefault(model, f"C{len(colours)}")
            name = CODECS[model].title if form == "codec" else f"{model}, {form}"
            ax.plot(
                *zip(*found), DASHES[form], marker=MARKERS[form], color=colour, label=name,
                linewidth=1 if form == "codec" else 2,
            )
        ax.set_xlabel("bits a pixel, file headers included")
        ax.set_ylabel(label)
        ax.set_xlim(left=0)
        ax.grid(alpha=0.3)
        if ax.lines:
            ax.legend()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100, metadata={"Software": None})


def _in_db(value):
    return -10 * math.log10(max(1 - value, 1e-6))
