"""Frames of `docs/protocol.md`: to bytes and back. `firmware/protocol.h` has the same numbers."""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

MAGIC = 0x9C4C
VERSION = 2
MAX_PAYLOAD = 1408  # bytes: a whole frame in any Ethernet's datagram, and whole bursts of DRAM
PROGRAM_ID_BYTES = 32
DESCRIPTOR_BYTES = 256
WATCHDOG_UNIT = 1024  # cycles
WINDOWS = 8
WINDOW_ALIGNMENT = 16  # bytes
WORD_BYTES = 4
RUNS_QUEUED = 4

UDP_PORT = 0x4C43  # "LC"; of the board
BAUDRATE = 115200  # what boards are built for

RESPONSE = 0x80  # set in the type of the answer to a request
RESPONSE_TEXT = 0xFE  # words for people
RESPONSE_ERROR = 0xFF
TAKE_OVER = 1  # flag of HELLO

_HEADER = struct.Struct("<HBBHHII")
_CRC = struct.Struct("<I")
_ERROR = struct.Struct("<BBHI")
_RUN = struct.Struct("<IIIIQQ")
HEADER_BYTES = _HEADER.size + _CRC.size
MAX_FRAME = HEADER_BYTES + MAX_PAYLOAD + _CRC.size
_MAGIC_BYTES = MAGIC.to_bytes(2, "little")


class Request(IntEnum):
    HELLO = 0x01
    PING = 0x02
    WRITE = 0x03
    READ = 0x04
    PROGRAM = 0x05
    RUN = 0x06
    REGISTER_READ = 0x07
    REGISTER_WRITE = 0x08
    DISCOVER = 0x09
    OPEN = 0x0A
    CLOSE = 0x0B
    BYE = 0x0C


class ErrorCode(IntEnum):
    VERSION = 1
    TYPE = 2
    LENGTH = 3
    ADDRESS = 6
    BUSY = 7
    ACCELERATOR = 8
    MEMORY = 10
    SESSION = 12
    WINDOW = 13
    ORDER = 14
    FULL = 15
    DENIED = 16


class RunState(IntEnum):
    QUEUED = 0
    ACTIVE = 1
    DONE = 2
    STUCK = 3
    MALFORMED = 4
    CANCELLED = 5


@dataclass(frozen=True)
class Frame:
    """One frame, either way. `key` is that of a session or of a window."""

    type: int
    sequence: int
    address: int = 0
    key: int = 0
    payload: bytes = b""
    version: int = VERSION

    def encode(self):
        length = len(self.payload)
        if length > MAX_PAYLOAD:
            raise ValueError(f"a payload has at most {MAX_PAYLOAD} bytes, not {length}")
        header = _HEADER.pack(
            MAGIC, self.version, self.type, self.sequence, length, self.address, self.key
        )
        frame = header + _CRC.pack(zlib.crc32(header))
        if length:
            payload = self.payload + bytes(-length % WORD_BYTES)
            frame += payload + _CRC.pack(zlib.crc32(payload, zlib.crc32(header)))
        return frame


@dataclass(frozen=True)
class Refusal:
    """The payload of an answer of type `RESPONSE_ERROR`."""

    code: int
    type: int  # of the request
    detail: int
    text: str

    @classmethod
    def parse(cls, payload):
        """None of a payload that is too short."""
        if len(payload) < _ERROR.size:
            return None
        code, kind, _, detail = _ERROR.unpack_from(payload)
        return cls(code, kind, detail, payload[_ERROR.size :].decode("utf-8", "replace").strip())


@dataclass(frozen=True)
class Outcome:
    """The payload of an answer to RUN: how run `number` of the session is going.

    finished, count : descriptors; those that the run has.
    began, ended    : cycles of the system clock since power-up; of what has not ended, now.
    """

    number: int
    state: RunState
    finished: int
    count: int
    began: int
    ended: int

    @classmethod
    def parse(cls, payload):
        """None of a payload that is none."""
        if len(payload) != _RUN.size:
            return None
        number, state, *rest = _RUN.unpack(payload)
        return cls(number, RunState(state), *rest) if state in set(RunState) else None


def decode(data):
    """(Frame, the bytes that it takes) of bytes that begin with one.

    The frame is None when they do not, or when it is damaged; the bytes are then 0 as well, or -1
    when there may be a frame whose rest has not come. Of another version's only the header is read.
    """
    if len(data) < HEADER_BYTES:
        return None, -1
    magic, version, kind, sequence, length, address, key = _HEADER.unpack_from(data)
    (crc,) = _CRC.unpack_from(data, _HEADER.size)
    of_header = zlib.crc32(data[: _HEADER.size])
    if magic != MAGIC or crc != of_header:
        return None, 0
    if version != VERSION:
        return Frame(kind, sequence, address, key, b"", version), HEADER_BYTES
    if length > MAX_PAYLOAD:
        return None, 0
    end = HEADER_BYTES
    if length:
        padded = length + -length % WORD_BYTES
        end += padded + _CRC.size
        if len(data) < end:
            return None, -1
        (crc,) = _CRC.unpack_from(data, HEADER_BYTES + padded)
        if crc != zlib.crc32(data[HEADER_BYTES : HEADER_BYTES + padded], of_header):
            return None, 0
    return Frame(
        kind, sequence, address, key, bytes(data[HEADER_BYTES : HEADER_BYTES + length])
    ), end


class Parser:
    """Finds frames in received bytes, whatever stands between them.

    `outside` holds the last bytes that belonged to no frame.
    """

    OUTSIDE_KEPT = 1024

    def __init__(self):
        self._buffer = bytearray()
        self.outside = bytearray()

    def feed(self, data):
        """Take received bytes; returns the list of undamaged frames that they complete."""
        self._buffer += data
        frames = []
        while True:
            start = self._buffer.find(_MAGIC_BYTES)
            if start < 0:
                # The last byte may be the first half of the magic number.
                start = len(self._buffer) - self._buffer.endswith(_MAGIC_BYTES[:1])
            self._skip(start)
            frame, size = decode(memoryview(self._buffer)[:MAX_FRAME])
            if size < 0:
                return frames
            if frame:
                frames.append(frame)
                del self._buffer[:size]
            else:
                self._skip(1)

    def _skip(self, count):
        if count:
            self.outside += self._buffer[:count]
            del self.outside[: -self.OUTSIDE_KEPT]
            del self._buffer[:count]
