"""What a host that knows a board's secret says to be let in; `firmware/secret.c` checks it."""

import hashlib
import os
import struct
from pathlib import Path

from litelic.host.errors import LitelicError

VARIABLE = "LITELIC_SECRET"  # of the environment: where commands find the words
_MASK = (1 << 64) - 1


def key_of(words):
    """The 16 bytes that are built into a board, of words that people keep."""
    return hashlib.sha256(words.strip().encode()).digest()[:16]


def from_file(path):
    """The key of the words in a file. Raises `LitelicError`."""
    try:
        words = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise LitelicError(f"cannot read the secret in {path}: {error}") from None
    if not words.strip():
        raise LitelicError(f"{path} is empty: put the words in it that the board was built with")
    return key_of(words)


def from_environment():
    """The key of the words in `LITELIC_SECRET`, None where there are none."""
    words = os.environ.get(VARIABLE, "")
    return key_of(words) if words.strip() else None


def tag(key, challenge, nonce):
    """SipHash-2-4 (Aumasson and Bernstein, 2012) of both numbers, as an integer of 64 bits."""
    return siphash(key, struct.pack("<II", challenge, nonce))


def siphash(key, message):
    """SipHash-2-4 of bytes with a key of 16 bytes."""
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
         k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    data = message + bytes(7 - len(message) % 8) + bytes([len(message) % 256])
    for (block,) in struct.iter_unpack("<Q", data):
        v[3] ^= block
        _mix(v, 2)
        v[0] ^= block
    v[2] ^= 0xFF
    _mix(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _rotated(value, bits):
    return (value << bits | value >> (64 - bits)) & _MASK


def _mix(v, rounds):
    for _ in range(rounds):
        v[0] = (v[0] + v[1]) & _MASK
        v[2] = (v[2] + v[3]) & _MASK
        v[1] = _rotated(v[1], 13) ^ v[0]
        v[3] = _rotated(v[3], 16) ^ v[2]
        v[0] = _rotated(v[0], 32)
        v[2] = (v[2] + v[1]) & _MASK
        v[0] = (v[0] + v[3]) & _MASK
        v[1] = _rotated(v[1], 17) ^ v[2]
        v[3] = _rotated(v[3], 21) ^ v[0]
        v[2] = _rotated(v[2], 32)
