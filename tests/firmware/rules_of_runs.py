"""The rules of runs, in Python: what becomes of those that the accelerator was given."""

from dataclasses import dataclass, field

from litelic.host.link.protocol import (
    DESCRIPTOR_BYTES,
    RUNS_QUEUED,
    WATCHDOG_UNIT,
    Outcome,
    RunState,
)
from tests.firmware.bench import QUEUE_DEPTH, RESET_CYCLES


@dataclass
class Run:
    number: int
    address: int
    count: int
    watchdog: int
    state: RunState = RunState.QUEUED
    finished: int = 0
    began: int = 0
    ended: int = 0
    fed: int = 0


@dataclass
class RunRules:
    """
    now         : cycles since power-up, of which none passes but by `wait` and for resets.
    runs        : of the session.
    told        : of those, whose ends were told.
    queue       : descriptors at the accelerator.
    descriptors : all that ever were.
    """

    now: int = 0
    resets: int = 0
    runs: list = field(default_factory=list)
    told: int = 0
    progress: int = 0  # when the last descriptor was done
    queue: int = 0
    descriptors: list = field(default_factory=list)

    # Hardware -------------------------------------------------------------------------------------

    def wait(self, cycles):
        self.now += cycles
        self._poll()

    def complete(self, count):
        count = min(count, self.queue)
        self.queue -= count
        if count:
            self.progress = self.now
        while count:
            run = self._active()[0]
            part = min(count, run.count - run.finished)
            count -= part
            run.finished += part
            if run.finished == run.count:
                self._end(run, RunState.DONE)
        self._poll()

    def meet_malformed(self):
        if self.queue:
            self._fail(RunState.MALFORMED)

    def take_told(self):
        """(address, `Outcome`) of the runs whose ends are told now."""
        ended = len(self.runs) - len(self._active())
        told = [(run.address, self._outcome(run)) for run in self.runs[self.told : ended]]
        self.told = ended
        return told

    # Runs -----------------------------------------------------------------------------------------

    def _active(self):
        return [run for run in self.runs[-RUNS_QUEUED:] if run.state <= RunState.ACTIVE]

    def _begin(self, run):
        run.state = RunState.ACTIVE
        run.began = self.progress = self.now

    def _end(self, run, state):
        run.state, run.ended = state, self.now
        if self._active() and state == RunState.DONE:
            self._begin(self._active()[0])

    def _fail(self, state):
        self._reset()
        for run in self._active():
            self._end(run, state)
            state = RunState.CANCELLED

    def _reset(self):
        self.now += RESET_CYCLES
        self.resets += 1
        self.queue = 0

    def _poll(self):
        for run in self._active():
            more = min(QUEUE_DEPTH - self.queue, run.count - run.fed)
            self.descriptors += [
                run.address + DESCRIPTOR_BYTES * n for n in range(run.fed, run.fed + more)]
            run.fed += more
            self.queue += more
        for run in self._active()[:1]:
            if self.now - self.progress > WATCHDOG_UNIT * run.watchdog:
                self._fail(RunState.STUCK)

    def _outcome(self, run):
        ended = self.now if run.state <= RunState.ACTIVE else run.ended
        return Outcome(run.number, run.state, run.finished, run.count, run.began, ended)
