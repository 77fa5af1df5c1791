"""Input after input through a board: one is computed while the next one is sent and the one before
fetched."""

import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from litelic.host.engines.board import SLOTS
from litelic.host.engines.reader import END, Reader
from litelic.host.errors import LitelicError
from litelic.host.link.runs import RunFailed
from litelic.host.program.symbols import check_input

A_MOMENT = 0.02  # seconds that an input has to come before something else is done


@dataclass
class _Item:
    """An input on its way through the board; `started` is a time of `time.monotonic`."""

    number: int
    x: object
    job: object
    alone: bool = False  # it needs all of the DRAM
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
        self._count = 0

    def run(self, inputs):
        """Yield (input, results) in order; `inputs` are arrays as `check_input` wants them.

        The next one is asked for in a thread of its own, and is sent while results are fetched, if
        it is there by then: nobody waits for it with a result in hand. What `inputs` raises is
        raised when all before it have come out. One that is too large to share the DRAM is run
        alone.
        """
        try:
            with Reader(inputs) as reader:
                while (item := (yield from self._next(reader))) is not None:
                    if item.alone:
                        yield from self._drain()
                    found = self._exchange(item)
                    # The board goes on with it by itself when it has done the one before.
                    self._engine.start(item.job)
                    item.started = time.monotonic()
                    self._started.append(item)
                    if found:
                        yield found
                    if item.alone:
                        yield from self._drain()
        finally:
            self._give_up()

    def _next(self, reader):
        """The next item, when there is room for it on the board, None at the end. Yields what comes
        out before it does."""
        while True:
            if len(self._started) == SLOTS - 1:
                self._finish()
            elif reader.ready(A_MOMENT):
                break
            elif self._over:
                yield self._exchange()
            elif self._started and self._engine.over():
                self._finish()
        try:
            x = reader.take()
            if x is not END:
                return self._item(x)
        except Exception as error:
            failed = error
        else:
            failed = None
        yield from self._drain()
        if failed:
            raise failed
        return None

    def _item(self, x):
        check_input(self._program, self._names[0], x)
        number, self._count = self._count, self._count + 1
        try:
            return _Item(number, x, self._engine.job(self._names, x.shape, number % SLOTS))
        except LitelicError:
            return _Item(number, x, self._engine.job(self._names, x.shape), alone=True)

    def _drain(self):
        """All that is on the board."""
        while self._over or self._started:
            if self._over:
                yield self._exchange()
            if self._started:
                self._finish()

    def _give_up(self):
        """Wait for what nobody wants any more; how that ends is not what is to be told."""
        with suppress(LitelicError):
            while self._engine.running:
                with suppress(RunFailed):
                    self._engine.finish()

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
