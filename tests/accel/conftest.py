"""Compiled engines, kept from run to run."""

from pathlib import Path

import pytest

from litelic.accel.standalone import Standalone

BUILD_FOLDER = Path(__file__).parents[2] / "build" / "engine"


@pytest.fixture(scope="session")
def engine_of():
    """A function that returns the `Standalone` of an `ArrayConfig`."""
    engines = {}

    def engine(config, two_clocks=False):
        key = config, two_clocks
        if key not in engines:
            engines[key] = Standalone(config, BUILD_FOLDER, two_clocks)
        return engines[key]

    return engine
