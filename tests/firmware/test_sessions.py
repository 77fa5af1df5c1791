"""Whom the board works for: HELLO, BYE, keys, silence."""

import pytest

from litelic.host.link.info import BoardInfo
from litelic.host.link.protocol import TAKE_OVER, VERSION, ErrorCode, Frame, Request
from tests.firmware.bench import ALICE, BOB, CAROL, SERIAL, SILENCE

# Requests of a session, as right as can be.
IN_SESSION = {
    Request.PING: b"",
    Request.PROGRAM: bytes(36),
    Request.RUN: bytes([0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0]),
    Request.REGISTER_READ: bytes(4),
    Request.REGISTER_WRITE: bytes(8),
    Request.OPEN: bytes([0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]),
    Request.CLOSE: bytes(4),
    Request.BYE: b"",
}


def is_of(firmware, way, key):
    """Whether the key is the session's."""
    answer = firmware.ask(way, Request.PING, 0, key)
    assert answer.error in (None, ErrorCode.SESSION)
    return answer.error is None


def info(answer):
    return BoardInfo.parse(answer.frame.payload.decode())


def test_without_a_session_nothing_is_served(firmware):
    for kind, payload in IN_SESSION.items():
        assert firmware.ask(ALICE, kind, 0, 0, payload).error == ErrorCode.SESSION
    assert firmware.ask(ALICE, Request.DISCOVER).error is None
    assert not firmware.busy


@pytest.mark.parametrize("kind", IN_SESSION, ids=lambda kind: kind.name)
def test_a_request_needs_the_key(firmware, kind):
    key = firmware.hello(ALICE, 1)
    for wrong in (0, key ^ 1, key - 1, ~key & 0xFFFFFFFF):
        assert firmware.ask(ALICE, kind, 0, wrong, IN_SESSION[kind]).error == ErrorCode.SESSION
    assert firmware.ask(ALICE, kind, 0, key, IN_SESSION[kind]).error is None


def test_hello_again_is_the_same_session(firmware):
    key = firmware.hello(ALICE, 1)
    firmware.open(ALICE, key, 0, 0, 0, 16)
    firmware.run(ALICE, key, 0, 0, 3)
    assert firmware.again(ALICE, firmware.request).error is None
    assert firmware.hello(ALICE, 1) == key
    assert firmware.windows[0] and firmware.queued == 3 and firmware.resets == 0


def test_hello_with_another_number_is_a_new_session(firmware):
    key = firmware.hello(ALICE, 1)
    firmware.open(ALICE, key, 0, 0, 0, 16)
    firmware.run(ALICE, key, 0, 0, 3)
    new = firmware.hello(ALICE, 2)
    assert new != key
    assert firmware.windows == [None] * 8 and firmware.queued == 0 and firmware.resets == 1
    assert not is_of(firmware, ALICE, key) and is_of(firmware, ALICE, new)


def test_another_host_has_to_wait(firmware):
    key = firmware.hello(ALICE, 1)
    for way, nonce in ((BOB, 2), (SERIAL, 3)):
        assert firmware.ask_hello(way, nonce).error == ErrorCode.BUSY
    assert is_of(firmware, ALICE, key)
    firmware.wait(SILENCE - 1)
    assert firmware.busy
    assert firmware.ask_hello(BOB, 4).error == ErrorCode.BUSY
    firmware.wait(1)
    assert not firmware.busy
    new = firmware.hello(BOB, 5)
    assert not is_of(firmware, ALICE, key) and is_of(firmware, BOB, new)


