"""The rules of sessions, windows, runs and accesses, in Python: what the board says to any request.

Time stands still but for what `wait` lets pass and for resets of the accelerator, so every answer
is known, but for keys: those are learned.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from litelic.host.link import secret
from litelic.host.link.protocol import (
    DESCRIPTOR_BYTES,
    PROGRAM_ID_BYTES,
    RUNS_QUEUED,
    TAKE_OVER,
    VERSION,
    WINDOW_ALIGNMENT,
    WINDOWS,
    ErrorCode,
    Refusal,
    Request,
)
from tests.firmware.bench import DRAM, SILENCE
from tests.firmware.rules_of_runs import Run, RunRules

REMEMBERED = 8  # runs
ANALYZER_BYTES = 0x80
NONCES = 16  # of HELLO, that are remembered
WORDS = 1 << 32


@dataclass
class Expected:
    """An answer: a refusal, or a payload; `check(frame)` learns what cannot be known."""

    code: ErrorCode | None = None
    detail: int | None = 0
    payload: bytes | None = b""
    check: Callable = lambda frame: None


@dataclass
class Session:
    key: int | None  # None until it is learned
    nonce: int
    way: int
    heard: int


@dataclass
class Slot:
    number: int = 0
    window: tuple | None = None  # (key, base, size, writable)


@dataclass
class Rules(RunRules):
    memory_ok: bool = True
    secret: bytes | None = None
    challenge: int | None = None  # that has to be answered
    requests: int = 0
    program: bytes = bytes(PROGRAM_ID_BYTES)
    session: Session | None = None
    nonces: list = field(default_factory=list)  # of HELLOs that were served
    keys: list = field(default_factory=list)  # all that were drawn, and challenges
    registers: dict = field(default_factory=dict)
    once: int = 0  # number of what is done once, of the next
    value: int = 0  # of the last access

    def __post_init__(self):
        self._forget()

    # Hardware -------------------------------------------------------------------------------------

    def serve(self, count):
        if self.session and count % 256:
            self.session.heard = self.now

    # Requests -------------------------------------------------------------------------------------

    def request(self, way, frame):
        """What is `Expected` as the answer to a frame."""
        self.requests += 1
        if frame.version != VERSION:
            return Expected(ErrorCode.VERSION, VERSION)
        if frame.type == Request.HELLO:
            return self._hello(way, frame)
        if frame.type == Request.DISCOVER:
            return self._info(self.session is not None and self.session.key != frame.key)
        if frame.type in (Request.READ, Request.WRITE):
            return Expected(ErrorCode.WINDOW)
        if not self.session or self.session.key != frame.key:
            return Expected(ErrorCode.SESSION)
        self.session.way, self.session.heard = way, self.now
        serve = {
            Request.PING: self._ping, Request.PROGRAM: self._program, Request.RUN: self._run,
            Request.OPEN: self._open, Request.CLOSE: self._close, Request.BYE: self._bye,
            Request.REGISTER_READ: self._access, Request.REGISTER_WRITE: self._access,
        }.get(frame.type, lambda frame: Expected(ErrorCode.TYPE, frame.type))
        answer = serve(frame)
        self._poll()
        return answer

    def _info(self, busy):
        expected = {
            "protocol": "2", "dram": str(DRAM), "dram_ok": str(int(self.memory_ok)),
            "program": self.program.hex(), "busy": str(int(busy)), "requests": str(self.requests),
        }

        def check(frame):
            lines = frame.payload.decode("ascii").splitlines()
            values = dict(line.split("=", 1) for line in lines)
            assert {name: values[name] for name in expected} == expected

        return Expected(payload=None, check=check)

    def _hello(self, way, frame):
        if len(frame.payload) != 12:
            return Expected(ErrorCode.LENGTH, 12)
        flags, tag = struct.unpack("<IQ", frame.payload)
        old = self.session
        again = old and (old.way, old.nonce) == (way, frame.address)
        held = old and old.way != way and self.now - old.heard < SILENCE
        if not again:
            if frame.address in self.nonces[-NONCES:]:
                return Expected(ErrorCode.SESSION)
            self.nonces.append(frame.address)
            if self.secret and not self._is_answered(tag, frame.address):
                return self._deny()
            self.challenge = None
            if held and not flags & TAKE_OVER:
                return Expected(ErrorCode.BUSY)
            self._forget()
            self.session = Session(None, frame.address, way, self.now)
        info = self._info(False)

        def check(answer):
            info.check(answer)
            if again:
                assert answer.key == self.session.key
            else:
                self.session.key = self._new(answer.key)

        return Expected(payload=None, check=check)

    def _is_answered(self, tag, nonce):
        return self.challenge is not None and tag == secret.tag(self.secret, self.challenge, nonce)

    def _deny(self):
        def learn(answer):
            self.challenge = self._new(Refusal.parse(answer.payload).detail)

        if self.challenge is None:
            return Expected(ErrorCode.DENIED, detail=None, check=learn)
        return Expected(ErrorCode.DENIED, self.challenge)

    def _new(self, key):
        assert key not in self.keys
        self.keys.append(key)
        return key

    def _forget(self):
        if self._active():
            self._reset()
        self.session = None
        self.runs, self.told = [], 0
        self.slots = [Slot() for _ in range(WINDOWS)]
        self.once = 0

    def _bye(self, frame):
        if frame.payload:
            return Expected(ErrorCode.LENGTH, 0)
        self._forget()
        return Expected()

    def _ping(self, frame):
        if frame.payload:
            return Expected(ErrorCode.LENGTH, 0)
        return Expected(payload=self.now.to_bytes(8, "little"))

    def _is_done(self, number):
        """Whether what has that number was done already; None if it is not its turn."""
        if self.once and number == self.once - 1:
            return True
        if number != self.once:
            return None
        self.once += 1
        return False

    def _program(self, frame):
        if len(frame.payload) != 4 + PROGRAM_ID_BYTES:
            return Expected(ErrorCode.LENGTH, 4 + PROGRAM_ID_BYTES)
        done = self._is_done(int.from_bytes(frame.payload[:4], "little"))
        if done is None:
            return Expected(ErrorCode.ORDER, self.once)
        if not done:
            self.program = frame.payload[4:]
        return Expected()

    def _outside(self, address, length):
        if not self.memory_ok:
            return Expected(ErrorCode.MEMORY)
        return Expected(ErrorCode.ADDRESS, DRAM) if address + length > DRAM else None

    def _open(self, frame):
        if len(frame.payload) != 16:
            return Expected(ErrorCode.LENGTH, 16)
        if frame.address >= WINDOWS:
            return Expected(ErrorCode.ADDRESS, WINDOWS)
        number, base, size, writable = struct.unpack("<IIII", frame.payload)
        if base % WINDOW_ALIGNMENT or size % 4 or size == 0:
            return Expected(ErrorCode.ADDRESS, WINDOW_ALIGNMENT)
        if outside := self._outside(base, size):
            return outside
        slot = self.slots[frame.address]
        if number < slot.number or number == WORDS - 1:
            return Expected(ErrorCode.ORDER, number)
        if slot.window and number == slot.number:
            return Expected(payload=slot.window[0].to_bytes(4, "little"))
        slot.number = number

        def check(answer):
            key = self._new(int.from_bytes(answer.payload, "little"))
            slot.window = (key, base, size, writable & 1)

        return Expected(payload=None, check=check)

    def _close(self, frame):
        if len(frame.payload) != 4:
            return Expected(ErrorCode.LENGTH, 4)
        if frame.address >= WINDOWS:
            return Expected(ErrorCode.ADDRESS, WINDOWS)
        slot = self.slots[frame.address]
        if slot.window and slot.number == int.from_bytes(frame.payload, "little"):
            slot.window = None
            slot.number += 1
        return Expected()

    def _run(self, frame):
        if len(frame.payload) != 12:
            return Expected(ErrorCode.LENGTH, 12)
        number, count, watchdog = struct.unpack("<III", frame.payload)
        following = len(self.runs)
        if not following - REMEMBERED <= number < following:
            if number != following:
                return Expected(ErrorCode.ORDER, following)
            if count == 0:
                return Expected(ErrorCode.LENGTH, 1)
            if frame.address % DESCRIPTOR_BYTES:
                return Expected(ErrorCode.ADDRESS, DESCRIPTOR_BYTES)
            if outside := self._outside(frame.address, count * DESCRIPTOR_BYTES):
                return outside
            if len(self._active()) == RUNS_QUEUED:
                return Expected(ErrorCode.FULL, RUNS_QUEUED)
            self.runs.append(Run(number, frame.address, count, watchdog))
            if len(self._active()) == 1:
                self._begin(self.runs[-1])
        outcome = self._outcome(self.runs[number])
        return Expected(payload=struct.pack(
            "<IIIIQQ", outcome.number, outcome.state, outcome.finished, outcome.count,
            outcome.began, outcome.ended))

    def _access(self, frame):
        reads = frame.type == Request.REGISTER_READ
        size = 4 if reads else 8
        if len(frame.payload) != size:
            return Expected(ErrorCode.LENGTH, size)
        if frame.address >= ANALYZER_BYTES or frame.address % 4:
            return Expected(ErrorCode.ADDRESS, ANALYZER_BYTES)
        number, *value = struct.unpack(f"<{size // 4}I", frame.payload)
        done = self._is_done(number)
        if done is None:
            return Expected(ErrorCode.ORDER, self.once)
        if not done:
            before = self.registers.get(frame.address, 0)
            self.value = before if reads else value[0]
            # A read counts its register up, in the model of the hardware.
            self.registers[frame.address] = (before + 1) % WORDS if reads else value[0]
        return Expected(payload=self.value.to_bytes(4, "little"))
