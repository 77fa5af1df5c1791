"""Runs: queued, ended, remembered, cancelled, watched."""

import random

import pytest

from litelic.host.link.protocol import RUNS_QUEUED, WATCHDOG_UNIT, ErrorCode, Request, RunState
from tests.firmware.bench import (
    ALICE,
    BOB,
    DRAM,
    QUEUE_DEPTH,
    RESET_CYCLES,
    Firmware,
)
from tests.firmware.build import BARE

REMEMBERED = 8
LONG = 1_000_000  # of a watchdog that is not meant to bite


@pytest.fixture
def key(firmware):
    return firmware.hello()


def start(firmware, key, number, address=0, count=1, watchdog=LONG):
    answer = firmware.run(ALICE, key, number, address, count, watchdog)
    assert answer.error is None, answer.refusal
    return answer.outcome


def told(answers):
    """{number: (state, descriptors finished)} of ends that are told."""
    assert all(a.way == ALICE and a.frame.type == Request.RUN | 0x80 for a in answers)
    return {a.outcome.number: (a.outcome.state, a.outcome.finished) for a in answers}


def test_a_run(firmware, key):
    firmware.wait(500)
    outcome = start(firmware, key, 0, 0x1000, 3)
    assert outcome == (type(outcome))(0, RunState.ACTIVE, 0, 3, 500, 500)
    assert firmware.descriptors == [0x1000, 0x1100, 0x1200]
    assert firmware.busy
    firmware.wait(100)
    assert firmware.complete(2) == []
    firmware.wait(50)
    (end,) = firmware.complete(1)
    assert (end.way, end.frame.key, end.frame.address) == (ALICE, key, 0x1000)
    assert end.outcome == (type(outcome))(0, RunState.DONE, 3, 3, 500, 650)
    assert firmware.wait(1000) == []  # it is told once


def test_how_a_run_is_going(firmware, key):
    start(firmware, key, 0, 0x1000, 3)
    request = firmware.request
    firmware.complete(2)
    firmware.wait(70)
    outcome = firmware.again(ALICE, request).outcome
    assert (outcome.state, outcome.finished, outcome.ended) == (RunState.ACTIVE, 2, 70)
    firmware.complete(1)
    firmware.wait(70)
    outcome = firmware.again(ALICE, request).outcome
    assert (outcome.state, outcome.finished, outcome.ended) == (RunState.DONE, 3, 70)
    assert len(firmware.descriptors) == 3  # it did not run twice


def test_four_are_queued(firmware, key):
    states = [start(firmware, key, n, 0x100 * n).state for n in range(RUNS_QUEUED)]
    assert states == [RunState.ACTIVE] + 3 * [RunState.QUEUED]
    full = firmware.run(ALICE, key, 4, 0, 1)
    assert (full.error, full.refusal.detail) == (ErrorCode.FULL, RUNS_QUEUED)
    refused = firmware.request
    assert told(firmware.complete(1)) == {0: (RunState.DONE, 1)}
    assert firmware.again(ALICE, refused).outcome.state == RunState.QUEUED
    assert told(firmware.complete(4)) == {n: (RunState.DONE, 1) for n in range(1, 5)}
    assert not firmware.queued


def test_the_next_run_begins_when_one_ends(firmware, key):
    start(firmware, key, 0, 0, 2)
    firmware.wait(10)
    start(firmware, key, 1, 0x1000, 1)
    firmware.wait(90)
    firmware.complete(2)
    firmware.wait(40)
    (end,) = firmware.complete(1)
    assert (end.outcome.began, end.outcome.ended) == (100, 140)


def test_more_descriptors_than_have_room(firmware, key):
    count = 5 * QUEUE_DEPTH + 3
    start(firmware, key, 0, 0x4000, count)
    start(firmware, key, 1, 0, 2)
    assert firmware.queued == QUEUE_DEPTH
    ends, done, chance = [], 0, random.Random(1)
    while done < count + 2:
        size = min(chance.randrange(QUEUE_DEPTH), firmware.queued)
        done += size
        ends += firmware.complete(size)
        assert firmware.queued == min(QUEUE_DEPTH, count + 2 - done)
    assert told(ends) == {0: (RunState.DONE, count), 1: (RunState.DONE, 2)}
    assert firmware.descriptors == [0x4000 + 256 * n for n in range(count)] + [0, 256]


def test_the_last_ones_are_remembered(firmware, key):
    requests = []
    for n in range(30):
        start(firmware, key, n, 256 * n)
        requests.append(firmware.request)
        firmware.complete(1)
        for back, request in enumerate(reversed(requests), 1):
            answer = firmware.again(ALICE, request)
            if back <= REMEMBERED:
                assert answer.outcome.state == RunState.DONE
            else:
                assert (answer.error, answer.refusal.detail) == (ErrorCode.ORDER, n + 1)
    assert len(firmware.descriptors) == 30


@pytest.mark.parametrize("ahead", [1, 2, 8, 1000, 0xFFFFFFFF, 0xFFFFFFF8])
def test_numbers_that_are_not_next(firmware, key, ahead):
    answer = firmware.run(ALICE, key, ahead, 0, 1)
    assert (answer.error, answer.refusal.detail) == (ErrorCode.ORDER, 0)
    start(firmware, key, 0)