def test_a_session_that_speaks_is_kept(firmware):
    key = firmware.hello(ALICE, 1)
    for _ in range(3):
        firmware.wait(SILENCE - 1)
        assert is_of(firmware, ALICE, key)
    for _ in range(3):
        firmware.wait(SILENCE - 1)
        firmware.serve(1)  # a window of its is read or written
    firmware.wait(SILENCE // 2)
    assert firmware.ask_hello(BOB, 2).error == ErrorCode.BUSY
    firmware.wait(SILENCE // 2)
    assert firmware.ask_hello(BOB, 3).error is None


def test_who_is_refused_does_not_keep_a_session(firmware):
    firmware.hello(ALICE, 1)
    firmware.wait(SILENCE // 2)
    assert firmware.ask(ALICE, Request.PING, 0, 77).error == ErrorCode.SESSION
    assert firmware.ask_hello(BOB, 2).error == ErrorCode.BUSY
    assert firmware.ask(BOB, Request.DISCOVER).error is None
    firmware.wait(SILENCE // 2)
    firmware.hello(BOB, 3)


def test_silence_alone_ends_nothing(firmware):
    key = firmware.hello(ALICE, 1)
    firmware.open(ALICE, key, 0, 0, 0, 16)
    firmware.wait(100 * SILENCE)
    assert is_of(firmware, ALICE, key) and firmware.windows[0]


def test_take_over(firmware):
    key = firmware.hello(ALICE, 1)
    firmware.open(ALICE, key, 3, 0, 0, 16)
    firmware.run(ALICE, key, 0, 0, 3)
    new = firmware.hello(BOB, 2, take_over=True)
    assert firmware.windows == [None] * 8 and firmware.queued == 0
    assert not is_of(firmware, ALICE, key) and is_of(firmware, BOB, new)
    assert firmware.ask_hello(ALICE, 3).error == ErrorCode.BUSY


def test_bye(firmware):
    key = firmware.hello(ALICE, 1)
    firmware.open(ALICE, key, 0, 0, 0, 16)
    firmware.run(ALICE, key, 0, 0, 3)
    assert firmware.ask(ALICE, Request.BYE, 0, key).error is None
    assert firmware.windows == [None] * 8 and firmware.queued == 0 and not firmware.busy
    assert firmware.again(ALICE, firmware.request).error == ErrorCode.SESSION
    new = firmware.hello(BOB, 2)
    firmware.ask(ALICE, Request.BYE, 0, key)  # a late copy
    assert is_of(firmware, BOB, new)


def test_a_session_moves_with_its_key(firmware):
    """A host that has a new address goes on."""
    key = firmware.hello(ALICE, 1)
    assert is_of(firmware, CAROL, key)
    assert firmware.ask_hello(BOB, 2).error == ErrorCode.BUSY
    firmware.run(CAROL, key, 0, 0, 1)
    (told,) = firmware.complete(1)
    assert told.way == CAROL


def test_keys_never_come_again(firmware):
    keys = set()
    for nonce in range(3000):
        key = firmware.hello(ALICE, nonce)
        window = firmware.open(ALICE, key, nonce % 8, 0, 0, 16).number
        assert not keys & {key, window} and key != window
        keys |= {key, window}


def test_keys_differ_after_power_up(firmware):
    first = firmware.hello(ALICE, 1)
    firmware.power_cycle()
    assert firmware.hello(ALICE, 2) != first
    firmware.power_cycle()
    firmware.wait(12345)
    assert firmware.hello(ALICE, 1) != first


def test_info(firmware):
    told = info(firmware.ask_hello(ALICE, 1))
    assert (told.protocol, told.target, told.gateware) == (VERSION, "virtual", "0.1.0")
    assert told.array == {"reduction": 4, "outputs": 8}
    assert (told.clock_hz, told.array_clock_hz) == (100_000_000, 150_000_000)
    assert (told.dram_bytes, told.dram_ok, told.program) == (0x08000000, True, None)
    assert told.statistics == {
        "requests": 1, "damaged_frames": 0xFFFFFFFF, "lost_frames": 0xFFFFFFFF}
    assert told.ip == "127.0.0.1"
    assert told.temperature == -273.15
    firmware.wait(0xFFF)
    assert info(firmware.ask(BOB, Request.DISCOVER)).temperature == 230.701


def test_info_says_who_has_the_board(firmware):
    assert not info(firmware.ask(BOB, Request.DISCOVER)).busy
    hello = firmware.ask_hello(ALICE, 1)
    assert not info(hello).busy
    assert info(firmware.ask(BOB, Request.DISCOVER)).busy
    assert not info(firmware.ask(ALICE, Request.DISCOVER, 0, hello.frame.key)).busy
    firmware.ask(ALICE, Request.BYE, 0, hello.frame.key)
    assert not info(firmware.ask(BOB, Request.DISCOVER)).busy


def test_the_program_is_remembered_beyond_a_session(firmware):
    identity = bytes(range(100, 132))
    key = firmware.hello(ALICE, 1)
    assert firmware.ask(ALICE, Request.PROGRAM, 0, key, bytes(4) + identity).error is None
    assert info(firmware.ask_hello(BOB, 2, take_over=True)).program == identity
    firmware.power_cycle()
    assert info(firmware.ask_hello(BOB, 1)).program is None


def test_ping_is_the_time(firmware):
    key = firmware.hello(ALICE, 1)
    firmware.wait(1 << 40)
    assert firmware.ask(ALICE, Request.PING, 0, key).number == 1 << 40


@pytest.mark.parametrize("version", [0, 1, 3, 255])
def test_another_version_is_told_ours(firmware, version):
    for kind in (*Request, 0x55):
        answer = firmware.ask(ALICE, kind, 0, 0, b"", version)
        assert (answer.error, answer.refusal.detail) == (ErrorCode.VERSION, VERSION)
        assert answer.frame.version == VERSION


def test_an_unknown_type(firmware):
    key = firmware.hello()
    for kind in (0, 0x0D, 0x7F):
        answer = firmware.ask(ALICE, kind, 0, key, b"1234")
        assert (answer.error, answer.refusal.detail) == (ErrorCode.TYPE, kind)


@pytest.mark.parametrize("length", [0, 3, 5, 8, 13, 64, 65, 1408])
def test_wrong_lengths(firmware, length):
    key = firmware.hello()
    for kind, payload in {Request.HELLO: bytes(12), **IN_SESSION}.items():
        if length != len(payload):
            answer = firmware.ask(ALICE, kind, 0, key, bytes(length))
            assert (answer.error, answer.refusal.detail) == (ErrorCode.LENGTH, len(payload))
    assert is_of(firmware, ALICE, key)


def test_what_follows_a_long_request_is_the_next_one(firmware):
    """Of a payload that is longer than any request's the rest is dropped, and no more than it."""
    key = firmware.hello()
    for words in (15, 16, 17, 18, 352):
        answer = firmware.ask(ALICE, 0x55, 0, key, bytes(4 * words))
        assert answer.error == ErrorCode.TYPE
        assert is_of(firmware, ALICE, key)


def test_a_late_copy_of_ones_own_hello(firmware):
    key = firmware.hello(ALICE, 1)
    late = firmware.request
    firmware.run(ALICE, key, 0, 0, 2)
    assert firmware.again(ALICE, late).frame.key == key
    assert firmware.queued == 2


@pytest.mark.parametrize("take_over", [False, True])
@pytest.mark.parametrize("way", [ALICE, BOB])
def test_a_late_copy_of_an_earlier_hello(firmware, way, take_over):
    """No session begins twice by one HELLO, whoever has sent it."""
    firmware.hello(way, 1, take_over)
    late = firmware.request
    for nonce in range(2, 17):  # sixteen numbers are remembered
        key = firmware.hello(ALICE, nonce, take_over=True)
        assert firmware.again(way, late).error == ErrorCode.SESSION
        assert is_of(firmware, ALICE, key)
    firmware.ask(ALICE, Request.BYE, 0, key)
    assert firmware.again(way, late).error == ErrorCode.SESSION
    assert firmware.ask_hello(CAROL, 99).error is None


def test_a_late_copy_of_a_hello_that_was_refused(firmware):
    """Who has given up keeps nobody waiting."""
    firmware.hello(ALICE, 1)
    assert firmware.ask_hello(BOB, 2).error == ErrorCode.BUSY
    late = firmware.request
    firmware.wait(SILENCE)
    assert firmware.again(BOB, late).error == ErrorCode.SESSION
    assert firmware.ask_hello(CAROL, 3).error is None


@pytest.mark.parametrize("kind", [0x81, 0x82, 0x86, 0xFE, 0xFF])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_answer_is_not_answered(firmware, kind, version):
    """Two boards would do so for ever."""
    key = firmware.hello()
    for bears in (0, key):
        assert firmware.send(ALICE, Frame(kind, 1, 0, bears, b"12345678", version)) == []
    assert is_of(firmware, ALICE, key)


def test_flags_that_are_not_known_do_nothing(firmware):
    firmware.hello(ALICE, 1)
    flags = (~TAKE_OVER & 0xFFFFFFFF).to_bytes(4, "little") + bytes(8)
    assert firmware.ask(BOB, Request.HELLO, 2, 0, flags).error == ErrorCode.BUSY
