"""What a run cost: true multiplications, cycles by the hardware's own counters, as a table."""

import math

from litelic.host.cli.table import print_row

WIDTHS = (-10, -8, 14, 12, 7, -1)
TITLES = ("layer", "kind", "MACs", "cycles", "util %", "cycles not multiplying, by cause")


def floor(value, digits=1):
    """Of a rate that should be high, in words: rounded against ourselves."""
    scale = 10**digits
    return f"{math.floor(value * scale) / scale:.{digits}f}"


def percent(share):
    """A utilisation as a text, rounded down: none looks better than it is."""
    return f"{math.floor(1000 * share) / 10:.1f}"


def direction_report(engine):
    """{macs, cycles, utilisation, layers} of the last direction that a `BoardEngine` ran.

    Utilisation is true multiplications over cycles times the array's peak: neither zeros inserted
    by a transposed convolution nor lanes that pad the array count.
    """
    layers = [layer_report(report, engine.macs_per_cycle) for report in engine.reports]
    macs = sum(layer["macs"] for layer in layers)
    cycles = sum(layer["cycles"] for layer in layers)
    utilisation = macs / (cycles * engine.macs_per_cycle)
    return {"macs": macs, "cycles": cycles, "utilisation": utilisation, "layers": layers}


def layer_report(report, peak):
    """{name, kind, macs, cycles, utilisation, stalls} of one of a `BoardEngine`'s reports; `stalls`
    has the cycles of every cause but "busy"."""
    layer, counters = report["layer"], dict(report["counters"])
    cycles = counters.pop("cycles")
    counters.pop("busy")
    return {
        "name": layer.name,
        "kind": layer.kind + (f"+{layer.gdn.function}" if layer.gdn else ""),
        "macs": report["macs"],
        "cycles": cycles,
        "utilisation": report["macs"] / (cycles * peak),
        "stalls": counters,
    }


def print_table(report):
    """Print the layers and both directions of a demo report."""
    print_layers(report["layers"])
    for direction in ("encoder", "decoder"):
        print_total(direction, report[direction], f"of {report['macs_per_cycle']} MACs a cycle")


def print_layers(layers):
    """Print titles and a line a layer, as `layer_report` gives them."""
    print_row(WIDTHS, TITLES)
    for layer in layers:
        stalls = ", ".join(f"{cause} {count}" for cause, count in layer["stalls"].items() if count)
        kind = layer["kind"].split("+")[0]
        _print(layer["name"], kind, layer, stalls)


def print_total(name, total, remark):
    """Print the line of a whole direction, a mapping with `macs`, `cycles` and `utilisation`."""
    _print(name, "", total, remark)


def _print(name, kind, row, remark):
    print_row(
        WIDTHS, (name, kind, row["macs"], row["cycles"], percent(row["utilisation"]), remark)
    )
