"""Runs: queued, waited for, told about, and what may get lost of all that."""

import random
import struct

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.board import BoardError
from litelic.host.link.protocol import (
    RESPONSE,
    RUNS_QUEUED,
    ErrorCode,
    Frame,
    Request,
    RunState,
)
from litelic.host.link.runs import POLL_SECONDS, Runs
from tests.host.link.fake_board import HERTZ, RUN_CYCLES, FakeBoard
from tests.host.link.fake_line import Faults, Hits, opened, passes

RUN = Request.RUN
SECOND = HERTZ  # cycles


@pytest.fixture
def fake(clock):
    return FakeBoard(clock)


def asked(fake):
    """How often RUN was sent."""
    return sum(frame.type == RUN for frame, _ in fake.requests)


def test_a_run(fake):
    board, seen = opened(fake), []
    cycles = board.run(0x100, 3, 5000, lambda done, total: seen.append((done, total)))
    assert cycles == RUN_CYCLES and seen[-1] == (3, 3)
    assert fake.made == [(0x100, 3)]
    assert fake.runs[0].watchdog == 5120  # 5000 cycles, rounded up to 1024s
    assert not board.running


@pytest.mark.parametrize("cycles, units", [(0, 0), (1, 1), (1024, 1), (1 << 50, 0xFFFFFFFF)])
def test_watchdogs(fake, cycles, units):
    opened(fake).start(0, 1, cycles)
    assert fake.runs[0].watchdog == 1024 * units


def test_its_end_need_not_be_asked_for(fake):
    fake.run_cycles = SECOND * 9 // 10
    board = opened(fake)
    assert board.run(0, 1) == fake.run_cycles
    assert asked(fake) == 1
    assert board.run_ended == pytest.approx(fake.clock.now)


def test_an_end_that_was_not_heard_is_asked_for(fake):
    fake.run_cycles = SECOND // 2
    board = opened(fake)
    board.start(0, 1)
    fake.to_host = Hits(RUN | RESPONSE)
    begin = fake.clock.now
    assert board.finish() == SECOND // 2
    assert asked(fake) == 2
    assert fake.clock.now - begin == pytest.approx(POLL_SECONDS, abs=0.1)


def test_a_long_run_tells_how_it_is_going(fake):
    fake.run_cycles = SECOND * 21 // 2
    board, seen = opened(fake), []
    fake_look = fake.serve_run

    def serve_run(request):
        fake.runs and setattr(fake.runs[0], "finished", len(fake.requests))
        fake_look(request)

    fake.serve_run = serve_run
    assert board.run(0, 99, progress=lambda done, total: seen.append((done, total))) > 10 * SECOND
    assert seen == sorted(seen) and len(set(seen)) >= 10 and seen[-1] == (99, 99)


def test_requests_are_served_during_a_run(fake):
    """What is told meanwhile is kept, and when it was known."""
    board = opened(fake)
    board.start(0, 1)
    for _ in range(3):
        board.write(4, b"data")
    ended = board.run_ended
    assert board.read(4, 4) == b"data" and board.running
    before = fake.clock.now
    assert board.finish() == RUN_CYCLES
    assert fake.clock.now == before and asked(fake) == 1
    assert ended is None and board.run_ended < before


# Several ------------------------------------------------------------------------------------------


def test_runs_go_on_by_themselves(fake):
    fake.run_cycles = SECOND
    board = opened(fake)
    for n in range(RUNS_QUEUED):
        board.start(0x100 * n, n + 1)
    assert len(fake.made) == 1
    fake.settle()
    assert fake.made == [(0x100 * n, n + 1) for n in range(RUNS_QUEUED)]
    for _ in range(RUNS_QUEUED):
        assert board.running and board.finish() == SECOND
    assert asked(fake) == RUNS_QUEUED
    assert not board.running
    begun = [run.began for run in fake.runs]
    assert begun[1:] == [run.ended for run in fake.runs[:-1]]


