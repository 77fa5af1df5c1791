"""Windows of the DRAM: OPEN, CLOSE, and what of them comes late."""

import pytest

from litelic.host.link.protocol import WINDOWS, ErrorCode, Request
from tests.firmware.bench import ALICE, DRAM, Firmware


@pytest.fixture
def key(firmware):
    return firmware.hello()


def test_open_and_close(firmware, key):
    answer = firmware.open(ALICE, key, 2, 0, 0x100, 0x20)
    assert firmware.windows[2] == (answer.number, 0x100, 0x20, 0)
    assert firmware.close(ALICE, key, 2, 0).frame.payload == b""
    assert firmware.windows == [None] * WINDOWS
    answer = firmware.open(ALICE, key, 2, 1, 0x200, 0x40, writable=True)
    assert firmware.windows[2] == (answer.number, 0x200, 0x40, 1)


def test_all_at_once(firmware, key):
    keys = [firmware.open(ALICE, key, slot, 0, 16 * slot, 16).number for slot in range(WINDOWS)]
    assert len({key, *keys}) == 1 + WINDOWS
    assert firmware.windows == [
        (window, 16 * slot, 16, 0) for slot, window in enumerate(keys)]
    for slot in (WINDOWS, WINDOWS + 1, 0xFFFFFFFF):
        opened = firmware.open(ALICE, key, slot, 0, 0, 16)
        closed = firmware.close(ALICE, key, slot, 0)
        for answer in (opened, closed):
            assert (answer.error, answer.refusal.detail) == (ErrorCode.ADDRESS, WINDOWS)


@pytest.mark.parametrize("base, size", [
    (0, 4), (0, DRAM), (DRAM - 16, 16), (DRAM - 16, 4), (16, DRAM - 16), (DRAM // 2, 1 << 20),
])
def test_places(firmware, key, base, size):
    answer = firmware.open(ALICE, key, 0, 0, base, size)
    assert firmware.windows[0] == (answer.number, base, size, 0)


@pytest.mark.parametrize("base, size, detail", [
    (8, 16, 16), (1, 16, 16), (0, 6, 16), (0, 0, 16), (DRAM, 0, 16),
    (DRAM, 4, DRAM), (DRAM - 16, 20, DRAM), (16, DRAM, DRAM), (0, DRAM + 4, DRAM),
    # Their ends are beyond 32 bits.
    (0xFFFFFFF0, 16, DRAM), (0xFFFFFFF0, 32, DRAM), (16, 0xFFFFFFF0, DRAM), (0, 0xFFFFFFFC, DRAM),
    (0x80000000, 0x80000000, DRAM), (0x80000000, 0x80000004, DRAM),
])
def test_no_places(firmware, key, base, size, detail):
    answer = firmware.open(ALICE, key, 0, 0, base, size)
    assert (answer.error, answer.refusal.detail) == (ErrorCode.ADDRESS, detail)
    assert firmware.windows == [None] * WINDOWS
    assert firmware.open(ALICE, key, 0, 0, 0, 16).error is None  # the number was not used up


def test_open_that_comes_again(firmware, key):
    first = firmware.open(ALICE, key, 0, 5, 0x100, 0x20)
    copy = firmware.request
    assert firmware.again(ALICE, copy).number == first.number
    assert firmware.windows[0] == (first.number, 0x100, 0x20, 0)
    firmware.close(ALICE, key, 0, 5)
    refused = firmware.again(ALICE, copy)
    assert (refused.error, refused.refusal.detail) == (ErrorCode.ORDER, 5)
    assert firmware.windows == [None] * WINDOWS
    second = firmware.open(ALICE, key, 0, 6, 0x300, 0x20)
    assert firmware.again(ALICE, copy).error == ErrorCode.ORDER
    assert firmware.windows[0] == (second.number, 0x300, 0x20, 0)


def test_close_that_comes_again(firmware, key):
    firmware.open(ALICE, key, 0, 0, 0, 16)
    firmware.close(ALICE, key, 0, 0)
    copy = firmware.request
    assert firmware.again(ALICE, copy).error is None
    window = firmware.open(ALICE, key, 0, 1, 0, 16).number
    assert firmware.again(ALICE, copy).error is None
    assert firmware.windows[0] == (window, 0, 16, 0)


def test_close_of_a_window_that_will_be(firmware, key):
    window = firmware.open(ALICE, key, 0, 0, 0, 16).number
    assert firmware.close(ALICE, key, 0, 1).error is None
    assert firmware.close(ALICE, key, 1, 0).error is None
    assert firmware.windows[0] == (window, 0, 16, 0)
    assert firmware.open(ALICE, key, 1, 0, 0, 16).error is None


def test_a_higher_number_takes_the_slot(firmware, key):
    first = firmware.open(ALICE, key, 0, 0, 0, 16).number
    second = firmware.open(ALICE, key, 0, 7, 0x40, 16).number
    assert first != second and firmware.windows[0] == (second, 0x40, 16, 0)
    assert firmware.open(ALICE, key, 0, 6, 0, 16).error == ErrorCode.ORDER


def test_there_is_a_last_number(firmware, key):
    """Behind it numbers would begin anew, and so would late copies."""
    firmware.open(ALICE, key, 0, 0, 0, 16)
    late = firmware.request
    assert firmware.open(ALICE, key, 0, 0xFFFFFFFF, 0, 16).error == ErrorCode.ORDER
    assert firmware.open(ALICE, key, 0, 0xFFFFFFFE, 0, 16).error is None
    firmware.close(ALICE, key, 0, 0xFFFFFFFE)
    assert firmware.open(ALICE, key, 0, 0xFFFFFFFF, 0, 16).error == ErrorCode.ORDER
    assert firmware.again(ALICE, late).error == ErrorCode.ORDER
    assert firmware.windows == [None] * WINDOWS


def test_numbers_begin_anew_in_a_session(firmware, key):
    firmware.open(ALICE, key, 0, 9, 0, 16)
    late = firmware.request
    key = firmware.hello(ALICE, 2)
    assert firmware.again(ALICE, late).error == ErrorCode.SESSION
    assert firmware.windows == [None] * WINDOWS
    assert firmware.open(ALICE, key, 0, 0, 0, 16).error is None


@pytest.mark.parametrize("kind, words", [(Request.READ, "read"), (Request.WRITE, "written")])
def test_what_hardware_did_not_serve_is_refused(firmware, key, kind, words):
    """Whether there is a session or not: a window's key says nothing of one."""
    window = firmware.open(ALICE, key, 0, 0, 0, 16).number
    for wrong in (0, key, window, 12345):
        answer = firmware.ask(ALICE, kind, 0, wrong, (4).to_bytes(4, "little"))
        assert answer.error == ErrorCode.WINDOW
        assert answer.refusal.text == f"no window of key 0x{wrong:08x} lets these bytes be {words}"


def test_no_window_of_a_bad_dram():
    with Firmware() as firmware:
        firmware.power_cycle(memory_ok=False)
        answer = firmware.open(ALICE, firmware.hello(), 0, 0, 0, 16)
        assert answer.error == ErrorCode.MEMORY
        assert firmware.windows == [None] * WINDOWS
