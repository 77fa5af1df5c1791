"""The program file (`.licp`): see `docs/program.md` for its layout.

Everything a file claims is checked before it is used, so that any bytes at all end either in a
`Program` or in a `LitelicError`.
"""

import hashlib
import json
import math
import struct
from pathlib import Path

import numpy as np

from litelic.host.atomic import write_atomically
from litelic.host.errors import LitelicError
from litelic.host.program.model import EntropyTable, Gdn, Layer, Program

MAGIC = b"LICP\r\n\x1a\n"
ENDIAN_MARK = 0x01020304
# 1: without 16-bit activations, 2: without factors of latents; written where they are enough.
VERSION = 3
HEADER = struct.Struct("<8sIIQ32s")  # magic, endianness mark, version, body length, SHA-256
ALIGNMENT = 64
LARGEST_FILE = 256 << 20
LARGEST_DESCRIPTION = 4 << 20
LARGEST_NAME = 1000
LARGEST_METADATA = 64 << 10

DTYPES = {"int8": "<i1", "uint8": "<u1", "uint16": "<u2", "int32": "<i4", "uint32": "<u4"}
REQUANTISER = {"bias": "int32", "multiplier": "uint16", "shift": "uint8"}
GDN_TENSORS = {"gamma": "int8", **REQUANTISER}
GDN_SCALARS = {"name": str, "function": str, "operand_shift": int, "output_shift": int}
GDN_DEFAULTS = {"operand_bits": 8}  # left out where they are that
LAYER_TENSORS = {"weight": "int8", **REQUANTISER}
LAYER_SCALARS = {
    "name": str, "kind": str, "stride": int, "padding": int, "output_padding": int,
    "input": str, "output": str, "lo": int, "hi": int,
}
ENTROPY_TENSORS = {"offsets": "int32", "lengths": "uint32", "cdfs": "uint32"}


