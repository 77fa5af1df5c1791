"""A board, from the host's side."""

import random
import time
from dataclasses import dataclass, field

from litelic.host.errors import LitelicError
from litelic.host.link.info import BoardInfo
from litelic.host.link.protocol import (
    BAUDRATE,
    FLUSH,
    MAX_PAYLOAD,
    PROGRAM_ID_BYTES,
    RESPONSE,
    RESPONSE_ERROR,
    VERSION,
    WATCHDOG_UNIT,
    ErrorCode,
    Frame,
    Parser,
    Request,
    RunState,
)
from litelic.host.link.transport import open_transport

ATTEMPTS = 4  # times a request is sent before we give up
SILENCE_SECONDS = 10  # without a byte, after which requests are sent again
HELLO_SECONDS = 3
SIMULATION_PATIENCE = 30  # a large array's simulation is that much slower than a small one's
PING_SECONDS = 1.0  # between looks at a run that takes long
DEFAULT_WATCHDOG_CYCLES = 500_000_000
BUSY_TEXT = b"LITELIC BUSY"

# The board did not get the request as it was sent.
_SEND_AGAIN = (ErrorCode.PAYLOAD_CRC, ErrorCode.TIMEOUT)


class BoardError(LitelicError):
    """The board refused a request: `code` (ErrorCode), `detail` and the board's words."""

    def __init__(self, frame):
        self.code = frame.address
        self.detail = frame.argument
        words = (frame.payload or b"").decode("utf-8", "replace").strip()
        super().__init__(f"the board says: {words} (error {self.code})")


@dataclass
class _Pending:
    frame: Frame
    attempts: int = 1
    context: object = field(default=None)


@dataclass
class _Run:
    frame: Frame
    answers: list = field(default_factory=list)  # that came while something else was asked for
    ended: float | None = None  # when the first of them came


