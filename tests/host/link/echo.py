"""A board that answers every request at once, for tests of `Requests`."""

from litelic.host.link.protocol import RESPONSE, Frame, Request, decode
from litelic.host.link.requests import SILENCE_SECONDS, Requests
from tests.host.link.fake_line import Clock, FakeLine, passes

KEY = 0x1234
COPIES = 60_000  # where their sequences begin: first ones have what a test says


class Echo:
    """Answers every request at once, with its key as payload; `served` are those that came."""

    def __init__(self):
        self.clock, self.lines, self.served = Clock(), {}, []

    def serve(self, frame, way):
        self.served.append(frame.sequence)
        self.lines[way].deliver(answer_to(frame))

    def next_event(self):
        return None


def answer_to(frame):
    return Frame(frame.type | RESPONSE, frame.sequence, frame.address, frame.key,
                 frame.key.to_bytes(4, "little"))


def connect(heard=None, patience=1, silence_seconds=SILENCE_SECONDS, **line):
    line = FakeLine(Echo(), **line)
    requests = Requests(line, heard, patience, silence_seconds, line.clock.monotonic)
    requests._sequence = COPIES  # which is otherwise random
    return line, requests


def request(number, kind=Request.READ):
    return Frame(kind, number, 4 * number, KEY)


def some(count, kind=Request.READ, first=1):
    return [(request(n, kind), n) for n in range(first, first + count)]


def number_of(data):
    """That of the request which this is, or answers, whichever copy of it."""
    return decode(data)[0].address // 4


def times(line):
    """{number of a request: [when it was sent]}"""
    found = {}
    for when, data in line.sent:
        found.setdefault(number_of(data), []).append(when)
    return found


def numbered(*numbers):
    """Loses a copy of those requests, as many as their number is there."""
    left = list(numbers)

    def fate(data):
        number = number_of(data)
        if number not in left:
            return passes(data)
        left.remove(number)
        return []

    return fate
