"""Runs of descriptors on a board: queued, waited for, and told about, from the host's side."""

import struct
import time
from dataclasses import dataclass

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import (
    RESPONSE,
    RUNS_QUEUED,
    VERSION,
    WATCHDOG_UNIT,
    Outcome,
    Request,
    RunState,
)
from litelic.host.link.requests import UNSURE, BoardError

POLL_SECONDS = 1.0  # between looks at a run that takes long

_ENDS = {
    RunState.STUCK: "did not finish in time",
    RunState.MALFORMED: "is not a descriptor",
    RunState.CANCELLED: "was not run, since a run before it failed",
}


class RunFailed(LitelicError):
    """The board did not bring a run to its end."""


@dataclass
class _Run:
    address: int
    payload: bytes
    outcome: Outcome | None = None
    asked: float = 0.0  # when it was last asked for
    known: float | None = None  # when it was known that it has ended

    @property
    def ended(self):
        return self.outcome is not None and self.outcome.state > RunState.ACTIVE


class Runs:
    """The runs of a session, by their numbers.

    ask(type, address, payload) : the board's answer.
    listen(seconds)             : waits until `heard` is called, so long at most.
    """

    def __init__(self, ask, listen):
        self._ask, self._listen = ask, listen
        self._next = 0
        self._unsure = False  # whether the last one was queued
        self._waiting = {}  # started, and not waited for
        self.last_known = None

    def __len__(self):
        return len(self._waiting)

    @property
    def over(self):
        """Whether the oldest that was not waited for is known to have ended."""
        return not self._waiting or self._waiting[min(self._waiting)].ended

    def start(self, address, count, watchdog_cycles):
        """Queue one; see `Board.start`."""
        units = min(-(-watchdog_cycles // WATCHDOG_UNIT), (1 << 32) - 1)
        if len(self) >= RUNS_QUEUED:
            raise LitelicError(f"{RUNS_QUEUED} runs are queued: finish one first")
        if not 0 <= count < 1 << 32:
            raise LitelicError(f"{count} descriptors need more than 32 bits")
        if self._unsure:
            raise LitelicError(UNSURE)
        number = self._next
        run = self._waiting[number] = _Run(address, struct.pack("<III", number, count, units))
        try:
            self._look(run)
        except LitelicError as error:
            del self._waiting[number]
            self._unsure = not isinstance(error, BoardError)  # which says that it was not queued
            raise
        self._next += 1

    def finish(self, progress=None):
        """Wait for the oldest; see `Board.finish`."""
        number = min(self._waiting)
        run = self._waiting[number]
        try:
            while not run.ended:
                if progress:
                    progress(run.outcome.finished, run.outcome.count)
                self.wait(POLL_SECONDS)
        finally:
            del self._waiting[number]
        outcome = run.outcome
        self.last_known = run.known
        if outcome.state != RunState.DONE:
            raise RunFailed(
                f"the board says: descriptor {outcome.finished} of {outcome.count} from "
                f"{run.address:#x} on {_ENDS[outcome.state]}; the accelerator was reset")
        if progress:
            progress(outcome.finished, outcome.count)
        return outcome.ended - outcome.began

    def wait(self, seconds):
        """Wait for the end of the oldest, so long at most, or for news of any; it is asked for now
        and then, since what the board says by itself may be lost."""
        if not self.over:
            run = self._waiting[min(self._waiting)]
            before = run.outcome
            self._listen(seconds)
            if run.outcome is before and time.monotonic() - run.asked >= POLL_SECONDS:
                self._look(run)

    def _look(self, run):
        """The request that began a run also asks how it is going."""
        run.asked = time.monotonic()
        answer = self._ask(Request.RUN, run.address, run.payload)
        self.heard(answer)
        if run.outcome is None:
            raise LitelicError(
                "the board's answer to RUN makes no sense: are its gateware and this host tool of "
                "the same version?")

    def heard(self, frame):
        """Take what is said about a run, in answer or unasked."""
        outcome = Outcome.parse(frame.payload)
        if frame.version != VERSION or frame.type != Request.RUN | RESPONSE or outcome is None:
            return
        run = self._waiting.get(outcome.number)
        if run and not run.ended:
            run.outcome = outcome
            if run.ended:
                run.known = time.monotonic()
