"""Frames of `docs/protocol.md`: to bytes and back. `firmware/protocol.h` has the same numbers."""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

MAGIC = 0x9C4C
VERSION = 1
MAX_PAYLOAD = 4096
PROGRAM_ID_BYTES = 32
DESCRIPTOR_BYTES = 256
WATCHDOG_UNIT = 1024  # cycles

UDP_PORT = 0x4C43  # "LC"; of the board
BAUDRATE = 115200  # what boards are built for
MAX_DATAGRAM = 1408  # bytes of payload: a whole frame on any Ethernet, and a multiple of a word

RESPONSE = 0x80  # set in the type of the answer to a request
RESPONSE_ERROR = 0xFF

_HEADER = struct.Struct("<HBBHHII")
_CRC = struct.Struct("<I")
HEADER_BYTES = _HEADER.size + _CRC.size
_MAGIC_BYTES = MAGIC.to_bytes(2, "little")

# More than what can be missing of a frame that was left half sent.
FLUSH = bytes(MAX_PAYLOAD + HEADER_BYTES + _CRC.size)


class Request(IntEnum):
    HELLO = 0x01
    PING = 0x02
    WRITE = 0x03
    READ = 0x04
    PROGRAM = 0x05
    RUN = 0x06
    REGISTER_READ = 0x07
    REGISTER_WRITE = 0x08


class ErrorCode(IntEnum):
    VERSION = 1
    TYPE = 2
    LENGTH = 3
    PAYLOAD_CRC = 4
    TIMEOUT = 5
    ADDRESS = 6
    BUSY = 7
    ACCELERATOR = 8
    WATCHDOG = 9
    MEMORY = 10
    DESCRIPTOR = 11


class RunState(IntEnum):
    NONE = 0
    ACTIVE = 1
    DONE = 2
    FAILED = 3
    MALFORMED = 4


@dataclass(frozen=True)
class Frame:
    """One frame, either way. `payload` is None when it arrived damaged."""

    type: int
    sequence: int
    address: int = 0
    argument: int = 0
    payload: bytes | None = b""
    version: int = VERSION

    def encode(self):
        length = len(self.payload)
        if length > MAX_PAYLOAD:
            raise ValueError(f"a payload has at most {MAX_PAYLOAD} bytes, not {length}")
        header = _HEADER.pack(
            MAGIC, self.version, self.type, self.sequence, length, self.address, self.argument
        )
        frame = header + _CRC.pack(zlib.crc32(header))
        if self.payload:
            frame += self.payload + _CRC.pack(zlib.crc32(self.payload))
        return frame


class Parser:
    """Finds frames in received bytes, whatever stands between them.

    `outside` holds the last bytes that belonged to no frame: the board's text, mostly.
    """

    OUTSIDE_KEPT = 1024

    def __init__(self):
        self._buffer = bytearray()
        self.outside = bytearray()

    def feed(self, data):
        """Take received bytes; returns the list of frames that they complete."""
        self._buffer += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _skip(self, count):
        self.outside += self._buffer[:count]
        del self.outside[: -self.OUTSIDE_KEPT]
        del self._buffer[:count]

    def _next(self):
        buffer = self._buffer
        while True:
            start = buffer.find(_MAGIC_BYTES)
            if start < 0:
                # The last byte may be the first half of the magic number.
                self._skip(len(buffer) - buffer.endswith(_MAGIC_BYTES[:1]))
                return None
            self._skip(start)
            if len(buffer) < HEADER_BYTES:
                return None
            header = bytes(buffer[: _HEADER.size])
            _, version, kind, sequence, length, address, argument = _HEADER.unpack(header)
            (crc,) = _CRC.unpack_from(buffer, _HEADER.size)
            if crc == zlib.crc32(header) and length <= MAX_PAYLOAD:
                break
            self._skip(1)
        end = HEADER_BYTES + (length + _CRC.size if length else 0)
        if len(buffer) < end:
            return None
        payload = bytes(buffer[HEADER_BYTES : HEADER_BYTES + length])
        if length and _CRC.unpack_from(buffer, end - _CRC.size)[0] != zlib.crc32(payload):
            payload = None
        del buffer[:end]
        return Frame(kind, sequence, address, argument, payload, version)
