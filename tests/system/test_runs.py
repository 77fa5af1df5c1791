"""Runs on the simulated board: one after the other, to their good or bad ends.

One simulator serves all tests of this file, so each of them also shows that the one before left a
board that works.
"""

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.descriptor import DESCRIPTOR_BYTES, RECORD_OFFSET, unpack_record
from litelic.host.errors import LitelicError
from litelic.host.link.board import BoardError
from litelic.host.link.protocol import RESPONSE, RUNS_QUEUED, ErrorCode, Request, RunState
from tests.accel.layers import Job
from tests.random_layers import random_input, random_layer
from tests.system.raw import RawHost, connect, outcome, refused

ARRAY = ArrayConfig()
MEMORY_BYTES = 1 << 17  # that a job takes from address 0 on
MANY = 40  # the accelerator's queue holds 32: the firmware must fill it again while they run
COPIES = 0x10_0000  # of the descriptor
NONSENSE = 0x20_0000


class Upload:
    """A layer of about a million multiplications in the board's DRAM, descriptor at 0, and copies
    of that."""

    def __init__(self, board, seed):
        rng = np.random.default_rng(seed)
        layer = random_layer(
            rng, kind="conv", kernel=5, stride=1, padding=2, in_channels=8, out_channels=8,
            input="int8", output="int8", gdn=True,
        )
        self.board = board
        self.job = Job(rng, ARRAY, [layer], random_input(rng, layer, 24, 24), MEMORY_BYTES)
        self.restore()
        board.write(COPIES, bytes(self.job.memory[:DESCRIPTOR_BYTES]) * MANY)
        board.write(NONSENSE, bytes(DESCRIPTOR_BYTES))

    def restore(self):
        self.board.write(0, self.job.memory)

    def check(self):
        memory = self.job.memory[:]
        self.job.memory[:] = self.board.read(0, MEMORY_BYTES)
        self.job.check()
        self.job.memory[:] = memory


@pytest.fixture
def board(simulator):
    with connect(simulator.url) as opened:
        yield opened


@pytest.fixture
def raw(simulator, seed):
    """A host by itself, in a session, with an `Upload` on the board."""
    with connect(simulator.url) as board:
        Upload(board, seed)
    with RawHost(simulator.url) as host:
        host.hello()
        yield host


def works(simulator, seed):
    with connect(simulator.url) as board:
        upload = Upload(board, seed)
        board.run(0, 1)
        upload.check()


def records(board, address, count):
    data = board.read(address, count * DESCRIPTOR_BYTES)
    return [
        unpack_record(data[start + RECORD_OFFSET : start + DESCRIPTOR_BYTES])
        for start in range(0, len(data), DESCRIPTOR_BYTES)
    ]


# Good runs ----------------------------------------------------------------------------------------


def test_run(board, seed):
    upload = Upload(board, seed)
    before = board.ping()
    cycles = board.run(0, 1)
    upload.check()
    assert 5000 < cycles < 50_000 and cycles < board.ping() - before


