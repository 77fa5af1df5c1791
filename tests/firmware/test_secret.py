"""Boards that were built with a secret: whom they let in."""

import itertools

import pytest

from litelic.host.link import secret
from litelic.host.link.protocol import ErrorCode, Request
from tests.firmware.bench import ALICE, BOB, SECRET, SILENCE, Firmware
from tests.firmware.build import GUARDED


@pytest.fixture(scope="module")
def process():
    with Firmware(GUARDED) as firmware:
        yield firmware


UNUSED = itertools.count(0x1000)  # numbers of HELLO, each of which is refused for ever


def challenge(firmware, way=ALICE):
    answer = firmware.ask_hello(way, next(UNUSED))
    assert answer.error == ErrorCode.DENIED
    return answer.refusal.detail


@pytest.mark.parametrize("nonce", [0, 1, 0x80000000, 0xFFFFFFE0])
def test_who_knows_it_is_let_in(firmware, nonce):
    """And so SipHash is the same on both sides."""
    for number in range(nonce, nonce + 20):
        tag = secret.tag(SECRET, challenge(firmware), number)
        key = firmware.ask_hello(ALICE, number, tag=tag).frame.key
        assert firmware.ask(ALICE, Request.PING, 0, key).error is None
        assert firmware.ask(ALICE, Request.BYE, 0, key).error is None


def test_who_does_not_is_not(firmware):
    asked = challenge(firmware)
    wrong = [
        lambda nonce: 0,
        lambda nonce: secret.tag(SECRET, asked, nonce) ^ 1,
        lambda nonce: secret.tag(SECRET, asked, nonce) ^ 1 << 63,
        lambda nonce: secret.tag(SECRET, asked, nonce) & 0xFFFFFFFF,
        lambda nonce: secret.tag(SECRET, asked, nonce + 1),
        lambda nonce: secret.tag(SECRET, asked ^ 1, nonce),
        lambda nonce: secret.tag(bytes(16), asked, nonce),
    ]
    for nonce, tag in enumerate(2 * wrong):
        answer = firmware.ask_hello(ALICE, nonce, nonce >= len(wrong), tag(nonce))
        assert (answer.error, answer.refusal.detail) == (ErrorCode.DENIED, asked)
    assert firmware.ask_hello(ALICE, 99, tag=secret.tag(SECRET, asked, 99)).error is None


def test_an_answer_counts_once(firmware):
    asked = challenge(firmware)
    tag = secret.tag(SECRET, asked, 1)
    key = firmware.ask_hello(ALICE, 1, tag=tag).frame.key
    assert firmware.ask_hello(ALICE, 1, tag=tag).frame.key == key  # it comes again
    assert firmware.ask_hello(BOB, 1, tag=tag, take_over=True).error == ErrorCode.SESSION
    for _ in range(20):
        assert challenge(firmware, BOB) != asked  # and its number is forgotten
    assert firmware.ask_hello(BOB, 1, tag=tag, take_over=True).error == ErrorCode.DENIED
    firmware.ask(ALICE, Request.BYE, 0, key)
    assert firmware.ask_hello(ALICE, 1, tag=tag).error == ErrorCode.SESSION


def test_a_session_is_not_ended_by_who_is_denied(firmware):
    key = firmware.hello(ALICE, 1)
    calls = [(way, take_over) for way in (ALICE, BOB) for take_over in (False, True)]
    for nonce, (way, take_over) in enumerate(calls, 10):
        assert firmware.ask_hello(way, nonce, take_over).error == ErrorCode.DENIED
    firmware.wait(10 * SILENCE)
    assert firmware.ask_hello(BOB, 20).error == ErrorCode.DENIED
    assert firmware.ask(ALICE, Request.PING, 0, key).error is None


def test_who_knows_it_waits_as_everybody_does(firmware):
    firmware.hello(ALICE, 1)
    asked = challenge(firmware, BOB)
    tags = [secret.tag(SECRET, asked, nonce) for nonce in (2, 3)]
    assert firmware.ask_hello(BOB, 2, tag=tags[0]).error == ErrorCode.BUSY
    assert firmware.ask_hello(BOB, 3, tag=tags[1]).error == ErrorCode.DENIED  # it was used
    firmware.wait(SILENCE)
    firmware.hello(BOB, 4)


def test_everybody_may_find_it(firmware):
    assert firmware.ask(BOB, Request.DISCOVER).error is None


def test_a_challenge_does_not_give_keys_away(firmware):
    """Without a secret keys are counts, scrambled by steps that anybody may undo."""
    asked = challenge(firmware, BOB)
    key = firmware.hello(ALICE, 7)
    window = firmware.open(ALICE, key, 0, 0, 0, 16).number
    following = [asked]
    for _ in range(1000):
        following.append(key_after(following[-1]))
    assert key not in following and window not in following

    with Firmware() as guessed:  # the guess is right where there is no secret
        key = guessed.hello()
        assert guessed.open(ALICE, key, 0, 0, 0, 16).number == key_after(key)


def key_after(key):
    """The steps of firmware/secret.c undone, one more of the count, and done again."""
    whole = 1 << 32
    key ^= key >> 16
    key = key * pow(0xC2B2AE35, -1, whole) % whole
    key ^= key >> 13 ^ key >> 26
    key = key * pow(0x85EBCA6B, -1, whole) % whole
    key ^= key >> 16
    key = (key + 0x9E3779B9) % whole
    key = (key ^ key >> 16) * 0x85EBCA6B % whole
    key = (key ^ key >> 13) * 0xC2B2AE35 % whole
    return key ^ key >> 16
