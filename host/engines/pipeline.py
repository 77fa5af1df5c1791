"""Input after input through a board: one is computed, the next one sent, the one before fetched."""

import time
from contextlib import contextmanager

from litelic.host.engines.board import SLOTS
from litelic.host.errors import LitelicError
from litelic.host.program.symbols import check_input


class Pipeline:
    """Runs networks on inputs of any number, with two jobs on the board at a time: one is computed,
    the other is sent, waits until the first is done, or is fetched.

    engine : a `BoardEngine`, which nobody else uses meanwhile.
    names  : of the networks of a job.
    note   : note(input's number, what, begin, end), times of `time.monotonic`; "send", "compute"
             and "fetch".
    """

    def __init__(self, engine, program, names, note=None):
        self._engine, self._program, self._names = engine, program, list(names)
        self._note = note or (lambda number, what, begin, end: None)
        self._started = {}  # when each job was started that has not ended
        self._ended = 0.0  # when the last one had

    def run(self, inputs):
        """Yield (input, results) in order; `inputs` are arrays as `check_input` wants them.

        An input is sent before the results of the one before it are yielded: there are two more
        in work than have come out. One that is too large to share the DRAM is run alone.
        """
        before = None  # what was started last: (number, input, job)
        try:
            for number, x in enumerate(inputs):
                check_input(self._program, self._names[0], x)
                job, alone = self._job(number, x)
                if alone and before:
                    last, before = before, None
                    yield self._end(last)
                with self._noted(number, "send"):
                    self._engine.send(job, x)
                # The board goes on with it by itself when it has done the one before.
                self._engine.start(job)
                self._started[number] = time.monotonic()
                last, before = before, (number, x, job)
                if last:
                    yield self._end(last)
                if alone:
                    last, before = before, None
                    yield self._end(last)
            if before:
                last, before = before, None
                yield self._end(last)
        finally:
            self._give_up()

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

    def _end(self, started):
        self._finish(started)
        return self._fetch(started)

    def _finish(self, started):
        number, _, job = started
        self._engine.finish(job)
        begin = max(self._started.pop(number), self._ended)
        self._ended = self._engine.ended
        self._note(number, "compute", begin, self._ended)

    def _fetch(self, started):
        number, x, job = started
        with self._noted(number, "fetch"):
            return x, self._engine.fetch(job)

    @contextmanager
    def _noted(self, number, what):
        begin = time.monotonic()
        yield
        self._note(number, what, begin, time.monotonic())
