"""The `.lic` file: `docs/container.md`, to the byte."""

import struct
import zlib
from dataclasses import dataclass

from litelic.host.errors import LitelicError

MAGIC = b"\x89LIC"
VERSION = 1
GREY = 1  # flag
MODEL_BYTES = 16
LARGEST_SIDE = 4096
FIELDS = struct.Struct(f"<4sBBHH{MODEL_BYTES}sII")  # the header without its own CRC
HEADER_SIZE = FIELDS.size + 4


@dataclass
class LicFile:
    """What a `.lic` file says. Sizes are in pixels."""

    width: int
    height: int
    grey: bool  # to be written as greyscale; the model sees R = G = B
    model: bytes  # the first 16 bytes of the model's SHA-256
    payload: bytes  # of `codec.encode_picture`

    def pack(self):
        """The file as bytes."""
        fields = FIELDS.pack(
            MAGIC, VERSION, GREY if self.grey else 0, self.width, self.height, self.model,
            len(self.payload), zlib.crc32(self.payload),
        )
        return fields + struct.pack("<I", zlib.crc32(fields)) + self.payload


def unpack(data, name="the file"):
    """Return the `LicFile` that `data` holds.

    Raises `LitelicError` on anything else: another format, a future version, any damage. `name` is
    what the message calls the file.
    """
    width, height, grey, model, length, payload_crc = _unpack_header(data[:HEADER_SIZE], name)
    payload = data[HEADER_SIZE:]
    if len(payload) < length:
        raise LitelicError(
            f"{name} is cut off: {len(payload)} of {length} payload bytes; fetch it again"
        )
    if len(payload) > length:
        raise LitelicError(
            f"{name} has {len(payload) - length} bytes too many at its end; fetch it again"
        )
    if zlib.crc32(payload) != payload_crc:
        raise _damaged(name, "the checksum of its payload is wrong")
    return LicFile(width, height, grey, model, payload)


def read(path):
    """Return the bytes of the `.lic` file at `path`, of which only the header was checked.

    No more is read than the header announces (and one byte, so that `unpack` sees a longer file).
    """
    try:
        with open(path, "rb") as file:
            header = file.read(HEADER_SIZE)
            length = _unpack_header(header, path)[4]
            return header + file.read(length + 1)
    except OSError as e:
        raise LitelicError(f"cannot read {path}: {e.strerror or e}") from e


def check_model(lic, model_hash, model_name, name="the file"):
    """Raise `LitelicError` unless `lic` was made by the model with that SHA-256."""
    if lic.model != model_hash[:MODEL_BYTES]:
        raise LitelicError(
            f"{name} was made with the model {lic.model.hex()}, but {model_name} is "
            f"{model_hash[:MODEL_BYTES].hex()}; name the program that made it with --program"
        )


def _unpack_header(header, name):
    if not header.startswith(MAGIC):
        if MAGIC.startswith(header):
            raise LitelicError(f"{name} is cut off: it has {len(header)} bytes; fetch it again")
        raise LitelicError(f"{name} is not a .lic file: it does not begin as one")
    if len(header) > len(MAGIC) and header[4] != VERSION:
        raise LitelicError(
            f"{name} is a .lic file of version {header[4]}, and this LiteLIC reads version "
            f"{VERSION}; install a newer LiteLIC, or fetch the file again if it is damaged"
        )
    if len(header) < HEADER_SIZE:
        raise LitelicError(
            f"{name} is cut off: {len(header)} of {HEADER_SIZE} header bytes; fetch it again"
        )
    (crc,) = struct.unpack_from("<I", header, FIELDS.size)
    if zlib.crc32(header[: FIELDS.size]) != crc:
        raise _damaged(name, "the checksum of its header is wrong")
    _, _, flags, width, height, model, length, payload_crc = FIELDS.unpack_from(header)
    if flags & ~GREY:
        raise LitelicError(
            f"{name} uses a feature this LiteLIC does not know (flags {flags:#04x}); "
            "install a newer one"
        )
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise _damaged(name, f"a picture of {width}x{height}")
    return width, height, bool(flags & GREY), model, length, payload_crc


def _damaged(name, detail):
    return LitelicError(f"{name} is damaged: {detail}; fetch it again")
