"""Compiled engines, kept from run to run."""

from pathlib import Path

import pytest

from litelic.accel.multipliers import ECP5, GENERIC
from litelic.accel.standalone import Standalone

CELLS = {ECP5: Path(__file__).with_name("ecp5_cells.v")}
BUILD_FOLDER = Path(__file__).parents[2] / "build" / "engine"


@pytest.fixture(scope="session")
def engine_of():
    """A function that returns the `Standalone` of an `ArrayConfig`."""
    engines = {}

    def engine(config, two_clocks=False, technology=GENERIC):
        key = config, two_clocks, technology
        if key not in engines:
            engines[key] = Standalone(
                config, BUILD_FOLDER, two_clocks, technology, CELLS.get(technology),
            )
        return engines[key]

    return engine
