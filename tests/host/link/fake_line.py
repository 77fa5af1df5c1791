"""A line between a host and a board in Python: its own clock, and all that can go wrong on it."""

import heapq
import itertools

from litelic.host.link.board import Board
from litelic.host.link.protocol import HEADER_BYTES, Parser, decode

LATENCY = 0.0005  # seconds, each way
TICK = 1e-6  # seconds that a wait is too long


class Clock:
    """Takes the place of the module `time`; it goes on when somebody waits."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def passes(data):
    """What becomes of a frame on its way: [(seconds that it is late, its bytes)]."""
    return [(0.0, data)]


class Faults:
    """Loses, doubles, delays and damages frames, each with a probability.

    longest : seconds that a delayed one is late, at most; others overtake it.
    """

    def __init__(self, chance, lose=0.0, double=0.0, delay=0.0, damage=0.0, longest=0.05):
        self.chance = chance
        self.lose, self.double, self.delay, self.damage = lose, double, delay, damage
        self.longest = longest

    def __call__(self, data):
        chance, arriving = self.chance, []
        if chance.random() < self.lose:
            return []
        for _ in range(1 + (chance.random() < self.double)):
            late = chance.uniform(0, self.longest) if chance.random() < self.delay else 0.0
            arriving.append((late, self._spoilt(data) if chance.random() < self.damage else data))
        return arriving

    def _spoilt(self, data):
        """Bits are flipped, bytes are missing or too many."""
        chance, data = self.chance, bytearray(data)
        place = chance.randrange(1, len(data))
        fate = chance.randrange(4)
        if fate == 0 and place != HEADER_BYTES:  # test_protocol.py says what would happen there
            del data[place:]
        elif fate == 1:
            del data[place : place + chance.randrange(1, 9)]
        elif fate == 2:
            others = [byte for byte in range(256) if byte not in (data[0], data[-1])]
            data[place:place] = chance.choices(others, k=chance.randrange(1, 9))
        else:
            for _ in range(chance.randrange(1, 5)):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return bytes(data)


class Hits:
    """Calls `fate` in the place of `passes` for the first `count` frames of a type."""

    def __init__(self, kind, count=1, fate=lambda data: []):
        self.kind, self.left, self.fate = kind, count, fate

    def __call__(self, data):
        if decode(data)[0].type != self.kind or not self.left:
            return passes(data)
        self.left -= 1
        return self.fate(data)


class FakeLine:
    """A transport to a board, with the host `way` at its other end.

    board        : serves frames with `serve(frame, way)`, and sends others to `lines[way].deliver`.
                   `next_event()` is when something happens by itself, None: never; `happen()` then
                   does it.
    to_board     : what becomes of requests, as `passes` says it; `to_host` of answers.
    datagrams    : frames come singly, and not as a stream of bytes.
    byte_seconds : that a byte takes, each way; one frame follows the other.
    """

    name = "fake"
    window = 24
    first_patience = 1.0

    def __init__(self, board, way=1, to_board=passes, to_host=passes, datagrams=True,
                 byte_seconds=0.0, clock=None):
        self.board, self.way, self.clock = board, way, clock or board.clock
        self.to_board, self.to_host = to_board, to_host
        self.byte_seconds = byte_seconds
        self.parsers = None if datagrams else (Parser(), Parser())  # the board's, the host's
        self.sent = []  # (when, data) by the host
        self.closed = False
        self._under_way = []  # a heap of (when, count, whether it goes to the host, data)
        self._count = itertools.count()
        self._free = [0.0, 0.0]  # when the last frame will have been sent, each way
        self._heard = []
        board.lines[way] = self

    @property
    def outside(self):
        return self.parsers[1].outside if self.parsers else b""

    def send(self, data):
        self.sent.append((self.clock.now, data))
        self._on_its_way(data, False)

    def deliver(self, frame):
        """The board sends a frame."""
        self._on_its_way(frame.encode(), True)

    def receive(self, timeout):
        deadline = self.clock.now + timeout
        while (when := self._next()) is not None and when <= deadline:
            if self._heard and when > self.clock.now:
                break
            self.clock.now = max(self.clock.now, when)
            self._step()
        if not self._heard:
            self.clock.now = max(self.clock.now, deadline) + TICK
        heard, self._heard = self._heard, []
        return heard

    def settle(self):
        """Let everything happen and arrive that is under way; `receive` will have it."""
        while (when := self._next()) is not None:
            self.clock.now = max(self.clock.now, when)
            self._step()

    def close(self):
        self.closed = True

    def _on_its_way(self, data, home):
        fates = (self.to_host if home else self.to_board)(data)
        begin = max(self.clock.now, self._free[home])
        self._free[home] = begin + self.byte_seconds * len(data)
        for late, arriving in fates:
            when = self._free[home] + LATENCY + late
            heapq.heappush(self._under_way, (when, next(self._count), home, arriving))

    def _next(self):
        times = [self.board.next_event(), *(event[0] for event in self._under_way[:1])]
        return min((when for when in times if when is not None), default=None)

    def _step(self):
        own = self.board.next_event()
        if own is not None and (not self._under_way or own <= self._under_way[0][0]):
            self.board.happen()
            return
        _, _, home, data = heapq.heappop(self._under_way)
        frames = self._frames(data, home)
        if home:
            self._heard += frames
        else:
            for frame in frames:
                self.board.serve(frame, self.way)

    def _frames(self, data, home):
        if self.parsers:
            return self.parsers[home].feed(data)
        frame, size = decode(data)
        return [frame] if frame and size > 0 else []


def connect(line, **options):
    """A `Board` on a line, with the line's clock; nothing was said yet."""
    board = Board(line, **options)
    board._requests._clock = line.clock.monotonic
    board._requests._sequence = 0  # which is otherwise random
    return board


def opened(line, **options):
    """The same in a session."""
    board = connect(line, **options)
    board.hello()
    return board
