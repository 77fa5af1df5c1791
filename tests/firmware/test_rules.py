"""The firmware does what its rules say, whatever happens."""

import pytest
from hypothesis import given

from tests.firmware.bench import SECRET, Firmware
from tests.firmware.build import GUARDED, SANITIZED
from tests.firmware.histories import COMMANDS, check


@pytest.fixture(scope="module", params=[None, SECRET], ids=["open", "guarded"])
def firmware(request):
    with Firmware(GUARDED if request.param else SANITIZED) as started:
        started.registers = {}
        started.secret = request.param
        yield started


@given(COMMANDS)
def test_any_history(firmware, commands):
    check(firmware, commands, True)


@given(COMMANDS)
def test_any_history_with_a_bad_dram(firmware, commands):
    check(firmware, commands, False)
    assert firmware.windows == [None] * 8 and firmware.descriptors == []


@pytest.mark.long
@given(COMMANDS)
def test_any_history_at_length(firmware, commands):
    check(firmware, commands, True)