def test_no_more_than_the_board_can_queue(fake):
    board = opened(fake)
    for _ in range(RUNS_QUEUED):
        board.start(0, 1)
    with pytest.raises(LitelicError, match="4 runs are queued: finish one first"):
        board.start(0x400, 1)
    board.finish()
    board.start(0x400, 1)
    for _ in range(RUNS_QUEUED):
        board.finish()
    assert fake.made == [(0, 1)] * RUNS_QUEUED + [(0x400, 1)]


def test_many_runs_one_after_the_other(fake, seed):
    """More than the board remembers, with some ahead, and at the same addresses again and again."""
    chance, board, wanted, ahead = random.Random(seed), opened(fake), [], 0
    for _ in range(300):
        if ahead < RUNS_QUEUED and chance.random() < 0.6:
            wanted.append((0x100 * chance.randrange(2), chance.randrange(1, 9)))
            board.start(*wanted[-1])
            ahead += 1
        elif ahead:
            assert board.finish() == RUN_CYCLES
            ahead -= 1
    while ahead:
        board.finish()
        ahead -= 1
    assert fake.made == wanted


# Ends that are not good ---------------------------------------------------------------------------


@pytest.mark.parametrize("state, words", [
    (RunState.STUCK, "descriptor 2 of 5 from 0x300 on did not finish in time"),
    (RunState.MALFORMED, "descriptor 2 of 5 from 0x300 on is not a descriptor"),
])
def test_a_failure_is_told_and_those_behind_it_are_cancelled(fake, state, words):
    fake.run_cycles = SECOND
    board = opened(fake)
    fake.fates[1] = state, 2
    board.start(0x200, 4)
    board.start(0x300, 5)
    board.start(0x400, 6)
    board.start(0x500, 7)
    assert board.finish() == SECOND
    with pytest.raises(LitelicError, match=words):
        board.finish()
    for address in ("0x400", "0x500"):
        with pytest.raises(LitelicError, match=f"{address} on was not run, since a run before it"):
            board.finish()
    assert fake.made == [(0x200, 4), (0x300, 5)] and not board.running
    assert board.run(0x600, 1) == SECOND


@pytest.mark.parametrize("address, count, code", [
    (0x10, 1, ErrorCode.ADDRESS), (0x100, 0, ErrorCode.LENGTH),
])
def test_a_run_that_is_refused(fake, address, count, code):
    """It was never there: others have its number."""
    board = opened(fake)
    with pytest.raises(BoardError) as caught:
        board.start(address, count)
    assert caught.value.code == code and not board.running
    assert board.run(0, 1) == RUN_CYCLES


@pytest.mark.parametrize("count", (-1, 1 << 32))
def test_a_count_that_no_request_holds(fake, count):
    board = opened(fake)
    with pytest.raises(LitelicError, match="32 bits"):
        board.start(0, count)
    assert not board.running and not asked(fake)


def test_the_board_restarts_during_a_run(fake):
    board = opened(fake)
    fake.run_cycles = 10 * SECOND
    board.start(0, 1)
    fake.restart()
    with pytest.raises(BoardError, match="session has ended") as caught:
        board.finish()
    assert caught.value.code == ErrorCode.SESSION and not board.running


def test_an_answer_that_makes_no_sense(clock):
    told = []
    runs = Runs(lambda *_: Frame(RUN | RESPONSE, 1, payload=b"what?"), told.append)
    with pytest.raises(LitelicError, match="makes no sense"):
        runs.start(0, 1, 1024)


def test_what_belongs_to_no_run_is_ignored(fake):
    """Another session's, another version's, or of a number that nobody waits for."""
    board = opened(fake)
    fake.run_cycles = SECOND
    board.start(0, 1)
    outcome = struct.pack("<IIIIQQ", 0, RunState.STUCK, 0, 1, 0, 0)
    key = board._key
    for frame in (
        Frame(RUN | RESPONSE, 0, 0, key ^ 1, outcome),
        Frame(RUN | RESPONSE, 0, 0, key, outcome, version=3),
        Frame(RUN | RESPONSE, 0, 0, key, b"\5" + outcome[1:]),
        Frame(RUN | RESPONSE, 0, 0, key, outcome[:-1]),
        Frame(Request.PING | RESPONSE, 0, 0, key, outcome),
    ):
        fake.deliver(frame)
    assert board.finish() == SECOND


