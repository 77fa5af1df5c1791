"""The goals of quantisation beside what the study measured."""

from litelic.host.bench.tables import table

LARGEST_BD_RATE = 1.0  # per cent, of the models that come with LiteLIC
LARGEST_LOSS_DB, LARGEST_RISE = 0.15, 1.0  # dB and per cent of bits, of the paper's weights
PAPER = "paper's weights"


def goals(rows):
    """A line a goal."""
    lines = []
    rates = [
        row["bd_rate_percent"] for row in rows
        if (row["kind"], row["form"]) == ("curve", "golden") and row["bd_rate_percent"] is not None
    ]
    lines.append(_goal(
        f"models that come with LiteLIC: integers lose at most {LARGEST_BD_RATE:g} % BD-rate",
        f"{rates[0]:+.2f} %" if rates else None, rates and rates[0] <= LARGEST_BD_RATE,
    ))
    paper = [row for row in rows if (row["kind"], row["model"]) == ("ablation", PAPER)]
    loss = rise = None
    if paper:
        loss = paper[0]["psnr_db"] - paper[-1]["psnr_db"]  # float first, all ingredients last
        rise = 100 * (paper[-1]["bpp"] / paper[0]["bpp"] - 1)
    lines.append(_goal(
        f"paper's weights, without training: at most {LARGEST_LOSS_DB:g} dB and "
        f"{LARGEST_RISE:g} % bits",
        f"{loss:.3f} dB, {rise:+.2f} %" if paper else None,
        paper and loss <= LARGEST_LOSS_DB and rise <= LARGEST_RISE,
    ))
    return table(("goal", "measured", "reached"), lines)


def _goal(text, measured, reached):
    return text, measured or "not measured", ("yes" if reached else "**no**") if measured else ""
