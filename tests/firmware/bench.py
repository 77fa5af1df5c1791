"""The firmware as a process (host/pipe.c): requests in, what it answers out, hardware by hand."""

import struct
import subprocess
import tempfile
from dataclasses import dataclass

from litelic.host.link import secret
from litelic.host.link.protocol import (
    RESPONSE,
    RESPONSE_ERROR,
    TAKE_OVER,
    VERSION,
    ErrorCode,
    Frame,
    Outcome,
    Refusal,
    Request,
)
from tests.firmware.build import SANITIZED, build

CLOCK = 100_000_000  # Hz, as host/include/generated/soc.h has it
SILENCE = 2 * CLOCK  # cycles, after which another host may have the board
DRAM = 0x08000000  # bytes
LINES = 2
RESET_CYCLES = 1000  # that a reset of the accelerator takes
QUEUE_DEPTH = 32  # descriptors
SECRET = bytes(range(16))  # of the variant that has one

_STATE = struct.Struct("<QIIIII")
_WINDOW = struct.Struct("<IIII")
_FRAME = struct.Struct("<QI")
_HEADER = struct.Struct("<HBBHHII")
HEADER_BYTES = _HEADER.size

# Ways: a line's number above 48 bits of who is at its other end.
SERIAL = 0
ALICE, BOB, CAROL = (1 << 48 | port << 32 | 0x7F000001 for port in (1000, 2000, 3000))


def bytes_of(frame):
    """A frame as the CPU gets it: words without CRCs."""
    data = frame.encode()
    return data[:HEADER_BYTES] + data[HEADER_BYTES + 4 : -4]


def frame_of(data):
    """The `Frame` that the CPU has sent."""
    magic, version, kind, sequence, length, address, key = _HEADER.unpack_from(data)
    payload = data[HEADER_BYTES : HEADER_BYTES + length]
    return Frame(kind, sequence, address, key, payload, version)


@dataclass(frozen=True)
class Answer:
    """A frame from the firmware, and where it goes."""

    way: int
    frame: Frame

    @property
    def error(self):
        """The code of a refusal, None if it is none."""
        return self.refusal.code if self.frame.type == RESPONSE_ERROR else None

    @property
    def refusal(self):
        return Refusal.parse(self.frame.payload)

    @property
    def outcome(self):
        return Outcome.parse(self.frame.payload)

    @property
    def number(self):
        """Of a payload that is one."""
        return int.from_bytes(self.frame.payload, "little")


class Firmware:
    """`with Firmware() as firmware:`; every method returns the list of what was sent.

    What was seen last is in `cycles`, `resets`, `busy`, `queued` (descriptors at the accelerator)
    and `windows` ((key, base, size, writable) of each slot, None for one that is closed);
    `descriptors` are all addresses that were queued since power-up.
    """

    def __init__(self, variant=SANITIZED):
        self._program = build("pipe", variant)
        self._sequence = 0
        self.descriptors = []

    def __enter__(self):
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [self._program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        self.power_cycle()
        return self

    def __exit__(self, *exception):
        self._process.stdin.close()
        self._process.stdout.close()
        code = self._process.wait()
        if exception == (None, None, None):
            assert code == 0, self._complaint()
        self._errors.close()

    # Hardware -------------------------------------------------------------------------------------

    def power_cycle(self, memory_ok=True):
        self.descriptors.clear()
        return self._command("p", struct.pack("<I", memory_ok))

    def wait(self, cycles):
        return self._command("t", struct.pack("<Q", cycles))

    def complete(self, count):
        """The accelerator is done with so many descriptors."""
        return self._command("c", struct.pack("<I", count))

    def meet_malformed(self):
        """The accelerator finds that the oldest descriptor is none."""
        return self._command("m")

    def serve(self, count):
        """Hardware serves requests in windows."""
        return self._command("s", struct.pack("<I", count))

    def print(self, text):
        """The firmware prints ASCII text."""
        return self._command("x", text.encode())

    def send(self, way, frame):
        return self.send_bytes(way, bytes_of(frame))

    def send_bytes(self, way, data):
        return self._command("f", struct.pack("<Q", way) + data)

    # Requests -------------------------------------------------------------------------------------

    def ask(self, way, kind, address=0, key=0, payload=b"", version=VERSION):
        """The one `Answer` to a request, which must go back to where that came from; whatever else
        is sent with it is in `unasked`."""
        self._sequence = self._sequence % 0xFFFF + 1  # 0 is what nobody has asked for
        request = Frame(kind, self._sequence, address, key, payload, version)
        return self.again(way, request)

    def again(self, way, request):
        """The one answer to a frame, whose sequence number is not 0."""
        self.request = request
        first, *self.unasked = self.send(way, request)
        assert all(answer.frame.sequence == 0 for answer in self.unasked)
        assert (first.way, first.frame.sequence) == (way, request.sequence)
        assert first.frame.address == request.address
        if first.error is None:
            assert first.frame.type == request.type | RESPONSE
        else:
            assert first.refusal.type == request.type and first.frame.key == request.key
        return first

    def hello(self, way=ALICE, nonce=1, take_over=False):
        """The key of a new session."""
        answer = self.ask_hello(way, nonce, take_over)
        if answer.error == ErrorCode.DENIED:
            nonce ^= 1 << 31  # what was refused is refused for ever
            tag = secret.tag(SECRET, answer.refusal.detail, nonce)
            answer = self.ask_hello(way, nonce, take_over, tag)
        assert answer.error is None, answer.refusal
        return answer.frame.key

    def ask_hello(self, way, nonce, take_over=False, tag=0):
        payload = struct.pack("<IQ", TAKE_OVER if take_over else 0, tag)
        return self.ask(way, Request.HELLO, nonce, 0, payload)

    def open(self, way, key, slot, number, base, size, writable=False):
        payload = struct.pack("<IIII", number, base, size, writable)
        return self.ask(way, Request.OPEN, slot, key, payload)

    def close(self, way, key, slot, number):
        return self.ask(way, Request.CLOSE, slot, key, struct.pack("<I", number))

    def run(self, way, key, number, address, count, watchdog=1000):
        payload = struct.pack("<III", number, count, watchdog)
        return self.ask(way, Request.RUN, address, key, payload)

    # Process --------------------------------------------------------------------------------------

    def _command(self, letter, data=b""):
        try:
            self._process.stdin.write(struct.pack("<II", ord(letter), len(data)) + data)
            self._process.stdin.flush()
            return self._answer()
        except (BrokenPipeError, EOFError):
            self._process.wait()
            raise AssertionError(f"the firmware has ended:\n{self._complaint()}") from None

    def _answer(self):
        state = _STATE.unpack(self._read(_STATE.size))
        self.cycles, self.resets, activity, self.queued, descriptors, frames = state
        self.busy = bool(activity & 2)
        table = self._read(8 * _WINDOW.size)
        self.windows = [
            window if window[2] else None for window in _WINDOW.iter_unpack(table)
        ]
        self.descriptors += struct.unpack(f"<{descriptors}I", self._read(4 * descriptors))
        answers = []
        for _ in range(frames):
            way, words = _FRAME.unpack(self._read(_FRAME.size))
            answers.append(Answer(way, frame_of(self._read(4 * words))))
        return answers

    def _read(self, size):
        data = self._process.stdout.read(size)
        if len(data) != size:
            raise EOFError
        return data

    def _complaint(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-6000:]