@pytest.mark.parametrize("address, count, error, detail", [
    (0, 0, ErrorCode.LENGTH, 1),
    (128, 1, ErrorCode.ADDRESS, 256),
    (DRAM, 1, ErrorCode.ADDRESS, DRAM),
    (DRAM - 256, 2, ErrorCode.ADDRESS, DRAM),
    (0, DRAM // 256 + 1, ErrorCode.ADDRESS, DRAM),
    (0, 0x01000000, ErrorCode.ADDRESS, DRAM),  # 2^32 bytes
    (256, 0xFFFFFFFF, ErrorCode.ADDRESS, DRAM),
    (0xFFFFFF00, 1, ErrorCode.ADDRESS, DRAM),
])
def test_what_cannot_run(firmware, key, address, count, error, detail):
    answer = firmware.run(ALICE, key, 0, address, count)
    assert (answer.error, answer.refusal.detail) == (error, detail)
    assert firmware.descriptors == []
    start(firmware, key, 0, DRAM - 256)  # the number was not used up
    assert firmware.descriptors == [DRAM - 256]


# Ends that are not good --------------------------------------------------------------------------


def test_the_watchdog_is_for_a_descriptor(firmware, key):
    start(firmware, key, 0, 0, 3, 10)
    limit = 10 * WATCHDOG_UNIT
    for _ in range(2):
        assert firmware.wait(limit) == []
        assert firmware.complete(1) == []
    assert firmware.wait(limit) == []
    assert told(firmware.wait(1)) == {0: (RunState.STUCK, 2)}
    assert (firmware.resets, firmware.queued) == (1, 0)


def test_each_run_has_its_watchdog(firmware, key):
    start(firmware, key, 0, 0, 1, LONG)
    start(firmware, key, 1, 0, 1, 3)
    assert firmware.wait(100 * WATCHDOG_UNIT) == []  # it has not begun
    assert told(firmware.complete(1)) == {0: (RunState.DONE, 1)}
    assert firmware.wait(3 * WATCHDOG_UNIT) == []
    assert told(firmware.wait(1)) == {1: (RunState.STUCK, 0)}


def test_a_watchdog_of_the_longest_time(firmware, key):
    start(firmware, key, 0, 0, 1, 0xFFFFFFFF)
    limit = 0xFFFFFFFF * WATCHDOG_UNIT
    assert firmware.wait(limit) == []
    assert told(firmware.wait(1)) == {0: (RunState.STUCK, 0)}


@pytest.mark.parametrize("state", [RunState.STUCK, RunState.MALFORMED])
def test_what_waits_is_cancelled(firmware, key, state):
    start(firmware, key, 0, 0, 2, 10)
    for n in (1, 2, 3):
        start(firmware, key, n, 0x1000, 50)
    firmware.complete(1)
    firmware.wait(7)
    stuck = state == RunState.STUCK
    ends = firmware.wait(10 * WATCHDOG_UNIT) if stuck else firmware.meet_malformed()
    assert told(ends) == {0: (state, 1), **{n: (RunState.CANCELLED, 0) for n in (1, 2, 3)}}
    assert {end.outcome.ended for end in ends} == {firmware.cycles}
    assert (firmware.resets, firmware.queued) == (1, 0)
    # Numbers go on, and so does the accelerator.
    firmware.descriptors.clear()
    assert start(firmware, key, 4, 0x2000, 2).state == RunState.ACTIVE
    assert firmware.descriptors == [0x2000, 0x2100]
    assert told(firmware.complete(2)) == {4: (RunState.DONE, 2)}


def test_malformed_in_a_run_that_was_queued(firmware, key):
    start(firmware, key, 0)
    start(firmware, key, 1, 0, 3)
    assert told(firmware.complete(2)) == {0: (RunState.DONE, 1)}
    assert told(firmware.meet_malformed()) == {1: (RunState.MALFORMED, 1)}


def test_a_session_that_ends_ends_its_runs(firmware, key):
    start(firmware, key, 0, 0, 5)
    start(firmware, key, 1, 0, 5)
    late = firmware.request
    before = firmware.cycles
    new = firmware.hello(BOB, 2, take_over=True)
    assert firmware.unasked == []
    assert (firmware.cycles - before, firmware.queued) == (RESET_CYCLES, 0)
    assert firmware.again(ALICE, late).error == ErrorCode.SESSION
    assert firmware.run(BOB, new, 0, 0, 1).outcome.state == RunState.ACTIVE
    firmware.hello(BOB, 3)
    firmware.hello(BOB, 4)  # nothing ran
    assert firmware.resets == 2


def test_no_run_in_a_bad_dram():
    with Firmware() as firmware:
        firmware.power_cycle(memory_ok=False)
        assert firmware.run(ALICE, firmware.hello(), 0, 0, 1).error == ErrorCode.MEMORY
        assert firmware.descriptors == []


def test_no_run_without_an_accelerator():
    with Firmware(BARE) as firmware:
        assert firmware.run(ALICE, firmware.hello(), 0, 0, 1).error == ErrorCode.ACCELERATOR
