"""A board in Python, which serves requests as the firmware and the link's hardware do."""

import random
import struct
from collections import deque
from dataclasses import dataclass

from litelic.host.link import secret as secrets
from litelic.host.link.protocol import (
    DESCRIPTOR_BYTES,
    MAX_PAYLOAD,
    PROGRAM_ID_BYTES,
    RESPONSE,
    RESPONSE_ERROR,
    RUNS_QUEUED,
    TAKE_OVER,
    VERSION,
    WATCHDOG_UNIT,
    WINDOW_ALIGNMENT,
    WINDOWS,
    ErrorCode,
    Frame,
    Request,
    RunState,
)
from tests.host.link.fake_line import Clock, FakeLine

INFO = (
    "protocol={version}\nfirmware=1.2\ngateware=3.4\ntarget=fake\narray=reduction=4,outputs=2\n"
    "clock=100000000\ndram=65536\ndram_ok=1\nprogram={program}\nbusy={busy}\nframes=7\n"
    "future=words\n"
)
HERTZ = 100_000_000
RUN_CYCLES = 12345
SILENCE_SECONDS = 2  # of a session, after which another host may have the board
REMEMBERED = 8  # runs


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


class BoardModel:
    """What it has, for tests to look at or to change:

    memory, program : its DRAM; which program is in there.
    requests        : frames that came, and which way.
    made            : (address, count) of the runs that it has begun.
    run_cycles      : that a run takes; `fates`: (state, finished) of runs that fail, by number.
    registers       : {address: value} of the analyzer, None: it has none; `accesses` to them.
    silence         : seconds after which another host may have it.
    secret          : 16 bytes that a host must know, None: everybody may.
    """

    def __init__(self, clock=None, version=VERSION):
        self.clock = clock or Clock()
        self.version = version
        self.memory = bytearray(65536)
        self.program = bytes(PROGRAM_ID_BYTES)
        self.requests, self.made, self.accesses = [], [], []
        self.run_cycles, self.fates = RUN_CYCLES, {}
        self.registers = None
        self.silence, self.secret, self._challenge = SILENCE_SECONDS, None, 0
        self.lines = {}
        self._keys = random.Random(1)
        self._calls = deque(maxlen=16)
        self._session = None  # (way, nonce, key)
        self._spoke = 0.0
        self.restart()

    def restart(self):
        """As a new session finds it; without one, as after power-up."""
        self._session = None
        self._windows = {}  # slot: (number, key, base, size, writable)
        self._numbers = [0] * WINDOWS
        self.runs = []
        self._access = 0, 0  # the next one's number, the last one's value

    def cycles(self):
        return round(self.clock.now * HERTZ)

    # Frames ---------------------------------------------------------------------------------------

    def serve(self, frame, way):
        self.requests.append((frame, way))
        self._look_at_runs()
        self._way = way
        if frame.version != self.version:
            self.refuse(frame, ErrorCode.VERSION, self.version, "another version")
        elif frame.type in (Request.HELLO, Request.DISCOVER, Request.READ, Request.WRITE):
            getattr(self, f"serve_{Request(frame.type).name.lower()}")(frame)
        elif not self._session or frame.key != self._session[2]:
            self.refuse(frame, ErrorCode.SESSION, 0, "this session has ended")
        else:
            self._session = way, *self._session[1:]
            self._spoke = self.clock.now
            known = frame.type in set(Request)
            name = f"serve_{Request(frame.type).name.lower()}" if known else "serve_unknown"
            getattr(self, name)(frame)

    def answer(self, request, payload=b"", key=None, way=None):
        line = self.lines[self._way if way is None else way]
        line.deliver(Frame(
            request.type | RESPONSE, request.sequence, request.address,
            request.key if key is None else key, payload, self.version,
        ))

    def refuse(self, request, code, detail, words):
        payload = struct.pack("<BBHI", code, request.type, 0, detail) + words.encode()
        self.lines[self._way].deliver(Frame(
            RESPONSE_ERROR, request.sequence, request.address, request.key, payload, self.version))

    def serve_unknown(self, request):
        self.refuse(request, ErrorCode.TYPE, request.type, f"unknown request type {request.type}")

    # Sessions -------------------------------------------------------------------------------------

    def info(self, busy):
        values = {"version": self.version, "program": self.program.hex(), "busy": int(busy)}
        return INFO.format(**values).encode()

    def serve_hello(self, request):
        way, nonce = self._session[:2] if self._session else (None, None)
        flags, tag = struct.unpack("<IQ", request.payload)
        if (way, nonce) != (self._way, request.address):
            if request.address in self._calls:
                self.refuse(request, ErrorCode.SESSION, 0, "that was refused, or has ended")
                return
            self._calls.append(request.address)
            if self.secret:
                self._challenge = self._challenge or self._keys.getrandbits(32)
                if tag != secrets.tag(self.secret, self._challenge, request.address):
                    self.refuse(request, ErrorCode.DENIED, self._challenge, "it has a secret")
                    return
                self._challenge = 0
            held = self._session and self.clock.now - self._spoke < self.silence
            if held and way != self._way and not flags & TAKE_OVER:
                self.refuse(request, ErrorCode.BUSY, 0, "another host works with this board")
                return
            self.restart()
            self._session = self._way, request.address, self._keys.getrandbits(32)
            self._spoke = self.clock.now
        self.answer(request, self.info(False), self._session[2])

    def serve_discover(self, request):
        self.answer(request, self.info(self._session is not None))

    def serve_bye(self, request):
        self.restart()
        self.answer(request)

    def serve_ping(self, request):
        self.answer(request, struct.pack("<Q", self.cycles()))

    def serve_program(self, request):
        following, answer = self._access
        number = int.from_bytes(request.payload[:4], "little")
        if number == following:
            self.program = request.payload[4:]
            self._access = following + 1, answer
        elif number + 1 != following:
            self.refuse(request, ErrorCode.ORDER, following, "number is not the next one")
            return
        self.answer(request)

    # Windows --------------------------------------------------------------------------------------

    def serve_open(self, request):
        slot, (number, base, size, writable) = request.address, struct.unpack(
            "<IIII", request.payload)
        if base % WINDOW_ALIGNMENT or size % 4 or not size:
            self.refuse(request, ErrorCode.ADDRESS, WINDOW_ALIGNMENT, "not aligned")
        elif base + size > len(self.memory):
            self.refuse(request, ErrorCode.ADDRESS, len(self.memory), "bytes outside")
        elif number < self._numbers[slot]:
            self.refuse(request, ErrorCode.ORDER, number, "window has been closed")
        else:
            if self._windows.get(slot, (None,))[0] != number:
                key = self._keys.getrandbits(32)
                self._windows[slot] = number, key, base, size, writable
                self._numbers[slot] = number
            self.answer(request, struct.pack("<I", self._windows[slot][1]))

    def serve_close(self, request):
        slot, number = request.address, *struct.unpack("<I", request.payload)
        if self._windows.get(slot, (None,))[0] == number:
            del self._windows[slot]
            self._numbers[slot] = number + 1
        self.answer(request)

    def _place(self, request, length, writable):
        """The first byte of the DRAM that is meant, None if no window lets it be."""
        for _, key, base, size, writes in self._windows.values():
            inside = request.address % 4 == 0 and request.address + length <= size
            if key == request.key and writes == writable and inside and 0 < length <= MAX_PAYLOAD:
                self._spoke = self.clock.now
                return base + request.address
        self.refuse(request, ErrorCode.WINDOW, 0, "no window lets these bytes be")
        return None

    def serve_write(self, request):
        place = self._place(request, len(request.payload), 1)
        if place is not None:
            self.memory[place : place + len(request.payload)] = request.payload
            self.answer(request)

    def serve_read(self, request):
        length = int.from_bytes(request.payload, "little")
        place = self._place(request, length, 0)
        if place is not None:
            self.answer(request, bytes(self.memory[place : place + length]))

    # Runs -----------------------------------------------------------------------------------------

    def serve_run(self, request):
        number, count, watchdog = struct.unpack("<III", request.payload)
        if not len(self.runs) - REMEMBERED <= number <= len(self.runs):
            self.refuse(request, ErrorCode.ORDER, len(self.runs), "run is not the next one")
            return
        if number == len(self.runs):
            if not count:
                self.refuse(request, ErrorCode.LENGTH, 1, "no descriptors to run")
                return
            if request.address % DESCRIPTOR_BYTES:
                self.refuse(request, ErrorCode.ADDRESS, DESCRIPTOR_BYTES, "multiples of 256")
                return
            if len(self._queue()) == RUNS_QUEUED:
                self.refuse(request, ErrorCode.FULL, RUNS_QUEUED, "4 runs are queued already")
                return
            self.runs.append(Run(number, request.address, count, watchdog * WATCHDOG_UNIT))
            if len(self._queue()) == 1:
                self._begin(self.cycles())
        self.answer(request, self._told(self.runs[number]))

    def _told(self, run):
        ended = run.ended if run.state > RunState.ACTIVE else self.cycles()
        return struct.pack(
            "<IIIIQQ", run.number, run.state, run.finished, run.count, run.began, ended)

    def _queue(self):
        return [run for run in self.runs if run.state <= RunState.ACTIVE]

    def _begin(self, cycles):
        run = self._queue()[0]
        run.state, run.began = RunState.ACTIVE, cycles
        self.made.append((run.address, run.count))

    def _end(self, run, cycles):
        run.state, run.finished = self.fates.get(run.number, (RunState.DONE, run.count))
        run.ended, ended = cycles, [run]
        if run.state != RunState.DONE:
            for other in self._queue():
                other.state, other.ended = RunState.CANCELLED, cycles
                ended.append(other)
        elif self._queue():
            self._begin(cycles)
        way, _, key = self._session
        for run in ended:
            self.answer(Frame(Request.RUN, 0, run.address), self._told(run), key, way)

    def next_event(self):
        queue = self._queue()
        return (queue[0].began + self.run_cycles) / HERTZ if queue else None

    def happen(self):
        run = self._queue()[0]
        self._end(run, run.began + self.run_cycles)

    def _look_at_runs(self):
        while (when := self.next_event()) is not None and when <= self.clock.now:
            self.happen()

    # Registers ------------------------------------------------------------------------------------

    def read_register(self, address):
        return self.registers.get(address, 0)

    def write_register(self, address, value):
        self.registers[address] = value

    def serve_register_read(self, request):
        if self.registers is None:
            self.serve_unknown(request)
            return
        number, *value = struct.unpack(f"<{len(request.payload) // 4}I", request.payload)
        following, answer = self._access
        if number == following:
            self.accesses.append((request.type, request.address, *value))
            if value:
                answer = value[0]
                self.write_register(request.address, answer)
            else:
                answer = self.read_register(request.address)
            self._access = following + 1, answer
        elif number + 1 != following:
            self.refuse(request, ErrorCode.ORDER, following, "access is not the next one")
            return
        self.answer(request, struct.pack("<I", answer))

    serve_register_write = serve_register_read


class FakeBoard(BoardModel, FakeLine):
    """A board, and the line to its first host; `FakeLine(board, way=2)` is one for another."""

    def __init__(self, clock=None, version=VERSION, **line):
        BoardModel.__init__(self, clock, version)
        FakeLine.__init__(self, self, **line)
