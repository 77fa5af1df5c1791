"""Compiled engines, kept from run to run."""

from pathlib import Path

import pytest

from litelic.accel.standalone import Standalone

BUILD_FOLDER = Path(__file__).parents[2] / "build" / "engine"


@pytest.fixture(scope="session")
def engine_of():
    """A function that returns the `Standalone` of an `ArrayConfig`."""
    engines = {}

    def engine(config):
        if config not in engines:
            engines[config] = Standalone(config, BUILD_FOLDER)
        return engines[config]

    return engine