def test_what_comes_late_does_not_make_it_run_again(fake):
    """The answer to RUN, which says that it runs, behind the news that it has ended."""
    board = opened(fake)
    fake.to_host = Hits(RUN | RESPONSE, 1, lambda data: [(0, data), (0.5, data)])
    board.start(0, 1)
    board.ping()
    fake.clock.sleep(1)
    board.ping()
    assert board.finish() == RUN_CYCLES and asked(fake) == 1
    assert board.run_ended < fake.clock.now - 0.9


# Lines that lose things ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", (RUN, RUN | RESPONSE))
@pytest.mark.parametrize("fate", [
    lambda data: [], lambda data: [(0, data[:-1] + b"?")], lambda data: [(0, data), (0, data)],
    lambda data: [(3.0, data)],
], ids=("lost", "damaged", "doubled", "late"))
def test_a_run_runs_once(fake, kind, fate):
    board = opened(fake)
    setattr(fake, "to_host" if kind & RESPONSE else "to_board", Hits(kind, 1, fate))
    assert board.run(0, 1) == RUN_CYCLES
    fake.settle()
    assert board.run(0x100, 1) == RUN_CYCLES
    assert fake.made == [(0, 1), (0x100, 1)]


@pytest.mark.parametrize("seed", range(5), indirect=True)
def test_runs_on_a_bad_line(fake, seed):
    """Each of them once, in their order, and with its own result."""
    chance = random.Random(seed)
    board = opened(fake, silence_seconds=60)
    fake.run_cycles = SECOND
    fake.to_board = Faults(chance, 0.2, 0.2, 0.2, 0.2, longest=2.0)
    fake.to_host = Faults(chance, 0.2, 0.2, 0.2, 0.2, longest=2.0)
    wanted, ahead = [], []
    for n in range(100):
        if n % 9 == 8:
            fake.fates[n] = RunState.STUCK, 0
        if len(ahead) == RUNS_QUEUED or ahead and chance.random() < 0.4:
            _finish(board, fake, ahead.pop(0))
        wanted.append((0x100 * chance.randrange(3), chance.randrange(1, 9)))
        board.start(*wanted[n])
        ahead.append(n)
    for n in ahead:
        _finish(board, fake, n)
    assert [(run.address, run.count) for run in fake.runs] == wanted
    states = [run.state for run in fake.runs]
    assert set(states) == {RunState.DONE, RunState.STUCK, RunState.CANCELLED}
    assert fake.made == [
        of for of, state in zip(wanted, states) if state != RunState.CANCELLED]


def _finish(board, fake, number):
    try:
        assert board.finish() == SECOND
    except BoardError:
        raise
    except LitelicError as error:
        state = fake.runs[number].state
        assert {RunState.STUCK: "in time", RunState.CANCELLED: "not run"}[state] in str(error)
    else:
        assert fake.runs[number].state == RunState.DONE


# Numbers ------------------------------------------------------------------------------------------


def test_what_is_told_unasked_answers_no_request(fake):
    """Not even one whose number has gone round to 0, at the same address."""
    board = opened(fake)
    board.start(0, 1)
    board._requests._sequence = 0xFFFF
    board.start(0, 2)
    assert board.finish() == board.finish() == RUN_CYCLES
    assert fake.made == [(0, 1), (0, 2)]


def test_a_run_that_nobody_heard_of_is_not_another(fake):
    """Its request came, and all answers were lost; the program goes on."""
    board = opened(fake)
    fake.to_host = lambda data: []
    with pytest.raises(LitelicError, match="does not answer"):
        board.start(0x100, 1)
    fake.to_host = passes
    try:
        board.run(0x200, 2)
    except LitelicError:
        return
    assert fake.made[-1] == (0x200, 2)


def test_a_run_that_could_not_be_started_does_not_run(fake):
    board = opened(fake)
    fake.to_host = lambda data: []
    with pytest.raises(LitelicError, match="does not answer"):
        board.start(0x100, 1)
    assert not board.running