class Board:
    """A connection to one board. Use `with Board.open(port) as board:`.

    Addresses are byte offsets in the board's DRAM. Every method raises `LitelicError` when the
    board refuses (`BoardError`), when the line breaks, or when nothing answers.

    `requests` counts those that were sent, besides HELLO and RUN, and `resent` how often one of
    them was sent again. `run_ended` is when (`time.monotonic`) the last run's answer came.
    """

    def __init__(self, transport, silence_seconds=SILENCE_SECONDS, patience=1):
        self._transport = transport
        self._silence_seconds = patience * silence_seconds
        self._hello_seconds = patience * HELLO_SECONDS
        self._parser = Parser()
        self._frames = []
        self._sequence = random.randrange(1 << 16)
        self._last_run = self._running = None
        self.run_ended = None
        self._last_access = None
        self.requests = self.resent = 0
        self.info = None

    @classmethod
    def open(cls, port, baudrate=BAUDRATE, patience=1):
        """Connect to a serial port, `udp://host` or `socket://host:port`, and say hello.

        `patience` multiplies all times after which the board counts as silent.
        """
        board = cls(open_transport(port, baudrate), patience=patience)
        try:
            board.hello()
        except BaseException:
            board.close()
            raise
        return board

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self._transport.close()

    @property
    def name(self):
        """Of the line."""
        return self._transport.name

    # Requests -------------------------------------------------------------------------------------

    def hello(self):
        """Flush what an earlier client left behind, end its run, and refresh `info`."""
        for _ in range(ATTEMPTS):
            nonce = random.getrandbits(32)
            frame = self._make(Request.HELLO, argument=nonce)
            self._write(FLUSH + frame.encode())
            deadline = time.monotonic() + self._hello_seconds
            while (answer := self._receive(deadline)) is not None:
                if answer.version != VERSION:
                    raise LitelicError(
                        f"the board speaks version {answer.version} of the protocol, this host "
                        f"tool version {VERSION}: update the older one"
                    )
                if answer.sequence == frame.sequence and answer.type == RESPONSE_ERROR:
                    raise BoardError(answer)
                if answer.address == nonce and answer.type == Request.HELLO | RESPONSE:
                    if answer.payload is None:
                        break
                    self.info = BoardInfo.parse(answer.payload.decode("utf-8", "replace"))
                    return self.info
        raise LitelicError(
            f"no LiteLIC board answers on {self._transport.name}: is it powered and loaded, "
            "and is this its port (and its speed)?"
        )

    def ping(self):
        """Come back as soon as the board has answered; nothing else happens."""
        self._request(self._make(Request.PING))

    def write(self, address, data, progress=None):
        """Write bytes. `progress(done, total)` is called as they are confirmed."""
        data = memoryview(data).cast("B")
        parts = (
            (address + start, bytes(data[start : start + MAX_PAYLOAD]))
            for start in range(0, len(data), MAX_PAYLOAD)
        )
        requests = (
            (self._make(Request.WRITE, part_address, 0, part), len(part))
            for part_address, part in parts
        )
        done = 0
        for size, _ in self._exchange(requests):
            done += size
            if progress:
                progress(done, len(data))

    def read(self, address, length, progress=None):
        """Read bytes. `progress(done, total)` is called as they arrive."""
        data = bytearray(length)
        requests = (
            (self._make(Request.READ, address + start, min(MAX_PAYLOAD, length - start)), start)
            for start in range(0, length, MAX_PAYLOAD)
        )
        done = 0
        for start, answer in self._exchange(requests):
            if len(answer.payload) != min(MAX_PAYLOAD, length - start):
                raise LitelicError("the board returned another number of bytes than was asked for")
            data[start : start + len(answer.payload)] = answer.payload
            done += len(answer.payload)
            if progress:
                progress(done, length)
        return bytes(data)

    def set_program(self, identity):
        """Note on the board which program its DRAM holds (32 bytes; zeros: none).

        The next client finds it in `info.program` and need not upload it again.
        """
        if len(identity) != PROGRAM_ID_BYTES:
            raise ValueError(f"a program's identity has {PROGRAM_ID_BYTES} bytes")
        self._request(self._make(Request.PROGRAM, payload=bytes(identity)))

    def run(self, address, count, watchdog_cycles=DEFAULT_WATCHDOG_CYCLES, progress=None):
        """Run `count` descriptors from `address` on; returns the cycles that it took.

        The board gives up when one descriptor takes more than `watchdog_cycles`, which is rounded
        up to a multiple of 1024. `progress(done, total)` is called about once a second.
        """
        self.start(address, count, watchdog_cycles)
        return self.finish(progress)

    def start(self, address, count, watchdog_cycles=DEFAULT_WATCHDOG_CYCLES):
        """The first half of `run`. Until `finish`, everything but another run may be asked for."""
        units = min(-(-watchdog_cycles // WATCHDOG_UNIT), (1 << 32) - 1)
        frame = self._make(Request.RUN, address, count, units.to_bytes(4, "little"))
        if frame.sequence == self._last_run:  # the board would take it for a repetition
            frame = self._make(Request.RUN, address, count, units.to_bytes(4, "little"))
        self._last_run = frame.sequence
        self._running = _Run(frame)
        self._write(frame.encode())

    @property
    def running(self):
        """Whether a run was started that was not waited for."""
        return self._running is not None

    def finish(self, progress=None):
        """The second half of `run`: wait for its end; returns the cycles that it took."""
        run = self._running
        try:
            for attempt in range(ATTEMPTS):
                if attempt:
                    self._write(run.frame.encode())
                answer = self._wait_for_run(run, progress)
                if answer is not None:
                    self.run_ended = run.ended or time.monotonic()
                    return int.from_bytes(answer.payload, "little")
            raise self._silent()
        finally:
            self._running = None

    def _wait_for_run(self, run, progress):
        """The answer to a RUN; None when request or answer got lost (send it again)."""
        frame = run.frame
        while True:
            answer = run.answers.pop(0) if run.answers else (
                self._receive(time.monotonic() + PING_SECONDS)
            )
            if answer is None:
                state = self._request(self._make(Request.PING))
                if run.answers:
                    continue
                running = RunState.ACTIVE << 16 | frame.sequence
                if state.address != running:
                    return None
                if progress:
                    progress(state.argument, frame.argument)
                continue
            if answer.sequence != frame.sequence:
                continue
            if answer.type == RESPONSE_ERROR:
                if answer.address in _SEND_AGAIN:
                    return None
                raise BoardError(answer)
            if answer.payload is None:
                return None
            if progress:
                progress(frame.argument, frame.argument)
            return answer

    def read_register(self, address):
        """The 32 bits of a register of the analyzer; `address` is its byte offset in there.

        Refused, with `ErrorCode.TYPE`, by a board that was built without one.
        """
        return self._access(Request.REGISTER_READ, address, 0).argument

    def write_register(self, address, value):
        """Write 32 bits to a register of the analyzer."""
        self._access(Request.REGISTER_WRITE, address, value)

    def _access(self, kind, address, argument):
        """One access, and its answer before the next one: the board remembers only the last, so
        that a request which comes again is not executed again."""
        frame = self._make(kind, address, argument)
        if frame.sequence == self._last_access:  # the board would take it for a repetition
            frame = self._make(kind, address, argument)
        self._last_access = frame.sequence
        return self._request(frame)

    # Frames ---------------------------------------------------------------------------------------

    def _make(self, kind, address=0, argument=0, payload=b""):
        if not (0 <= address < 1 << 32 and 0 <= argument < 1 << 32):
            raise LitelicError(f"address {address:#x} or count {argument} needs more than 32 bits")
        self._sequence = (self._sequence + 1) % (1 << 16)
        return Frame(kind, self._sequence, address, argument, payload)

    def _request(self, frame):
        """The answer to one request."""
        return next(answer for _, answer in self._exchange(iter([(frame, None)])))

    def _exchange(self, requests):
        """Send requests, a few ahead of their answers; yields (context, answer) in any order.

        `requests` yields (frame, context). What gets lost or damaged is sent again: that is safe
        for every request that is sent this way, however often the board gets it.
        """
        pending = {}
        while True:
            while len(pending) < self._transport.window and (request := next(requests, None)):
                frame, context = request
                pending[frame.sequence] = _Pending(frame, context=context)
                self.requests += 1
                self._write(frame.encode())
            if not pending:
                return
            answer = self._receive(time.monotonic() + self._silence_seconds)
            if answer is None:
                # The board may be in the middle of a payload, waiting for bytes that got lost.
                self._write(FLUSH)
                for entry in pending.values():
                    self._send_again(entry)
            elif self._running and answer.sequence == self._running.frame.sequence:
                self._running.answers.append(answer)
                self._running.ended = self._running.ended or time.monotonic()
            elif answer.sequence in pending:
                entry = pending[answer.sequence]
                damaged = answer.payload is None
                if answer.type == RESPONSE_ERROR and not damaged:
                    if answer.address not in _SEND_AGAIN:
                        raise BoardError(answer)
                    damaged = True
                if damaged:
                    self._send_again(entry)
                    continue
                if answer.type != entry.frame.type | RESPONSE:
                    raise LitelicError(f"the board gave an answer of type {answer.type:#x} to a "
                                       f"request of type {entry.frame.type:#x}")
                del pending[answer.sequence]
                yield entry.context, answer

    def _send_again(self, entry):
        if entry.attempts == ATTEMPTS:
            raise self._silent()
        entry.attempts += 1
        self.resent += 1
        self._write(entry.frame.encode())

    def _receive(self, deadline):
        """The next frame; None when no byte arrived before `deadline` (time.monotonic)."""
        while not self._frames:
            data = self._on_line(self._transport.read, max(0, deadline - time.monotonic()))
            if not data:
                return None
            self._frames = self._parser.feed(data)
            self._check_busy()
        return self._frames.pop(0)

    def _write(self, data):
        self._on_line(self._transport.write, data)

    def _on_line(self, operation, argument):
        """Use the transport; when the line is lost, look for the reason among the last bytes."""
        try:
            return operation(argument)
        except LitelicError:
            try:
                while data := self._transport.read(0):
                    self._parser.feed(data)
            except LitelicError:
                pass  # That it is lost, we know.
            self._check_busy()
            raise

    def _check_busy(self):
        if BUSY_TEXT in self._parser.outside:
            raise LitelicError(
                f"the board on {self._transport.name} is busy with another client: wait until "
                "that one has finished, or end it"
            )

    def _silent(self):
        return LitelicError(
            f"the board on {self._transport.name} does not answer any more, or the line is too "
            f"noisy: gave up after {ATTEMPTS} attempts"
        )