def _align(size):
    return -(-size // ALIGNMENT) * ALIGNMENT


# Writing ------------------------------------------------------------------------------------------

class _Tensors:
    """Collects arrays; `add` returns the index that the description holds in their place."""

    def __init__(self):
        self.table, self.chunks, self.size = [], [], 0

    def add(self, array, dtype):
        data = np.ascontiguousarray(array, dtype=DTYPES[dtype]).tobytes()
        self.table.append({"dtype": dtype, "offset": self.size, "shape": list(np.shape(array))})
        self.chunks.append(data.ljust(_align(len(data)), b"\0"))
        self.size += _align(len(data))
        return len(self.table) - 1


def _describe(thing, scalars, tensors, store):
    described = {key: kind(getattr(thing, key)) for key, kind in scalars.items()}
    for key, dtype in tensors.items():
        described[key] = store.add(getattr(thing, key), dtype)
    return described


def _describe_layer(layer, store):
    described = _describe(layer, LAYER_SCALARS, LAYER_TENSORS, store)
    described["gdn"] = layer.gdn and _describe(layer.gdn, GDN_SCALARS, GDN_TENSORS, store)
    for key, default in GDN_DEFAULTS.items() if layer.gdn else ():
        if getattr(layer.gdn, key) != default:
            described["gdn"][key] = int(getattr(layer.gdn, key))
    return described


def _version(program):
    """The first format version that has all of `program`."""
    if (program.latent_factors != 1).any():
        return 3
    return 1 if program.activation_bits == 8 else 2


def program_bytes(program):
    """Return the file of `program` as bytes. The same program gives the same bytes."""
    store = _Tensors()
    description = {
        "name": program.name,
        "metadata": {str(key): str(value) for key, value in program.metadata.items()},
        "analysis": [_describe_layer(layer, store) for layer in program.analysis],
        "synthesis": [_describe_layer(layer, store) for layer in program.synthesis],
        "entropy": {
            "offsets": store.add([table.offset for table in program.entropy], "int32"),
            "lengths": store.add([len(table.cdf) for table in program.entropy], "uint32"),
            "cdfs": store.add(np.concatenate([table.cdf for table in program.entropy]), "uint32"),
        },
        "tensors": store.table,
    }
    if (program.latent_factors != 1).any():
        description["latent_factors"] = store.add(program.latent_factors, "uint8")
    text = json.dumps(description, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    start = struct.pack("<II", len(text), 0) + text
    body = start.ljust(_align(len(start)), b"\0") + b"".join(store.chunks)
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


# Reading ------------------------------------------------------------------------------------------

class _Bad(Exception):
    """What the description says cannot be; the message says what."""


def _need(condition, message):
    if not condition:
        raise _Bad(message)


def _need_printable(text, where):
    """A terminal must not obey what a file says."""
    _need(text.isprintable(), f"{where} holds characters that cannot be printed")


def _checked(value, kind, where):
    _need(type(value) is kind, f"{where} must be {kind.__name__}")
    if kind is int:
        _need(-(1 << 31) <= value < 1 << 31, f"{where} is out of range")
    if kind is str:
        _need(len(value) <= LARGEST_NAME, f"{where} is longer than {LARGEST_NAME} characters")
        _need_printable(value, where)
    return value


def _object(value, keys, where):
    _need(type(value) is dict, f"{where} must be an object")
    _need(set(value) == set(keys), f"{where} must have exactly the keys {', '.join(sorted(keys))}")
    return value


def _list(value, where):
    _need(type(value) is list, f"{where} must be a list")
    return value


def _read_tensors(table, data):
    """Return the arrays of the tensor table; they must fill `data` in order, without a gap."""
    arrays, position = [], 0
    for i, entry in enumerate(_list(table, "tensors")):
        where = f"tensor {i}"
        _object(entry, ("dtype", "offset", "shape"), where)
        dtype = entry["dtype"]
        _need(type(dtype) is str and dtype in DTYPES, f"{where} has an unknown dtype")
        shape = [_checked(n, int, f"{where}'s shape") for n in _list(entry["shape"], where)]
        _need(len(shape) <= 4 and all(n > 0 for n in shape), f"{where} has an impossible shape")
        size = math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize
        offset = _checked(entry["offset"], int, f"{where}'s offset")
        _need(offset == position, f"{where} is not where it should be")
        _need(position + _align(size) <= len(data), f"{where} does not fit in the file")
        array = np.frombuffer(data, DTYPES[dtype], math.prod(shape), position).reshape(shape)
        arrays.append(array.astype(dtype))
        _need(not any(data[position + size : position + _align(size)]), f"{where} is badly padded")
        position += _align(size)
    _need(position == len(data), "bytes after the last tensor")
    return arrays


class _Reader:
    """Takes each tensor of the table once."""

    def __init__(self, arrays):
        self.arrays = dict(enumerate(arrays))

    def tensor(self, index, dtype, where):
        _checked(index, int, where)
        _need(index in self.arrays, f"{where} names a tensor that is missing or used twice")
        array = self.arrays.pop(index)
        _need(array.dtype == dtype, f"{where} must be {dtype}")
        return array

    def fields(self, value, scalars, tensors, where, others=()):
        _object(value, (*scalars, *tensors, *others), where)
        fields = {}
        for key, kind in scalars.items():
            fields[key] = _checked(value[key], kind, f"{where} {key}")
        for key, dtype in tensors.items():
            fields[key] = self.tensor(value[key], dtype, f"{where} {key}")
        return fields

    def layer(self, value, where):
        fields = self.fields(value, LAYER_SCALARS, LAYER_TENSORS, where, ("gdn",))
        gdn = value["gdn"]
        if gdn is not None:
            extra = {k: int for k in GDN_DEFAULTS if type(gdn) is dict and k in gdn}
            gdn = self.fields(gdn, GDN_SCALARS | extra, GDN_TENSORS, f"{where} gdn")
            for key in extra:
                _need(gdn[key] != GDN_DEFAULTS[key], f"{where} gdn {key} is left out where it is 8")
            _need(gdn["gamma"].ndim == 2, f"{where} gamma must be a matrix")
            gdn = Gdn(**gdn)
        return Layer(**fields, gdn=gdn)

    def layers(self, values, where):
        return [self.layer(value, f"{where} {i}") for i, value in enumerate(_list(values, where))]

    def entropy(self, value):
        fields = self.fields(value, {}, ENTROPY_TENSORS, "entropy")
        offsets, lengths, cdfs = (fields[key] for key in ENTROPY_TENSORS)
        _need(offsets.ndim == lengths.ndim == cdfs.ndim == 1, "entropy tensors have one dimension")
        _need(offsets.shape == lengths.shape, "as many entropy offsets as lengths")
        ends = np.cumsum(lengths, dtype=np.int64)
        _need(ends[-1] == len(cdfs), "entropy lengths must add up")
        parts = np.split(cdfs, ends[:-1])
        return [EntropyTable(int(offset), cdf) for offset, cdf in zip(offsets, parts, strict=True)]


def _read_body(body):
    _need(len(body) >= 8, "it has no description")
    length, reserved = struct.unpack_from("<II", body)
    _need(reserved == 0, "a reserved field is not zero")
    _need(length <= min(LARGEST_DESCRIPTION, len(body) - 8), "its description is too long")
    start = _align(8 + length)
    _need(
        start <= len(body) and not any(body[8 + length : start]), "its description is badly padded"
    )
    description = json.loads(body[8 : 8 + length].decode())
    keys = ["name", "metadata", "analysis", "synthesis", "entropy", "tensors"]
    scaled = type(description) is dict and "latent_factors" in description
    _object(description, keys + ["latent_factors"] * scaled, "the description")
    metadata = description["metadata"]
    _need(type(metadata) is dict, "metadata must be an object")
    _need(all(type(v) is str for v in metadata.values()), "metadata must be strings")
    _need(len(json.dumps(metadata)) <= LARGEST_METADATA, "metadata is too long")
    for pair in metadata.items():
        for text in pair:
            _need_printable(text, "metadata")
    reader = _Reader(_read_tensors(description["tensors"], body[start:]))
    program = Program(
        name=_checked(description["name"], str, "name"),
        analysis=reader.layers(description["analysis"], "analysis"),
        synthesis=reader.layers(description["synthesis"], "synthesis"),
        entropy=reader.entropy(description["entropy"]),
        metadata=metadata,
        latent_factors=reader.tensor(description["latent_factors"], "uint8", "latent_factors")
        if scaled else None,
    )
    _need(not scaled or (program.latent_factors != 1).any(), "latent_factors are left out where 1")
    _need(not reader.arrays, "a tensor is not used")
    return program


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
        program = _read_body(body)
        _need(version == _version(program), f"format version {version} is not the one it needs")
        return program, digest
    except (_Bad, LitelicError) as e:
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
