"""A host that says to a board whatever it likes, over TCP or UDP."""

import random
import select
import socket
import struct
import time

from litelic.host.link.access import Access
from litelic.host.link.board import Board
from litelic.host.link.protocol import (
    RESPONSE,
    RESPONSE_ERROR,
    TAKE_OVER,
    Frame,
    Outcome,
    Parser,
    Refusal,
    Request,
    decode,
)

SECONDS = 300  # for an answer, of a machine that has other things to do
PATIENCE = 10


def connect(url, **access):
    """A `Board`, of such a machine."""
    return Board.open(url, Access(**access), PATIENCE)


class RawHost:
    """Sends frames, or bytes; `heard` are all frames that came, the last one at the end, and
    `unread` those of them that nobody has looked at yet."""

    def __init__(self, url):
        kind, place = url.split("://")
        host, port = place.split(":")
        self.parser = Parser() if kind == "socket" else None
        if self.parser:
            self.socket = socket.create_connection((host, int(port)))
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.connect((host, int(port)))
        self.heard, self.unread, self.key, self.sequence = [], [], 0, 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    # Frames ---------------------------------------------------------------------------------------

    def send(self, *things):
        for thing in things:
            self.socket.sendall(thing if isinstance(thing, bytes) else thing.encode())

    def make(self, kind, address=0, payload=b"", key=None):
        """A request with the next number, of this host's session."""
        self.sequence += 1
        return Frame(kind, self.sequence, address, self.key if key is None else key, payload)

    def wait(self, wanted):
        """The first frame that is `wanted`; those before it are done with, as nobody waited for
        them, and those behind it are left for the next one who waits."""
        deadline = time.monotonic() + SECONDS
        while True:
            while self.unread:
                frame = self.unread.pop(0)
                if wanted(frame):
                    return frame
            if not select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"no answer; there came {self.heard[-10:]}")
            data = self.socket.recv(1 << 16)
            assert data or not self.parser, "the board closed the connection"
            frames = self.parser.feed(data) if self.parser else [decode(data)[0]]
            assert None not in frames, data
            self.heard += frames
            self.unread += frames

    def ask(self, frame, data=None):
        """Send a frame, or `data` in its place; the answer with its number."""
        self.send(frame if data is None else data)
        return self.wait(lambda answer: answer.sequence == frame.sequence)

    def request(self, kind, address=0, payload=b"", key=None):
        """The answer to a request that is made of this."""
        return self.ask(self.make(kind, address, payload, key))

    # What is asked often --------------------------------------------------------------------------

    def hello(self, flags=TAKE_OVER, nonce=None):
        """Begin a session, whoever has the board; the answer."""
        nonce = random.getrandbits(32) if nonce is None else nonce
        answer = self.request(Request.HELLO, nonce, struct.pack("<IQ", flags, 0), 0)
        if answer.type == Request.HELLO | RESPONSE:
            self.key = answer.key
        return answer

    def open(self, slot, number, base, size, writable):
        """The key of a window."""
        return self.done(self.request(
            Request.OPEN, slot, struct.pack("<IIII", number, base, size, writable))).payload

    def discover(self):
        """What the board says of itself, {name: text}."""
        answer = self.done(self.request(Request.DISCOVER, 77, key=0))
        return dict(line.split("=", 1) for line in answer.payload.decode().splitlines())

    def run(self, number, address, count, watchdog=1 << 20):
        """A RUN request; its numbers are those of its payload."""
        return self.make(Request.RUN, address, struct.pack("<III", number, count, watchdog))

    @staticmethod
    def done(answer):
        assert answer.type & RESPONSE and answer.type != RESPONSE_ERROR, answer
        return answer


def refused(answer, code, detail=None):
    """The `Refusal` in an answer, which says `code` and has words."""
    assert answer.type == RESPONSE_ERROR, answer
    refusal = Refusal.parse(answer.payload)
    assert refusal.code == code and len(refusal.text) > 10, refusal
    assert detail is None or refusal.detail == detail, refusal
    return refusal


def outcome(answer):
    """The `Outcome` in an answer to RUN."""
    assert answer.type == Request.RUN | RESPONSE, answer
    return Outcome.parse(answer.payload)
