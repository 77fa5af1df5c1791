import pytest

from tests.firmware.bench import Firmware


@pytest.fixture(scope="module")
def process():
    with Firmware() as firmware:
        yield firmware


@pytest.fixture
def firmware(process):
    """The firmware, just after power-up."""
    process.power_cycle()
    return process
