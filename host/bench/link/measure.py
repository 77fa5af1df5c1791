"""Measures a line: how fast it is, what it does to the accelerator, how it serves a stream; and a
bad network."""

import random
import time

import numpy as np

from litelic.accel.config import ArrayConfig
from litelic.host.bench import models
from litelic.host.engines.board import SLOTS, BoardEngine
from litelic.host.errors import LitelicError
from litelic.host.link.board import SIMULATION_PATIENCE, Board
from litelic.host.link.impairment import Impairment
from litelic.host.link.simulator import Simulator

RUNS = 3
TRANSFERS = 5  # each way, where nothing runs
LARGEST = 16 << 10  # bytes of a transfer through a bad network
AREA = 1 << 20  # of the DRAM, from its end, where they go


def speed(line):
    """{"write", "read": bytes/s of each transfer; "alone", "beside": cycles of each run}.

    By the board's own clock, from before a transfer's window is opened until it is closed. Every
    byte and the results of all runs are compared.
    """
    array = None if line.array == "none" else ArrayConfig.parse(line.array)
    with (
        Simulator(array, memory=line.memory, **line.options) as simulator,
        Board.open(simulator.url, patience=SIMULATION_PATIENCE) as board,
    ):
        if array is None:
            rates = [_there_and_back(board, line.size) for _ in range(TRANSFERS)]
            return {"write": [w for w, _ in rates], "read": [r for _, r in rates],
                    "alone": [], "beside": []}
        return _beside_runs(board, line)


def _beside_runs(board, line):
    program = models.default()
    engine = BoardEngine(board, program)
    pixels = np.random.default_rng(1).integers(0, 256, (*line.picture, 3), dtype=np.uint8)
    job = engine.job(["analysis"], pixels.shape)
    engine.send(job, pixels)
    found = {"write": [], "read": [], "alone": [], "beside": []}
    results = []
    for _ in range(RUNS):
        engine.start(job)
        found["alone"].append(engine.finish(job))
        results += engine.fetch(job)
        engine.start(job)
        while True:
            write, read = _there_and_back(board, line.size)
            if board.run_over:  # perhaps long before these came to their end
                break
            found["write"].append(write)
            found["read"].append(read)
        found["beside"].append(engine.finish(job))
        results += engine.fetch(job)
    if any(not np.array_equal(result, results[0]) for result in results):
        raise LitelicError("the same run gave other results with transfers beside it")
    return found


def stream(case):
    """{"send", "compute", "fetch": cycles of the system's clock that each takes of one picture
    alone; "chain": those from the begin of the first picture to the end of the last}.

    Pictures and what comes of them are two, in turns; every result is compared.
    """
    line = case.line
    array = ArrayConfig.parse(line.array)
    chance = np.random.default_rng(1)
    shape = case.height, case.width, 3
    pictures = [chance.integers(0, 256, shape, dtype=np.uint8) for _ in range(2)]
    with (
        Simulator(array, memory=line.memory, **line.options) as simulator,
        Board.open(simulator.url, patience=SIMULATION_PATIENCE) as board,
    ):
        program = models.load(case.model)
        engine = BoardEngine(board, program)
        job = engine.job(program.encoder_networks, shape)
        engine.send(job, pictures[1])  # and the weights
        expected = []
        for pixels in pictures:
            times = [board.ping()]
            engine.send(job, pixels)
            times.append(board.ping())
            engine.start(job)
            cycles = engine.finish(job)
            times.append(board.ping())
            expected.append(engine.fetch(job))
            times.append(board.ping())
        for slot in range(SLOTS):  # Plans take the host's time, and an array that computes has it.
            engine.job(program.encoder_networks, shape, slot)
        alone = {"send": times[1] - times[0], "compute": cycles, "fetch": times[3] - times[2]}
        begin = board.ping()
        inputs = [pictures[n % 2] for n in range(case.pictures)]
        for n, (_, results) in enumerate(engine.stream(program.encoder_networks, inputs)):
            if not all(map(np.array_equal, results, expected[n % 2])):
                raise LitelicError(f"picture {n} of a stream gave other results than alone")
        return alone | {"chain": board.ping() - begin}


def _there_and_back(board, size):
    """Bytes/s of random bytes to the DRAM's end, and of the way back."""
    data, address = random.randbytes(size), board.info.dram_bytes - size
    times = [board.ping()]
    board.write(address, data)
    times.append(board.ping())
    back = board.read(address, size)
    times.append(board.ping())
    if back != data:
        raise LitelicError("bytes came back as others")
    return [size * board.info.clock_hz / (b - a) for a, b in zip(times, times[1:])]


def through(faults, transfers, seed, progress):
    """What `transfers` random ones there and back do through a bad network.

    {"bytes", "seconds", "wrong", "requests", "resent", "datagrams", "lost", ...}.
    """
    chance = random.Random(seed)
    wrong = total = 0
    with (
        Simulator(None, ethernet=True) as simulator,
        Impairment(simulator.url, faults, seed) as network,
        Board.open(network.url) as board,
    ):
        begin = time.monotonic()
        for n in range(transfers):
            size = chance.randrange(1, LARGEST + 1)
            address = board.info.dram_bytes - AREA + 4 * chance.randrange((AREA - size) // 4)
            data = chance.randbytes(size)
            board.write(address, data)
            back = board.read(address, size)
            wrong += sum(a != b for a, b in zip(back, data, strict=True))
            total += 2 * size
            progress("transfers", n + 1, transfers)
        seconds = time.monotonic() - begin
        return {"bytes": total, "seconds": seconds, "wrong": wrong, "transfers": 2 * transfers,
                "requests": board.requests, "resent": board.resent, **network.counts}
