"""The tables of `docs/performance.md`, as Markdown, from the rows that were measured."""

from litelic.accel.config import ArrayConfig
from litelic.accel.multipliers import DSP48, ECP5, products_a_block
from litelic.host.bench.published import (
    DEMO,
    DEMO_CLOCK_HZ,
    DEMO_MACS,
    DEMO_SIZE,
    PAPER,
    PAPER_UTILISATION,
    demo_utilisation,
)
from litelic.host.bench.results import peak_of
from litelic.host.report import floor, percent

NONE_YET = "No row of this kind has been measured yet."


def table(titles, rows):
    """A Markdown table of texts; numbers belong to the right, so only the first column is left."""
    if not rows:
        return NONE_YET
    lines = [titles, ["---"] + ["--:"] * (len(titles) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def codecs(entries):
    """A line a row: what a user gets."""
    titles = (
        "model, direction", "picture", "array", "memory, clock", "true MACs", "cycles",
        "utilisation", "frames/s", "GOP/s", "a DSP and GHz: ECP5, 7-series", "float PyTorch",
        "golden bytes",
    )
    rows = []
    for entry in entries:
        timing = entry["float_pytorch"]
        rows.append((
            f"{entry['model']} {entry['direction']}", _picture(entry), _array(entry), _board(entry),
            f"{entry['macs']:,}", f"{entry['cycles']:,}", _percent(entry["utilisation"]),
            floor(entry["frames_per_s"], 2), f"{_gops(entry):.1f}", _per_dsp(entry),
            f"{timing['seconds']:.3g} s" if timing else "not measured",
            "yes" if entry["bit_exact"] else "**no**",
        ))
    return table(titles, rows)


def machines(entries):
    """The machines that the float times come from, a line each."""
    timings = [entry["float_pytorch"] for entry in entries if entry["float_pytorch"]]
    texts = sorted({
        f"- {t['cpu']}, {t['threads']} thread{'s' * (t['threads'] > 1)}, torch {t['torch']}, "
        f"Python {t['python']}, best of {t['runs']} runs"
        for t in timings
    })
    return "\n".join(texts) or NONE_YET


def layers(entries):
    """A table a row: where every cycle of a layer went, and what it moved."""
    causes = []
    for entry in entries:
        for layer in entry["layers"]:
            causes += [cause for cause in layer["stalls"] if cause not in causes]
    titles = ("layer", "kind", "true MACs", "cycles", "utilisation", "busy", *causes)
    texts = []
    for entry in entries:
        rows = [
            (
                layer["name"], layer["kind"], f"{layer['macs']:,}", f"{layer['cycles']:,}",
                _percent(layer["utilisation"]), _percent(layer["busy"] / layer["cycles"]),
                *(f"{100 * layer['stalls'].get(c, 0) / layer['cycles']:.2f} %" for c in causes),
            )
            for layer in entry["layers"]
        ]
        outside = entry["cycles_outside_layers"]
        texts.append(f"{_heading(entry)}\n\n{table(titles, rows)}\n\n"
                     f"Cycles outside of all layers: {outside:,}.")
    return "\n\n".join(texts) or NONE_YET


def traffic(entries):
    """A table a row: bytes that crossed the DRAM's ports, against the least there can be."""
    titles = ("layer", "input", "weights", "output", "least input", "least weights",
              "least output", "moved / least")
    texts = []
    for entry in entries:
        rows = []
        for layer in entry["layers"]:
            moved, least = layer["dram"], layer["dram_minimum"]
            rows.append((
                layer["name"], *(f"{moved[k]:,}" for k in ("input", "weights", "output")),
                *(f"{least[k]:,}" for k in ("input", "weights", "output")),
                f"{sum(moved.values()) / sum(least.values()):.2f}",
            ))
        total = entry["dram_bytes"], entry["dram_minimum"]
        bandwidth = entry["dram_bytes"] * entry["frames_per_s"] / 1e6
        texts.append(
            f"{_heading(entry)}\n\n{table(titles, rows)}\n\nIn all {total[0]:,} bytes, "
            f"{total[0] / total[1]:.2f} times the least; {bandwidth:,.0f} MB/s at the stated clock."
        )
    return "\n\n".join(texts) or NONE_YET


def paper(entries):
    """The paper's model at 1280x720 beside the paper's figures."""
    titles = ("direction", "who", "MACs a cycle", "clock", "utilisation", "GOP/s", "frames/s")
    rows = []
    for direction, theirs in PAPER.items():
        rows.append((
            direction, "X-LIC, paper, INT8", "", "", PAPER_UTILISATION, str(theirs["gops"]),
            str(theirs["frames_per_s"]),
        ))
        for entry in entries:
            if (entry["model"], entry["width"], entry["height"]) != ("bls2017", 1280, 720):
                continue
            if entry["direction"] == direction:
                rows.append((
                    direction, f"LiteLIC, {entry['memory']}", str(peak_of(entry)),
                    _clock(entry), _percent(entry["utilisation"]), f"{_gops(entry):.0f}",
                    floor(entry["frames_per_s"]),
                ))
    return table(titles, rows)


def demo(entries):
    """Layer by layer at the demo's picture, as many MACs, the same clock."""
    titles = ("layer", "demo, ms", "demo, utilisation", "LiteLIC, ms", "LiteLIC, utilisation",
              "times as fast")
    rows = []
    for direction, demo_layers in DEMO.items():
        ours = _like_demo(entries, direction)
        clock = ours["array_clock_hz"] if ours else 1
        found = {layer["name"]: layer for layer in ours["layers"]} if ours else {}
        lines = [
            (d.name, d.macs, (d.seconds, d.normalisation_seconds), found.get(d.name))
            for d in demo_layers
        ]
        total = sum(d.macs for d in demo_layers), (sum(d.total_seconds for d in demo_layers),)
        for name, macs, parts, layer in (*lines, (f"**{direction}**", *total, ours)):
            mine = layer["cycles"] / clock if layer else None
            seconds = sum(parts)
            rows.append((
                name, " + ".join(f"{1000 * part:.1f}" for part in parts if part),
                _percent(demo_utilisation(macs, seconds)),
                f"{1000 * mine:.1f}" if layer else "not measured",
                _percent(layer["utilisation"]) if layer else "",
                f"{seconds / mine:.1f}" if layer else "",
            ))
    return table(titles, rows)


def _like_demo(entries, direction):
    """The entry to set beside the demo, None if there is none."""
    wanted = ("bls2017", direction, *DEMO_SIZE, DEMO_MACS, DEMO_CLOCK_HZ)
    for entry in entries:
        key = tuple(entry[name] for name in ("model", "direction", "width", "height"))
        if (*key, peak_of(entry), entry["array_clock_hz"]) == wanted:
            return entry
    return None


def commands(entries):
    """How each row is measured again, and with which sources it was."""
    return table(("revision", "command"), [(e["revision"], f"`{e['command']}`") for e in entries])


def _heading(entry):
    return (f"**{entry['model']} {entry['direction']}, {_picture(entry)}, array {_array(entry)}, "
            f"{_board(entry)}**")


def _picture(entry):
    return f"{entry['width']}x{entry['height']}"


def _array(entry):
    return f"{entry['array']} ({peak_of(entry)} MACs, int{entry['activation_bits']})"


def _board(entry):
    return f"{entry['memory']}, {_clock(entry)}"


def _clock(entry):
    system, array = (f"{entry[name] / 1e6:g} MHz" for name in ("clock_hz", "array_clock_hz"))
    return system if array == system else f"{system}, array {array}"


def _gops(entry):
    return 2 * entry["macs"] * entry["frames_per_s"] / 1e9


def _per_dsp(entry):
    """GOP/s of a DSP at 1 GHz, where the array's multipliers are all DSPs there are."""
    config = ArrayConfig.from_dict(entry["array_parameters"])
    return ", ".join(
        f"{2 * entry['utilisation'] * products_a_block(technology, config.operand_bits):.2f}"
        for technology in (ECP5, DSP48)
    )


def _percent(share):
    return f"{percent(share)} %"
