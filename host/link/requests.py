"""Requests and their answers, on a line that may lose, double, reorder and damage them."""

import random
import time
from dataclasses import dataclass, field, replace

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import (
    RESPONSE,
    RESPONSE_ERROR,
    VERSION,
    Frame,
    Refusal,
    Request,
)

SILENCE_SECONDS = 10  # without any answer, after which the board counts as gone
LOSSY = 4  # times as long again, where every answer took more than one copy of its request
FEW = 20  # answers that say little about a line
SHORTEST_TIMER = 0.1  # of the transport's first patience
LONGEST_TIMER = 2.0  # seconds, unless the line is slower
UNSURE = ("the board was silent when it was asked for something that must not be done twice, and "
          "nobody knows whether it was: connect again")
SMALLEST_WINDOW = 4
OVERTAKEN = 3  # answers to later requests, after which one counts as lost
BUSY_TEXT = b"LITELIC BUSY"

_SERVED_IN_ORDER = (Request.READ, Request.WRITE)


class BoardError(LitelicError):
    """The board refused a request: `code` (ErrorCode), `detail` and the board's words."""

    def __init__(self, refusal):
        self.code = refusal.code
        self.detail = refusal.detail
        super().__init__(f"the board says: {refusal.text} (error {self.code})")


@dataclass(eq=False)
class _Pending:
    frame: Frame  # the last copy
    context: object
    order: int = 0  # of the last copy, among all that was sent
    copies: dict = field(default_factory=dict)  # {sequence: (order, when it was sent)}