def test_run_longer_than_the_queue(board, seed):
    Upload(board, seed)
    seen = []
    cycles = board.run(COPIES, MANY, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (MANY, MANY)
    assert cycles > MANY * 5000
    assert all(record["total"] for record in records(board, COPIES, MANY))


def test_runs_go_on_by_themselves(raw):
    """Nothing is asked while they run; each end is told once, in order, to whom it is due."""
    runs = [(COPIES, MANY), *((COPIES + 0x100 * n, n + 2) for n in range(1, RUNS_QUEUED))]
    for n, (address, count) in enumerate(runs):
        state = outcome(raw.ask(raw.run(n, address, count))).state
        assert state == RunState.QUEUED if n else state == RunState.ACTIVE
    told = [raw.wait(lambda answer: answer.sequence == 0) for _ in runs]
    assert [(answer.address, answer.key) for answer in told] == [
        (address, raw.key) for address, _ in runs]
    ended = [outcome(answer) for answer in told]
    assert [(o.number, o.state, o.finished, o.count) for o in ended] == [
        (n, RunState.DONE, count, count) for n, (_, count) in enumerate(runs)]
    for before, after in zip(ended, ended[1:]):
        assert before.began < before.ended <= after.began < before.ended + 1000
    raw.request(Request.PING)
    assert not [frame for frame in raw.heard if frame.sequence == 0 and frame not in told]
    assert [outcome(raw.ask(raw.run(n, 0, 1))) for n in range(RUNS_QUEUED)] == ended


def test_runs_are_queued_behind_transfers(board, seed):
    """Two jobs by turns: one runs while the other is sent and fetched."""
    upload = Upload(board, seed)
    place = 0x40_0000
    for n in range(3):
        board.start(COPIES, 4)
        board.write(place, bytes([n]) * 20_000)
        board.start(0, 1)
        assert board.read(place, 20_000) == bytes([n]) * 20_000
        assert board.finish() > board.finish() > 5000
    upload.check()


def test_requests_during_a_run(raw):
    """They are served at once; the end of the run is told behind them."""
    key = raw.open(0, 0, 0x20_0000, 16, 1)
    raw.send(raw.run(0, COPIES, MANY))
    assert raw.done(raw.request(Request.PING)).type == Request.PING | RESPONSE
    window = int.from_bytes(key, "little")
    raw.done(raw.request(Request.WRITE, 4, b"data", window))
    key = raw.open(1, 0, 0x20_0000, 16, 0)
    four = (4).to_bytes(4, "little")
    read = raw.request(Request.READ, 4, four, int.from_bytes(key, "little"))
    assert read.payload == b"data"
    assert raw.discover()["busy"] == "1"
    how = outcome(raw.ask(raw.run(0, COPIES, MANY)))
    assert how.state == RunState.ACTIVE and how.finished < how.count == MANY
    assert how.began < how.ended
    assert not [frame for frame in raw.heard if frame.sequence == 0]
    assert outcome(raw.wait(lambda answer: answer.sequence == 0)).state == RunState.DONE


def test_a_run_that_comes_again_is_not_run_again(simulator, raw):
    """Its record would come back."""
    first = raw.run(0, COPIES, 1)
    raw.send(first, first, first)
    ended = outcome(raw.wait(lambda answer: answer.sequence == 0))
    assert ended.state == RunState.DONE
    key = int.from_bytes(raw.open(0, 0, COPIES, DESCRIPTOR_BYTES, 1), "little")
    raw.done(raw.request(Request.WRITE, RECORD_OFFSET, bytes(64), key))
    assert outcome(raw.ask(first)) == ended
    assert outcome(raw.ask(raw.run(0, COPIES + 0x100, 2))) == ended
    other = raw.run(1, COPIES + 0x200, 2)
    raw.send(other, first, other)
    assert outcome(raw.wait(lambda answer: answer.sequence == 0)).number == 1
    assert outcome(raw.ask(first)) == ended
    raw.socket.close()
    with connect(simulator.url) as board:
        assert board.read(COPIES + RECORD_OFFSET, 64) == bytes(64)
        assert records(board, COPIES + 0x200, 2)[1]["total"]


# Bad runs -----------------------------------------------------------------------------------------


def test_run_of_nonsense(board, seed):
    """The board names what it was given, and serves on."""
    upload = Upload(board, seed)
    with pytest.raises(LitelicError, match="descriptor 0 of 1 from 0x200000 on is not a descr"):
        board.run(NONSENSE, 1)
    for address, count, words, code in (
        (0x1010, 1, "multiples of 256", ErrorCode.ADDRESS),
        (0x1000, 0, "no descriptors", ErrorCode.LENGTH),
        (board.info.dram_bytes - 256, 2, "leave the DRAM", ErrorCode.ADDRESS),
        (0xFFFFFF00, 0xFFFFFFFF, "leave the DRAM", ErrorCode.ADDRESS),
    ):
        with pytest.raises(BoardError, match=words) as caught:
            board.run(address, count)
        assert caught.value.code == code
    board.run(0, 1)
    upload.check()


def test_nonsense_behind_good_descriptors(board, seed):
    """What was done is counted."""
    Upload(board, seed)
    board.write(COPIES + 3 * DESCRIPTOR_BYTES, bytes(DESCRIPTOR_BYTES))
    with pytest.raises(LitelicError, match="descriptor 3 of 40 from 0x100000 on is not a descr"):
        board.run(COPIES, MANY)
    done = records(board, COPIES, 5)
    assert all(record["total"] for record in done[:3]) and not any(done[3:])


def test_watchdog(board, seed):
    """A descriptor that takes too long is named, and the accelerator works again after it."""
    upload = Upload(board, seed)
    with pytest.raises(LitelicError, match="descriptor 0 of 1 from 0x0 on did not finish in time"):
        board.run(0, 1, watchdog_cycles=1024)
    upload.restore()
    board.run(0, 1)
    upload.check()


@pytest.mark.parametrize("address, watchdog, state", [
    (NONSENSE, 1 << 20, RunState.MALFORMED), (COPIES, 1, RunState.STUCK),
])
def test_what_is_behind_a_failure_is_cancelled(simulator, raw, seed, address, watchdog, state):
    """All of that is told in order; the next run is run."""
    raw.send(raw.run(0, COPIES, 2), raw.run(1, address, 1, watchdog), raw.run(2, COPIES, 1),
             raw.run(3, COPIES, 1))
    told = [outcome(raw.wait(lambda answer: answer.sequence == 0)) for _ in range(4)]
    assert [(o.number, o.state, o.finished) for o in told] == [
        (0, RunState.DONE, 2), (1, state, 0), (2, RunState.CANCELLED, 0),
        (3, RunState.CANCELLED, 0)]
    raw.send(raw.run(4, COPIES, 3))
    assert outcome(raw.wait(lambda answer: answer.sequence == 0)).state == RunState.DONE
    assert [outcome(raw.ask(raw.run(n, 0, 1))).state for n in (1, 2, 4)] == [
        state, RunState.CANCELLED, RunState.DONE]
    raw.socket.close()
    works(simulator, seed)


def test_more_runs_than_are_queued(raw):
    for n in range(RUNS_QUEUED):
        outcome(raw.ask(raw.run(n, COPIES, 20)))
    refused(raw.ask(raw.run(RUNS_QUEUED, COPIES, 1)), ErrorCode.FULL, RUNS_QUEUED)
    raw.wait(lambda answer: answer.sequence == 0)
    assert outcome(raw.ask(raw.run(RUNS_QUEUED, COPIES, 1))).state == RunState.QUEUED


def test_numbers_of_runs(raw):
    """The next one, or one of the last 8."""
    refused(raw.ask(raw.run(1, COPIES, 1)), ErrorCode.ORDER, 0)
    for n in range(10):
        raw.send(raw.run(n, COPIES, 1))
        raw.wait(lambda answer: answer.sequence == 0)
    refused(raw.ask(raw.run(1, COPIES, 1)), ErrorCode.ORDER, 10)
    refused(raw.ask(raw.run(11, COPIES, 1)), ErrorCode.ORDER, 10)
    refused(raw.ask(raw.run(0xFFFFFFFF, COPIES, 1)), ErrorCode.ORDER, 10)
    assert [outcome(raw.ask(raw.run(n, 0, 1))).number for n in range(2, 10)] == list(range(2, 10))


# What ends a run ----------------------------------------------------------------------------------


@pytest.mark.parametrize("says_goodbye", (False, True))
def test_client_leaves_during_a_run(simulator, raw, seed, says_goodbye):
    """The next one's HELLO ends the run, if nothing has before; its own runs are right."""
    raw.send(raw.run(0, COPIES, MANY))
    assert outcome(raw.ask(raw.run(1, COPIES, MANY))).state == RunState.QUEUED
    if says_goodbye:
        raw.done(raw.request(Request.BYE))
    raw.socket.close()
    works(simulator, seed)


def test_hello_ends_a_run(raw):
    """And nobody hears of it any more; numbers begin again."""
    raw.send(raw.run(0, COPIES, MANY), raw.run(1, COPIES, MANY))
    raw.hello()
    answers = len(raw.heard)
    assert outcome(raw.ask(raw.run(0, COPIES, 1))).count == 1
    ended = outcome(raw.wait(lambda answer: answer.sequence == 0))
    assert (ended.number, ended.state, ended.count) == (0, RunState.DONE, 1)
    raw.request(Request.PING)
    assert sum(frame.sequence == 0 for frame in raw.heard[answers:]) == 1


def test_the_same_hello_ends_nothing(raw):
    """It is a copy that comes late."""
    raw.hello(nonce=1234)
    key = raw.key
    raw.send(raw.run(0, COPIES, 10))
    raw.hello(nonce=1234)
    assert raw.key == key
    assert outcome(raw.wait(lambda answer: answer.sequence == 0)).state == RunState.DONE
