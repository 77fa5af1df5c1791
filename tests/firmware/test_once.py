"""What is done once, however often it comes: accesses to the analyzer, and PROGRAM."""

import struct

import pytest

from litelic.host.link.info import BoardInfo
from litelic.host.link.protocol import ErrorCode, Request
from tests.firmware.bench import ALICE, BOB, Firmware
from tests.firmware.build import BARE

BYTES = 0x80


@pytest.fixture
def key(firmware):
    return firmware.hello()


def read(firmware, key, number, address=0):
    return firmware.ask(ALICE, Request.REGISTER_READ, address, key, struct.pack("<I", number))


def write(firmware, key, number, address, value):
    payload = struct.pack("<II", number, value)
    return firmware.ask(ALICE, Request.REGISTER_WRITE, address, key, payload)


def set_program(firmware, key, number, identity):
    return firmware.ask(ALICE, Request.PROGRAM, 0, key, struct.pack("<I", number) + identity)


def program(firmware):
    """What the board says is loaded."""
    text = firmware.ask(ALICE, Request.DISCOVER).frame.payload.decode()
    return BoardInfo.parse(text).program


def test_write_and_read(firmware, key):
    for n in range(BYTES // 4):
        assert write(firmware, key, n, 4 * n, 1000 * n).error is None
    for n in range(BYTES // 4):
        assert read(firmware, key, BYTES // 4 + n, 4 * n).number == 1000 * n


def test_no_access_is_made_twice(firmware, key):
    """Each that is made is seen: a read counts its register up, in the model of the hardware."""
    write(firmware, key, 0, 0, 50)
    copy_of_write = firmware.request
    assert firmware.again(ALICE, copy_of_write).error is None
    assert read(firmware, key, 1).number == 50
    copy_of_read = firmware.request
    assert firmware.again(ALICE, copy_of_read).number == 50
    late = firmware.again(ALICE, copy_of_write)
    assert (late.error, late.refusal.detail) == (ErrorCode.ORDER, 2)
    assert read(firmware, key, 2).number == 51
    assert firmware.again(ALICE, copy_of_read).error == ErrorCode.ORDER


@pytest.mark.parametrize("number", [1, 2, 0xFFFFFFFF, 0xFFFFFFFE])
def test_numbers_that_are_not_next(firmware, key, number):
    for answer in (read(firmware, key, number), write(firmware, key, number, 0, 5),
                   set_program(firmware, key, number, bytes(32))):
        assert (answer.error, answer.refusal.detail) == (ErrorCode.ORDER, 0)


def test_numbers_begin_anew_in_a_session(firmware, key):
    write(firmware, key, 0, 0, 7)
    write(firmware, key, 1, 0, 8)
    key = firmware.hello(BOB, 2, take_over=True)
    assert read(firmware, key, 0).number == 8


@pytest.mark.parametrize("address", [BYTES, BYTES + 4, 1, 2, 0x7F, 0x80000000, 0xFFFFFFFC])
def test_no_registers(firmware, key, address):
    for answer in (read(firmware, key, 0, address), write(firmware, key, 0, address, 0)):
        assert (answer.error, answer.refusal.detail) == (ErrorCode.ADDRESS, BYTES)
    assert read(firmware, key, 0).error is None  # the number was not used up


def test_a_build_without_analyzer_knows_no_accesses():
    with Firmware(BARE) as firmware:
        key = firmware.hello()
        assert read(firmware, key, 0).error == ErrorCode.TYPE
        assert write(firmware, key, 0, 0, 0).error == ErrorCode.TYPE


def test_a_late_copy_of_program_undoes_no_later_one(firmware, key):
    first, second = bytes(range(32)), bytes(range(32, 64))
    assert set_program(firmware, key, 0, first).error is None
    late = firmware.request
    assert firmware.again(ALICE, late).error is None
    assert program(firmware) == first
    assert set_program(firmware, key, 1, second).error is None
    assert firmware.again(ALICE, late).error == ErrorCode.ORDER
    assert program(firmware) == second


def test_accesses_and_programs_are_counted_together(firmware, key):
    write(firmware, key, 0, 0, 5)
    assert set_program(firmware, key, 1, bytes(range(32))).error is None
    assert read(firmware, key, 2).number == 5
