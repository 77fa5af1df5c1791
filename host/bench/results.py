"""The rows that have been measured, in a JSON file: checked, merged, written atomically."""

import math

from litelic.host import results_file
from litelic.host.errors import LitelicError

KEY = (
    "model", "direction", "width", "height", "array", "activation_bits", "memory", "clock_hz",
    "array_clock_hz",
)
FIELDS = {
    *KEY, "array_parameters", "macs", "cycles", "cycles_outside_layers", "utilisation",
    "frames_per_s", "dram_bytes", "dram_minimum", "bit_exact", "layers", "float_pytorch",
    "command", "revision",
}
LAYER_FIELDS = {
    "name", "kind", "macs", "cycles", "utilisation", "busy", "stalls", "dram", "dram_minimum",
}


def key_of(entry):
    """What tells an entry from all others."""
    return tuple(entry[name] for name in KEY)


def peak_of(entry):
    """Multiplications a cycle of the entry's array."""
    shape, *_ = entry["array"].split(",")
    return math.prod(int(side) for side in shape.split("x"))


def load(path):
    """The entries of a file, checked; none where there is no file yet."""
    return results_file.load(path, check, key_of, "benchmark results")


def store(path, entry, order=()):
    """Put `entry` into the file, in place of the one with its key; returns all entries.

    `order` lists keys (as `key_of`): entries come in that order, others behind them.
    """
    check(entry)
    entries = results_file.merged(load(path), entry, key_of)
    place = {key: number for number, key in enumerate(order)}
    entries.sort(key=lambda entry: place.get(key_of(entry), len(place)))
    results_file.write(path, entries)
    return entries


def check(entry):
    """Raise `LitelicError` when the figures of an entry do not fit together."""
    _require(FIELDS <= set(entry), entry, f"it lacks {sorted(FIELDS - set(entry))}")
    layers, peak = entry["layers"], peak_of(entry)
    _require(len(layers) > 0, entry, "it has no layers")
    for layer in layers:
        name = f"layer {layer['name']}"
        lacking = sorted(LAYER_FIELDS - set(layer))
        _require(not lacking, entry, f"{name} lacks {lacking}")
        stalls = sum(layer["stalls"].values())
        _require(layer["busy"] + stalls == layer["cycles"], entry, f"{name}: causes do not add up")
        _require_utilisation(layer, peak, entry, name)
        _require(layer["macs"] <= layer["busy"] * peak, entry, f"{name}: more MACs than busy")
    inside = sum(layer["cycles"] for layer in layers)
    _require(
        entry["cycles_outside_layers"] >= 0 and
        inside + entry["cycles_outside_layers"] == entry["cycles"], entry, "cycles do not add up"
    )
    _require(entry["macs"] == sum(layer["macs"] for layer in layers), entry, "MACs do not add up")
    for total, part in (("dram_bytes", "dram"), ("dram_minimum", "dram_minimum")):
        parts = sum(sum(layer[part].values()) for layer in layers)
        _require(entry[total] == parts, entry, f"{total} does not add up")
    _require_utilisation(entry, peak, entry, "the row")
    frames = entry["array_clock_hz"] / entry["cycles"]
    _require(math.isclose(entry["frames_per_s"], frames), entry, "frames_per_s is not its clock's")


def _require_utilisation(part, peak, entry, name):
    expected = part["macs"] / (part["cycles"] * peak)
    _require(math.isclose(part["utilisation"], expected), entry, f"{name}: wrong utilisation")


def _require(condition, entry, message):
    if not condition:
        name = " ".join(str(entry.get(field)) for field in KEY)
        raise LitelicError(f"results of {name}: {message}; measure the row again")
