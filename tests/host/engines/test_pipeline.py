"""Three jobs at a time on a board: what is where, in which order, and what happens at the end."""

import itertools
import random
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.descriptor import DESCRIPTOR_BYTES
from litelic.host.engines import pipeline
from litelic.host.engines.board import SLOTS, BoardEngine
from litelic.host.engines.golden import GoldenEngine
from litelic.host.engines.pipeline import Pipeline
from litelic.host.errors import LitelicError
from litelic.host.golden import run_layers
from litelic.host.link.protocol import RUNS_QUEUED
from litelic.host.link.windows import Window
from tests.host.bench.fakes import FakeBoard
from tests.host.codec.models import hyper_program, small_program


class MemoryBoard:
    """A board that computes by the golden model, from the bytes that it holds when it has finished.

    `events` are what was done, and where; nothing may touch what a job that was started reads or
    writes.
    """

    def __init__(self, program, dram_bytes=1 << 20):
        self.program = program
        self.info = SimpleNamespace(**vars(FakeBoard().info) | {
            "array": ArrayConfig().to_dict(), "dram_bytes": dram_bytes,
        })
        self.memory = bytearray(dram_bytes)
        self.jobs = {}  # descriptors' address -> plan, as the engine made them
        self.queue = []  # addresses of descriptors of what runs, and of what will
        self.events = []
        self.moves = []  # addresses of what went together

    @property
    def running(self):
        return bool(self.queue)

    run_over = False

    def wait(self, seconds):
        self.run_over = True  # as soon as anybody asks

    def set_program(self, identity):
        self.info.program = identity

    def write(self, address, data, progress=None):
        self.touch("write", address, len(data))
        self.memory[address : address + len(data)] = data

    def read(self, address, length, progress=None):
        self.touch("read", address, length)
        return bytes(self.memory[address : address + length])

    def move(self, transfers):
        """One of each kind in turns, as if they came at the same time."""
        self.moves.append([transfer.address for transfer in transfers])
        ways = [[t for t in transfers if t.writable == writable] for writable in (True, False)]
        for transfer in filter(None, itertools.chain(*itertools.zip_longest(*ways))):
            self.touch("write" if transfer.writable else "read", transfer.address, transfer.size)
            for request, part in transfer.requests(Window(0, transfer.address), make):
                address, size = request.address, part[1]
                if transfer.writable:
                    self.memory[address : address + size] = request.payload
                transfer.answered(part, self.memory[address : address + size])

    def touch(self, what, address, length):
        self.events.append((what, address))
        for job in self.queue:
            plan = self.jobs[job]
            used = [(job, len(plan.descriptors))]
            used += [(m.address, m.size) for m in (plan.input, *(s.output for s in plan.steps))]
            for begin, size in used:
                assert address + length <= begin or address >= begin + size

    def start(self, address, count, watchdog_cycles):
        assert len(self.queue) < RUNS_QUEUED and address not in self.queue
        self.events.append(("start", address))
        self.queue.append(address)

    def finish(self, progress=None):
        address = self.queue.pop(0)
        self.events.append(("finish", address))
        self.run_ended = time.monotonic()
        plan = self.jobs[address]
        read = plan.input
        x = read.from_bytes(self.memory[read.address : read.address + read.size])
        for step, (_, y) in zip(plan.steps, run_layers([s.layer for s in plan.steps], x)):
            where = step.output
            self.memory[where.address : where.address + where.size] = where.to_bytes(y)
        return 1000


def make(kind, address, key, payload):
    return SimpleNamespace(address=address, payload=payload)


class Engine(BoardEngine):
    """Tells its board the plans, and has no records to look at."""

    def start(self, job):
        self._board.jobs[job.descriptors] = job.plan
        super().start(job)

    def _look_at_records(self, job, records):
        assert len(records) == DESCRIPTOR_BYTES * len(job.plan.steps)


def pictures(chance, sizes):
    generator = np.random.default_rng(chance.getrandbits(32))
    return [generator.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in sizes]


def golden(program, x):
    *_, (_, y) = run_layers(program.analysis, x)
    return y


def random_sizes(chance, count):
    sizes = [(16 * chance.randint(1, 3), 16 * chance.randint(1, 3)) for _ in range(2)]
    return [chance.choice(sizes) for _ in range(count)]


@pytest.mark.parametrize("count", (0, 1, 2, 3, 7))
def test_results_come_in_order(count, seed):
    chance = random.Random(seed)
    program = small_program(1)
    board = MemoryBoard(program)
    inputs = pictures(chance, random_sizes(chance, count))
    found = list(Pipeline(Engine(board, program), program, ["analysis"]).run(inputs))
    assert len(found) == count and not board.running
    for x, (given, (result,)) in zip(inputs, found):
        assert given is x
        np.testing.assert_array_equal(result, golden(program, x))


