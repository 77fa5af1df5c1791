"""Rows of area as a measurement gives them, from recorded statistics."""

from litelic.accel.config import ArrayConfig
from litelic.host.area import figures
from litelic.host.area.families import FAMILIES

CELLS = {  # of 128 MACs on an ECP5, of an early state of the engine
    "CCU2C": 3337, "DP16KD": 152, "L6MUX21": 152, "LUT4": 13927, "MULT18X18D": 149, "PFUMX": 1009,
    "TRELLIS_DPR16X4": 203, "TRELLIS_FF": 18430,
}


def _described(shape, family):
    config = ArrayConfig.parse(shape)
    return {
        "family": family, "array": shape, "macs": config.macs, "port_bytes": config.port_bytes,
        "array_parameters": config.to_dict(), "tools": ["Yosys 1 (git)"], "command": "python -m",
        "revision": "0123456789ab",
    }


def synthesis_row(shape="4x4x8", family="ecp5", **cells):
    """A row of synthesis, consistent with `cells`."""
    cells = cells or CELLS
    return {
        "kind": "synthesis", **_described(shape, family), "cells": cells,
        **figures.resources(cells, FAMILIES[family]),
    }


def place_row(seed=1, grade=8, mhz=120.0, shape="4x4x8", asked=150.0):
    """A row of place and route."""
    return {
        "kind": "place", **_described(shape, "ecp5"), "device": f"LFE5U-85F-{grade}CABGA381",
        "grade": grade, "placed_grade": 8, "seed": seed, "router": "router1",
        "asked_mhz": {"array_clk": asked, "sys_clk": asked / 2},
        "reached_mhz": {"array_clk": mhz, "sys_clk": 80.0},
    }
