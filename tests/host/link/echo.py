"""A board that answers every request at once, for tests of `Requests`."""

from litelic.host.link.protocol import RESPONSE, Frame, Request, decode
from litelic.host.link.requests import SILENCE_SECONDS, Requests
from tests.host.link.fake_line import Clock, FakeLine, passes

KEY = 0x1234


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
    return line, Requests(line, heard, patience, silence_seconds, line.clock.monotonic)


def some(count, kind=Request.READ, first=1):
    return [(Frame(kind, n, 4 * n, KEY), n) for n in range(first, first + count)]


def times(line):
    """{sequence: [when it was sent]}"""
    found = {}
    for when, data in line.sent:
        found.setdefault(decode(data)[0].sequence, []).append(when)
    return found


def numbered(*sequences):
    """Loses the first copy of each of those requests."""
    left = list(sequences)

    def fate(data):
        sequence = decode(data)[0].sequence
        if sequence not in left:
            return passes(data)
        left.remove(sequence)
        return []

    return fate
