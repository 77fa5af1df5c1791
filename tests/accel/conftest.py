"""Compiled engines, kept from run to run."""

import functools
from pathlib import Path

import pytest

from litelic.accel.multipliers import ECP5, GENERIC
from litelic.accel.standalone import Standalone
from tests.accel.netlist import netlist

MODELS = Path(__file__).parent
CELLS = {ECP5: sorted(MODELS.glob("ecp5_*.v"))}
BUILD_FOLDER = Path(__file__).parents[2] / "build" / "engine"
NETLIST_FOLDER = BUILD_FOLDER.with_name("netlist")


@pytest.fixture(scope="session")
def engine_of():
    """A function that returns the `Standalone` of an `ArrayConfig`."""
    engines = {}

    def engine(config, two_clocks=False, technology=GENERIC):
        key = config, two_clocks, technology
        if key not in engines:
            engines[key] = Standalone(
                config, BUILD_FOLDER, two_clocks, technology, CELLS.get(technology, ()),
            )
        return engines[key]

    return engine


@pytest.fixture(scope="session")
def netlist_of():
    """A function that returns the `Standalone` of what an `ArrayConfig` is on an ECP5."""

    @functools.cache
    def engine(config):
        return Standalone(
            config, BUILD_FOLDER, two_clocks=True, netlist=netlist(config, NETLIST_FOLDER),
        )

    return engine
