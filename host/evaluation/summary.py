"""Means over the pictures, curves, and how far they are apart."""

from litelic.host.evaluation import metrics

REFERENCES = {"golden": "float", "board": "float"}  # form: what its curve is held against
CODEC_REFERENCE = "jpeg"


def summarise(rows):
    """A mean row a (model, form, quality), in the order of `rows`.

    bpp : mean of the pictures' own bits a pixel, headers included; likewise PSNR and MS-SSIM
    (None where a picture has none). `bd_rate_percent` belongs to a whole curve and stands in each
    of its rows: of golden and board against the same model in float, of everything else against
    JPEG (`bd_against`); None where there is no such curve.
    """
    groups = {}
    for row in rows:
        groups.setdefault((row["model"], row["form"], row["quality"]), []).append(row)
    means = [
        {
            "model": model, "form": form, "quality": quality, "pictures": len(group),
            "bpp": _mean(8 * row["bytes"] / (row["width"] * row["height"]) for row in group),
            "psnr_db": _mean(row["psnr_db"] for row in group),
            "ms_ssim": _mean(row["ms_ssim"] for row in group),
        }
        for (model, form, quality), group in groups.items()
    ]
    curves = curves_of(means)
    for row in means:
        reference = _reference(row)
        apart = reference in curves and (row["model"], row["form"]) != reference
        row["bd_against"] = " ".join(reference) if apart else None
        row["bd_rate_percent"] = metrics.bd_rate(
            points(curves[reference]), points(curves[row["model"], row["form"]])
        ) if apart else None
    return means


def curves_of(means):
    """{(model, form): its mean rows by rising quality}."""
    curves = {}
    for row in sorted(means, key=lambda row: row["quality"]):
        curves.setdefault((row["model"], row["form"]), []).append(row)
    return curves


def points(curve, metric="psnr_db"):
    """[(bits a pixel, metric)] of a curve's rows; without those that lack it."""
    return [(row["bpp"], row[metric]) for row in curve if row[metric] is not None]


def _reference(row):
    if row["form"] in REFERENCES:
        return row["model"], REFERENCES[row["form"]]
    return CODEC_REFERENCE, "codec"


def _mean(values):
    values = list(values)
    return None if None in values else sum(values) / len(values)
