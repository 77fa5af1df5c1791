"""The program file (`.licp`): see `docs/program.md` for its layout.

Here are its header, versions and messages; `writing.py` and `reading.py` have the body.
"""

import hashlib
import struct
from pathlib import Path

from litelic.host.atomic import write_atomically
from litelic.host.errors import LitelicError
from litelic.host.program.reading import Bad, need, read_body
from litelic.host.program.schema import LAYER_DEFAULTS
from litelic.host.program.writing import body_of

MAGIC = b"LICP\r\n\x1a\n"
ENDIAN_MARK = 0x01020304
# 1: without 16-bit activations, 2: without factors of latents, 3: without hyperpriors and all that
# their layers brought; written where they are enough.
VERSION = 4
HEADER = struct.Struct("<8sIIQ32s")  # magic, endianness mark, version, body length, SHA-256
LARGEST_FILE = 256 << 20


def _version(program):
    """The first format version that has all of `program`."""
    if program.hyperprior or any(map(_is_of_version_4, program.layers)):
        return 4
    if (program.latent_factors != 1).any():
        return 3
    return 1 if program.activation_bits == 8 else 2


def _is_of_version_4(layer):
    if layer.gdn and (layer.gdn.function == "sigmoid" or len(layer.gdn.gamma) < layer.sums):
        return True
    return "magnitude" in layer.input or any(
        getattr(layer, key) != default for key, default in LAYER_DEFAULTS.items()
    )


def program_bytes(program):
    """Return the file of `program` as bytes. The same program gives the same bytes."""
    body = body_of(program)
    digest = hashlib.sha256(body).digest()
    return HEADER.pack(MAGIC, ENDIAN_MARK, _version(program), len(body), digest) + body


def save_program(program, path):
    """Write `program` to `path`; an interruption leaves the old file or the new one, whole.

    Returns the model hash, 32 bytes. Raises `LitelicError` when the file cannot be written or
    would be one that `load_program` refuses.
    """
    data = program_bytes(program)
    _, model_hash = parse_program(data, "the new program")
    write_atomically(path, data)
    return model_hash


def parse_program(data, where):
    """Return `(Program, model hash)` of a file's bytes; `where` names the file in messages."""
    if len(data) < len(MAGIC) or data[: len(MAGIC)] != MAGIC:
        raise LitelicError(f"{where} is not a LiteLIC program; make one with `litelic compile`")
    if len(data) < HEADER.size:
        raise LitelicError(f"{where} is truncated: it ends inside its header; copy it again")
    _, mark, version, length, digest = HEADER.unpack_from(data)
    if mark != ENDIAN_MARK:
        if mark == int.from_bytes(ENDIAN_MARK.to_bytes(4, "little"), "big"):
            raise LitelicError(
                f"{where} has the wrong endianness: it was written with the bytes of every number "
                "reversed; programs are little-endian on every machine, compile it again"
            )
        raise LitelicError(f"{where} is corrupt: its endianness mark is damaged; copy it again")
    if version > VERSION:
        raise LitelicError(
            f"{where} has format version {version}, this LiteLIC reads up to {VERSION}; "
            "install a newer LiteLIC"
        )
    if version < 1:
        raise LitelicError(f"{where} is corrupt: format version 0 never existed; copy it again")
    present = len(data) - HEADER.size
    if present < length:
        raise LitelicError(
            f"{where} is truncated: {present} bytes of {length} after its header; copy it again"
        )
    if present > length:
        raise LitelicError(
            f"{where} has {present - length} trailing bytes after its end; copy it again"
        )
    body = data[HEADER.size :]
    if hashlib.sha256(body).digest() != digest:
        raise LitelicError(f"{where} is corrupt: its SHA-256 does not match; copy it again")
    try:
        program = read_body(body)
        need(version == _version(program), f"format version {version} is not the one it needs")
        return program, digest
    except (Bad, LitelicError) as e:
        raise LitelicError(f"{where} makes no sense: {e}; compile it again") from e
    except (ValueError, RecursionError) as e:
        # json and decode() raise ValueErrors; a deeply nested text exhausts the parser's stack.
        raise LitelicError(f"{where} makes no sense: bad description; compile it again") from e


def load_program(path):
    """Return `(Program, model_hash)` of the file at `path`; the hash is 32 bytes, SHA-256.

    Raises `LitelicError` with its own message for a file that is missing, no program, truncated,
    too long, corrupt, of a newer format version, of the other endianness or that makes no sense.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size <= LARGEST_FILE:
            with path.open("rb") as file:  # a device or a pipe tells no size
                data = file.read(LARGEST_FILE + 1)
                size = len(data)
    except OSError as e:
        raise LitelicError(f"cannot read the program file {path}: {e.strerror or e}") from e
    if size > LARGEST_FILE:
        raise LitelicError(
            f"{path} is no program: {size} bytes or more, the largest allowed is {LARGEST_FILE}"
        )
    return parse_program(data, str(path))