def test_one_is_computed_while_others_move(seed, monkeypatch):
    """From the third on inputs are sent together with what comes of those two before, while the
    one between is computed."""
    monkeypatch.setattr(pipeline, "A_MOMENT", 10)  # which an input is never late by here
    chance = random.Random(seed)
    program = small_program(1)
    board = MemoryBoard(program)
    engine = Engine(board, program)
    inputs = pictures(chance, [(16, 32)] * 6)
    jobs = [engine.job(["analysis"], (16, 32, 3), slot) for slot in range(SLOTS)]
    list(Pipeline(engine, program, ["analysis"]).run(inputs))
    send = {job.plan.input.address: n for n, job in enumerate(jobs)}
    fetch = {job.results[0][1].address: n for n, job in enumerate(jobs)}
    together = [
        ([send[a] for a in move if a in send], [fetch[a] for a in move if a in fetch])
        for move in board.moves
    ]
    assert together == [
        ([0], []), ([1], []), ([2], [0]), ([0], [1]), ([1], [2]), ([2], [0]), ([], [1]), ([], [2]),
    ]
    starts = {job.descriptors: n for n, job in enumerate(jobs)}
    queue, during = [], []
    for what, address in board.events:
        if what == "start":
            queue.append(starts[address])
        elif what == "finish":
            queue.remove(starts[address])
        elif address in send or address in fetch:
            during.append(queue[0] if queue else None)
    assert during == [None, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, None]


def test_networks_with_a_hyperprior(seed):
    """Three results of each input, in the middle of what is computed."""
    chance = random.Random(seed)
    program = hyper_program(1)
    engine = Engine(MemoryBoard(program), program)
    inputs = pictures(chance, random_sizes(chance, 6))
    names = program.encoder_networks
    for x, (given, results) in zip(inputs, Pipeline(engine, program, names).run(inputs)):
        assert given is x and len(results) == len(names)
        for expected, result in zip(GoldenEngine(program).analyse_with_hyperprior(x), results):
            np.testing.assert_array_equal(result, expected)


def test_nobody_waits_for_an_input_with_a_result_in_hand():
    """Where inputs come only when what was made of those before has come out."""
    program = small_program(1)
    engine = Engine(MemoryBoard(program), program)
    (x,) = pictures(random.Random(1), [(16, 16)])
    room = threading.Semaphore(1)

    def one_by_one():
        for _ in range(4):
            assert room.acquire(timeout=60)
            yield x

    found = 0
    for _ in Pipeline(engine, program, ["analysis"]).run(one_by_one()):
        found += 1
        room.release()
    assert found == 4


@pytest.mark.parametrize("wrong", ("source", "input"))
def test_what_was_begun_comes_out_before_an_error_does(wrong, seed):
    program = small_program(1)
    board = MemoryBoard(program)
    inputs = pictures(random.Random(seed), [(16, 16)] * 4)

    def source():
        yield from inputs
        if wrong == "source":
            raise LitelicError("it is no picture")
        yield np.zeros((2048, 2048, 3), np.uint8)  # more than the DRAM holds

    found = []
    with pytest.raises(LitelicError):
        for given, _ in Pipeline(Engine(board, program), program, ["analysis"]).run(source()):
            found.append(given)
    assert len(found) == 4 and not board.running


def test_a_picture_that_needs_all_of_the_dram_is_run_alone(seed):
    chance = random.Random(seed)
    program = small_program(1)
    engine = Engine(MemoryBoard(program), program)
    small, large = (16, 16), (64, 128)
    # Room for the large one alone, but not beside others.
    needed = max(
        step.output.address + step.output.size
        for step in engine.job(["analysis"], (*large, 3)).plan.steps
    )
    board = MemoryBoard(program, needed)
    engine = Engine(board, program)
    with pytest.raises(LitelicError, match="MB of DRAM"):
        engine.job(["analysis"], (*large, 3), 0)
    inputs = pictures(chance, [small, small, large, large, small, small])
    found = list(Pipeline(engine, program, ["analysis"]).run(inputs))
    for x, (_, (result,)) in zip(inputs, found, strict=True):
        np.testing.assert_array_equal(result, golden(program, x))


def test_stopped_early_it_leaves_nothing_running(seed):
    chance = random.Random(seed)
    program = small_program(1)
    board = MemoryBoard(program)
    running = Pipeline(Engine(board, program), program, ["analysis"]).run(
        pictures(chance, [(16, 16)] * 5)
    )
    next(running)
    assert board.running
    running.close()
    assert not board.running


def test_a_board_that_does_not_start_is_what_is_told(seed):
    """Nobody knows then whether it runs."""
    program = small_program(1)
    board = MemoryBoard(program)

    def start(address, count, watchdog_cycles):
        board.queue.append(address)
        raise LitelicError("the board does not answer any more")

    board.start = start
    inputs = pictures(random.Random(seed), [(16, 16)])
    with pytest.raises(LitelicError, match="does not answer"):
        list(Pipeline(Engine(board, program), program, ["analysis"]).run(inputs))


def test_the_run_that_failed_is_what_is_told(seed):
    program = small_program(1)
    board = MemoryBoard(program)
    words = iter(("descriptor 1 did not finish in time", "it was not run", "it was not run"))

    def finish(progress=None):
        board.queue.pop(0)
        raise LitelicError(next(words))

    board.finish = finish
    inputs = pictures(random.Random(seed), [(16, 16)] * 3)
    with pytest.raises(LitelicError, match="did not finish in time"):
        list(Pipeline(Engine(board, program), program, ["analysis"]).run(inputs))


def test_what_took_how_long_is_noted(seed):
    chance = random.Random(seed)
    program = small_program(1)
    noted = []
    engine = Engine(MemoryBoard(program), program)
    noting = Pipeline(engine, program, ["analysis"], lambda *note: noted.append(note))
    list(noting.run(pictures(chance, [(16, 16)] * 3)))
    assert sorted((number, what) for number, what, _, _ in noted) == [
        (number, what) for number in range(3) for what in ("compute", "fetch", "send")
    ]
    assert all(begin <= end for _, _, begin, end in noted)