class Requests:
    """Sends requests over a transport, a window of them at a time, until each is answered.

    Every request must be safe to be served twice (docs/protocol.md says why they are). A request
    is sent again when several that were sent after it are answered already, or when no answer to
    any has come for so long that it must be lost; that follows the round trips that are measured
    (RFC 6298). Each copy has a number of its own, so an answer says which one it is to: all of them
    measure, and any of them ends the patience that grew while there was none (RFC 9002). Losses
    make the window smaller, and answers larger again.

    heard    : heard(frame) is called with what was not asked for.
    patience : multiplies the times after which something counts as lost.

    `sent` counts requests, `resent` how often one was sent again.
    """

    def __init__(self, transport, heard=None, patience=1, silence_seconds=SILENCE_SECONDS,
                 clock=time.monotonic):
        self.transport = transport
        self.sent = self.resent = 0
        self._heard = heard or (lambda frame: None)
        self._silence = patience * silence_seconds
        self._clock = clock
        self._timer = patience * transport.first_patience
        self._shortest = SHORTEST_TIMER * self._timer
        self._longest = patience * LONGEST_TIMER
        self._mean = self._deviation = None  # of round trips, in seconds
        self._window = float(transport.window)
        self._shrunk = 0.0
        self._order = self._answered = 0
        self._answers = self._late = 0  # all, and those that took more than one copy
        self._sequence = random.randrange(1 << 16)

    def number(self):
        """The next request's sequence."""
        self._sequence = self._sequence % 0xFFFF + 1  # 0 is of what comes unasked
        return self._sequence

    def one(self, frame):
        """The answer to one request."""
        return next(answer for _, answer in self.all(iter([(frame, None)])))

    def all(self, requests):
        """Yield (context, answer) of each (frame, context), as the answers come.

        Raises `BoardError` when one is refused, `LitelicError` when the line breaks or is silent.
        """
        pending = []
        requests = iter(requests)
        heard = progress = self._clock()
        while True:
            if not pending:
                progress = self._clock()
            while len(pending) < int(self._window) and (request := next(requests, None)):
                pending.append(_Pending(*request))
                self.sent += 1
                self._send(pending[-1])
            if not pending:
                return
            deadline = min(progress + self._timer, heard + self._bearable())
            answers = self.receive(max(0, deadline - self._clock()))
            now = self._clock()
            if answers:
                heard = now
            elif now - heard >= self._bearable():
                raise self.silent(now - heard)
            for answer in answers:
                if entry := self._take(answer, pending, now):
                    progress = now
                    yield entry.context, answer
            if now - progress >= self._timer:
                progress = now
                self._timer = min(2 * self._timer, max(self._longest, self._timer))
                self._send_again(pending, now)
            else:
                self._send_again(filter(self._overtaken, pending), now)

    def receive(self, timeout):
        """Frames, as of a transport; says why a line was lost, if the other side has said so."""
        try:
            frames = self.transport.receive(timeout)
        except LitelicError:
            self._check_busy()
            raise
        self._check_busy()
        return frames

    def listen(self, seconds):
        """Wait for something that was not asked for; the least of `seconds` and until it comes."""
        for frame in self.receive(seconds):
            self._heard(frame)

    def silent(self, seconds):
        return LitelicError(
            f"the board on {self.transport.name} does not answer any more: nothing came for "
            f"{seconds:.3g} seconds"
        )

    def _bearable(self):
        """Seconds of silence. With one request at a time, a line that loses half of what is sent
        is silent for long before its board is gone."""
        return self._silence * (1 + LOSSY * self._late / (self._answers + FEW))

    # Answers --------------------------------------------------------------------------------------

    def _take(self, answer, pending, now):
        """The request that is answered, if it is one of those; raises what the board refuses."""
        entry = next((entry for entry in pending if answer.sequence in entry.copies), None)
        if answer.version != VERSION or not entry or not _belongs(answer, entry.frame):
            self._heard(answer)
            return None
        pending.remove(entry)
        order, sent = entry.copies[answer.sequence]
        self._answered = max(self._answered, order)
        self._answers += 1
        self._late += len(entry.copies) > 1
        self._measure(now - sent)
        self._window = min(self._window + 1 / self._window, self.transport.window)
        if answer.type == RESPONSE_ERROR:
            raise BoardError(Refusal.parse(answer.payload))
        return entry

    def _measure(self, seconds):
        if self._mean is None:
            self._mean, self._deviation = seconds, seconds / 2
        else:
            self._deviation += (abs(seconds - self._mean) - self._deviation) / 4
            self._mean += (seconds - self._mean) / 8
        self._timer = max(self._shortest, self._mean + 4 * self._deviation)

    # Sending --------------------------------------------------------------------------------------

    def _send(self, entry):
        self._order += 1
        entry.order = self._order
        entry.copies[entry.frame.sequence] = self._order, self._clock()
        self._on_line(entry.frame.encode())

    def _on_line(self, data):
        try:
            self.transport.send(data)
        except LitelicError:
            try:
                while self.transport.receive(0):
                    pass
            except LitelicError:
                pass  # That it is lost, we know.
            self._check_busy()
            raise

    def _overtaken(self, entry):
        return entry.frame.type in _SERVED_IN_ORDER and self._answered > entry.order + OVERTAKEN

    def _send_again(self, entries, now):
        for entry in entries:
            self.resent += 1
            self._shrink(now)
            entry.frame = replace(entry.frame, sequence=self.number())
            self._send(entry)

    def _shrink(self, now):
        if now - self._shrunk > (self._mean or 0):
            self._shrunk = now
            self._window = max(SMALLEST_WINDOW, 0.7 * self._window)

    def _check_busy(self):
        if BUSY_TEXT in self.transport.outside:
            raise LitelicError(
                f"the board on {self.transport.name} is busy with another client: wait until "
                "that one has finished, or end it"
            )


def _belongs(answer, request):
    """Whether that is an answer to that request, and not to an earlier one of the same number."""
    if answer.address != request.address:
        return False
    if answer.type == RESPONSE_ERROR:
        refusal = Refusal.parse(answer.payload)
        return bool(refusal) and refusal.type == request.type and answer.key == request.key
    # The answer to HELLO brings the key.
    return answer.type == request.type | RESPONSE and (
        request.type == Request.HELLO or answer.key == request.key
    )
