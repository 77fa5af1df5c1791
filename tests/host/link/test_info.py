"""What a board says of itself."""

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.info import BoardInfo
from tests.host.link.fake_board import INFO

LINES = INFO.format(version=2, program="00" * 32, busy=0)


def test_every_board():
    info = BoardInfo.parse(LINES)
    assert (info.protocol, info.target, info.firmware, info.gateware) == (2, "fake", "1.2", "3.4")
    assert info.array == {"reduction": 4, "outputs": 2}
    assert (info.clock_hz, info.dram_bytes, info.dram_ok) == (100_000_000, 65536, True)
    assert info.array_clock_hz == info.clock_hz  # it does not say otherwise
    assert info.program is None and info.busy is False and info.temperature is None
    assert info.statistics == {"frames": 7}


def test_a_board_that_knows_more_of_itself():
    info = BoardInfo.parse(
        LINES + "revision=0123456789ab+\nmemory=MT41K256M16\nmac=10:e2:d5:00:00:00\n"
        "ip=192.168.1.50\ntemperature=-1250\narray_clock=200000000\ndram_transfers=4\n"
    )
    assert (info.revision, info.memory) == ("0123456789ab+", "MT41K256M16")
    assert (info.mac, info.ip, info.temperature) == ("10:e2:d5:00:00:00", "192.168.1.50", -1.25)
    assert (info.clock_hz, info.array_clock_hz) == (100_000_000, 200_000_000)
    assert info.dram_transfers == 4 and info.statistics == {"frames": 7}


def test_what_changes():
    text = INFO.format(version=2, program="ab" * 32, busy=1).replace("dram_ok=1", "dram_ok=0")
    info = BoardInfo.parse(text.replace("array=reduction=4,outputs=2", "array="))
    assert info.program == b"\xab" * 32 and info.busy and not info.dram_ok and info.array == {}


@pytest.mark.parametrize("text", [
    "", "hello", LINES.replace("clock=", "clack="), LINES.replace("dram=65536", "dram=much"),
    LINES.replace("outputs=2", "outputs"),
])
def test_nonsense(text):
    with pytest.raises(LitelicError, match="makes no sense"):
        BoardInfo.parse(text)
