"""What a link can do: round trips, throughput both ways, and how much was sent twice."""

import os
import statistics
import time
from dataclasses import dataclass, field

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import PROGRAM_ID_BYTES, WORD_BYTES


@dataclass
class LinkFigures:
    """What was measured.

    latency     : seconds of each PING, from its first byte to the last one of its answer.
    write, read : bytes/s of each transfer of `size` bytes, from before its window is opened until
                  it is closed.
    board_write, board_read : the same by the board's clock. It is the same time, but for a
                  simulated board, whose time passes more slowly.
    requests    : that were sent the first time; `resent` of them once more, or more often.
    """

    size: int
    latency: list = field(default_factory=list)
    write: list = field(default_factory=list)
    read: list = field(default_factory=list)
    board_write: list = field(default_factory=list)
    board_read: list = field(default_factory=list)
    requests: int = 0
    resent: int = 0

    def to_dict(self):
        """For a file: minimum, median and maximum of each kind, in its unit."""
        return {
            "bytes": self.size,
            "latency_s": summary(self.latency),
            "write_bytes_per_s": summary(self.write),
            "read_bytes_per_s": summary(self.read),
            "board_write_bytes_per_s": summary(self.board_write),
            "board_read_bytes_per_s": summary(self.board_read),
            "requests": self.requests, "resent": self.resent,
        }


def summary(values):
    """{"min", "median", "max", "count"} of numbers."""
    return {
        "min": min(values), "median": statistics.median(values), "max": max(values),
        "count": len(values),
    }


def measure(board, size=1 << 20, repeat=5, pings=100, progress=None, clock=time.perf_counter):
    """`LinkFigures` of a `Board`, whose DRAM is written: it holds no program afterwards.

    Random bytes go there and come back, `repeat` times. Raises `LitelicError` if a byte has
    changed on its way, or if the DRAM has not `size` bytes. `progress(label, done, total)`.
    """
    if size > board.info.dram_bytes:
        raise LitelicError(
            f"the board's DRAM has {board.info.dram_bytes} bytes: measure with no more than that"
        )
    progress = progress or (lambda label, done, total: None)
    board.set_program(bytes(PROGRAM_ID_BYTES))
    figures = LinkFigures(size)
    before = board.requests, board.resent
    for n in range(pings):
        begin = clock()
        board.ping()
        figures.latency.append(clock() - begin)
        progress("latency", n + 1, pings)
    address = (board.info.dram_bytes - size) // WORD_BYTES * WORD_BYTES
    for n in range(repeat):
        data = os.urandom(size)
        times = [(clock(), board.ping())]
        board.write(address, data)
        times.append((clock(), board.ping()))
        back = board.read(address, size)
        times.append((clock(), board.ping()))
        for (begin, first), (end, last), rates, board_rates in (
            (*times[:2], figures.write, figures.board_write),
            (*times[1:], figures.read, figures.board_read),
        ):
            rates.append(size / (end - begin))
            board_rates.append(size * board.info.clock_hz / (last - first))
        if back != data:
            wrong = next(i for i in range(size) if back[i] != data[i])
            raise LitelicError(
                f"byte {wrong} of {size} came back as another one although all checksums were "
                "right: the board's DRAM is faulty, or something else writes to it"
            )
        progress("throughput", n + 1, repeat)
    figures.requests, figures.resent = board.requests - before[0], board.resent - before[1]
    return figures
