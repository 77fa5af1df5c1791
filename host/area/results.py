"""The rows that have been measured, in a JSON file: checked, merged, written atomically."""

import math

from litelic.host import results_file
from litelic.host.area import figures
from litelic.host.area.families import FAMILIES, RESOURCES
from litelic.host.area.sources import CLOCKS
from litelic.host.errors import LitelicError

KEYS = {
    "synthesis": ("kind", "family", "macs", "array", "port_bytes"),
    "place": ("kind", "family", "macs", "array", "port_bytes", "grade", "asked_mhz", "router",
              "seed"),
}
COMMON = {"array_parameters", "tools", "command", "revision"}
FIELDS = {
    "synthesis": {*KEYS["synthesis"], *COMMON, *RESOURCES, "cells"},
    "place": {*KEYS["place"], *COMMON, "device", "placed_grade", "reached_mhz"},
}


def key_of(row):
    """What tells a row from all others; rows are kept in the order of their keys."""
    return tuple(
        row[name]["array_clk"] if name == "asked_mhz" else row[name] for name in KEYS[row["kind"]]
    )


def load(path):
    """The rows of a file, checked; none where there is no file yet."""
    return results_file.load(path, check, key_of, "rows of area")


def store(path, row):
    """Put `row` into the file, in place of the one with its key; returns all rows."""
    check(row)
    rows = results_file.merged(load(path), row, key_of)
    rows.sort(key=lambda row: (row["kind"] != "synthesis", key_of(row)))
    results_file.write(path, rows)
    return rows


def check(row):
    """Raise `LitelicError` when the figures of a row do not fit together."""
    fields = FIELDS[row["kind"]]
    _require(fields <= set(row), row, f"it lacks {sorted(fields - set(row))}")
    family = FAMILIES[row["family"]]
    sides = [row["array_parameters"][name] for name in ("reduction", "outputs", "pixels")]
    _require(row["array"] == "x".join(map(str, sides)), row, "the array is not its parameters'")
    _require(row["macs"] == math.prod(sides), row, "the MACs are not the array's")
    _require(row["port_bytes"] == row["array_parameters"]["port_bytes"], row, "port_bytes differ")
    if row["kind"] == "synthesis":
        expected = figures.resources(row["cells"], family)
        wrong = [name for name in RESOURCES if row[name] != expected[name]]
        _require(not wrong, row, f"{', '.join(wrong)} do not add up to the cells")
    else:
        for name in ("asked_mhz", "reached_mhz"):
            mhz = row[name]
            _require(set(mhz) == set(CLOCKS) and min(mhz.values()) > 0, row, f"wrong {name}")


def _require(condition, row, message):
    if not condition:
        name = " ".join(str(row.get(field)) for field in KEYS[row["kind"]])
        raise LitelicError(f"area of {name}: {message}; measure the row again")
