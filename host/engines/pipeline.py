"""Input after input through a board: one is computed while the next one is sent and the one before
fetched."""

import time
from collections import deque
from dataclasses import dataclass

from litelic.host.engines.board import SLOTS
from litelic.host.errors import LitelicError
from litelic.host.program.symbols import check_input


@dataclass
class _Item:
    """An input on its way through the board; `started` is a time of `time.monotonic`."""

    number: int
    x: object
    job: object
    started: float = 0.0


class Pipeline:
    """Runs networks on inputs of any number, with three jobs on the board at a time: one is
    computed, one waits for it or is sent, one is fetched. What is sent and what is fetched goes
    both ways at the same time.

    engine : a `BoardEngine`, which nobody else uses meanwhile.
    names  : of the networks of a job.
    note   : note(input's number, what, begin, end), times of `time.monotonic`; "send", "compute"
             and "fetch".
    """

    def __init__(self, engine, program, names, note=None):
        self._engine, self._program, self._names = engine, program, list(names)
        self._note = note or (lambda number, what, begin, end: None)
        self._started = deque()  # what runs, and what will
        self._over = None  # what has run and was not fetched
        self._ended = 0.0  # when it had

    def run(self, inputs):
        """Yield (input, results) in order; `inputs` are arrays as `check_input` wants them.

        Two more are in work when one comes out. One that is too large to share the DRAM is run
        alone.
        """
        try:
            for number, x in enumerate(inputs):
                check_input(self._program, self._names[0], x)
                job, alone = self._job(number, x)
                if alone:
                    yield from self._drain()
                item = _Item(number, x, job)
                found = self._exchange(item)
                # The board goes on with it by itself when it has done the one before.
                self._engine.start(job)
                item.started = time.monotonic()
                self._started.append(item)
                if found:
                    yield found
                if alone:
                    yield from self._drain()
                elif len(self._started) > 1:
                    self._finish()
            yield from self._drain()
        finally:
            self._give_up()

    def _drain(self):
        """All that is on the board."""
        while self._over or self._started:
            if self._over:
                yield self._exchange()
            if self._started:
                self._finish()

    def _give_up(self):
        """Wait for what nobody wants any more; how that ends is not what is to be told."""
        try:
            while self._engine.running:
                self._engine.finish()
        except LitelicError:
            pass

    def _job(self, number, x):
        """(its job, whether it needs all of the DRAM)."""
        try:
            return self._engine.job(self._names, x.shape, number % SLOTS), False
        except LitelicError:
            return self._engine.job(self._names, x.shape), True

    def _finish(self):
        """Wait for the oldest that was started."""
        item = self._started.popleft()
        self._engine.finish(item.job)
        begin = max(item.started, self._ended)
        self._over, self._ended = item, self._engine.ended
        self._note(item.number, "compute", begin, self._ended)

    def _exchange(self, sent=None):
        """Send an item, and fetch what is over: its (input, results), None if nothing is."""
        over, self._over = self._over, None
        begin = time.monotonic()
        results, ended = self._engine.exchange(
            (sent.job, sent.x) if sent else None, over.job if over else None)
        for item, what in ((sent, "send"), (over, "fetch")):
            if item:
                self._note(item.number, what, begin, ended[what])
        return (over.x, results) if over else None
