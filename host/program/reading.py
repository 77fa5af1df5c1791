"""The body of a program file, checked and made a `Program`.

Everything a file claims is checked before it is used, so that any bytes at all end either in a
`Program` or in `Bad` or a `LitelicError`.
"""

import json
import math
import struct

import numpy as np

from litelic.host.program.layer import Gdn, Layer
from litelic.host.program.model import EntropyTable, Hyperprior, Program
from litelic.host.program.schema import (
    DTYPES,
    ENTROPY_TENSORS,
    GDN_DEFAULTS,
    GDN_SCALARS,
    GDN_TENSORS,
    LAYER_DEFAULTS,
    LAYER_SCALARS,
    LAYER_TENSORS,
    align,
)

LARGEST_DESCRIPTION = 4 << 20
LARGEST_NAME = 1000
LARGEST_TABLES = 4096  # channels of a model, or scales
LARGEST_METADATA = 64 << 10


class Bad(Exception):
    """What the description says cannot be; the message says what."""


def need(condition, message):
    if not condition:
        raise Bad(message)


def need_printable(text, where):
    """A terminal must not obey what a file says."""
    need(text.isprintable(), f"{where} holds characters that cannot be printed")


def _checked(value, kind, where):
    need(type(value) is kind, f"{where} must be {kind.__name__}")
    if kind is int:
        need(-(1 << 31) <= value < 1 << 31, f"{where} is out of range")
    if kind is str:
        need(len(value) <= LARGEST_NAME, f"{where} is longer than {LARGEST_NAME} characters")
        need_printable(value, where)
    return value


def _object(value, keys, where):
    need(type(value) is dict, f"{where} must be an object")
    need(set(value) == set(keys), f"{where} must have exactly the keys {', '.join(sorted(keys))}")
    return value


def _list(value, where):
    need(type(value) is list, f"{where} must be a list")
    return value


def _read_tensors(table, data):
    """Return the arrays of the tensor table; they must fill `data` in order, without a gap."""
    arrays, position = [], 0
    for i, entry in enumerate(_list(table, "tensors")):
        where = f"tensor {i}"
        _object(entry, ("dtype", "offset", "shape"), where)
        dtype = entry["dtype"]
        need(type(dtype) is str and dtype in DTYPES, f"{where} has an unknown dtype")
        shape = [_checked(n, int, f"{where}'s shape") for n in _list(entry["shape"], where)]
        need(len(shape) <= 4 and all(n > 0 for n in shape), f"{where} has an impossible shape")
        size = math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize
        offset = _checked(entry["offset"], int, f"{where}'s offset")
        need(offset == position, f"{where} is not where it should be")
        need(position + align(size) <= len(data), f"{where} does not fit in the file")
        array = np.frombuffer(data, DTYPES[dtype], math.prod(shape), position).reshape(shape)
        arrays.append(array.astype(dtype))
        need(not any(data[position + size : position + align(size)]), f"{where} is badly padded")
        position += align(size)
    need(position == len(data), "bytes after the last tensor")
    return arrays


class _Reader:
    """Takes each tensor of the table once."""

    def __init__(self, arrays):
        self.arrays = dict(enumerate(arrays))

    def tensor(self, index, dtype, where):
        _checked(index, int, where)
        need(index in self.arrays, f"{where} names a tensor that is missing or used twice")
        array = self.arrays.pop(index)
        need(array.dtype == dtype, f"{where} must be {dtype}")
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
        present = [k for k in LAYER_DEFAULTS if type(value) is dict and k in value]
        fields = self.fields(value, LAYER_SCALARS, LAYER_TENSORS, where, ("gdn", *present))
        for key in present:
            fields[key] = _layer_option(value[key], key, where)
            need(fields[key] != LAYER_DEFAULTS[key], f"{where} {key} is left out where it is that")
        gdn = value["gdn"]
        if gdn is not None:
            extra = {k: int for k in GDN_DEFAULTS if type(gdn) is dict and k in gdn}
            gdn = self.fields(gdn, GDN_SCALARS | extra, GDN_TENSORS, f"{where} gdn")
            for key in extra:
                need(gdn[key] != GDN_DEFAULTS[key], f"{where} gdn {key} is left out where it is 8")
            need(gdn["gamma"].ndim == 2, f"{where} gamma must be a matrix")
            gdn = Gdn(**gdn)
        return Layer(**fields, gdn=gdn)

    def layers(self, values, where):
        layers = [self.layer(value, f"{where} {i}") for i, value in enumerate(_list(values, where))]
        for i, layer in enumerate(layers):
            need(layer.sources != (i - 1,), f"{where} {i} sources are left out where they are that")
        return layers

    def tables(self, value, where):
        fields = self.fields(value, {}, ENTROPY_TENSORS, where)
        offsets, lengths, cdfs = (fields[key] for key in ENTROPY_TENSORS)
        need(offsets.ndim == lengths.ndim == cdfs.ndim == 1, f"{where} tensors have one dimension")
        need(offsets.shape == lengths.shape, f"as many offsets as lengths in {where}")
        need(len(offsets) <= LARGEST_TABLES, f"more than {LARGEST_TABLES} tables in {where}")
        ends = np.cumsum(lengths, dtype=np.int64)
        need(ends[-1] == len(cdfs), f"{where} lengths must add up")
        parts = np.split(cdfs, ends[:-1])
        return [EntropyTable(int(offset), cdf) for offset, cdf in zip(offsets, parts, strict=True)]

    def hyperprior(self, value):
        _object(value, ("analysis", "synthesis", "thresholds", "tables"), "hyperprior")
        return Hyperprior(
            self.layers(value["analysis"], "hyper analysis"),
            self.layers(value["synthesis"], "hyper synthesis"),
            self.tensor(value["thresholds"], "int32", "thresholds"),
            self.tables(value["tables"], "tables of scales"),
        )


def _layer_option(value, key, where):
    if key == "sources":
        return tuple(_checked(v, int, f"{where} {key}") for v in _list(value, f"{where} {key}"))
    return _checked(value, int, f"{where} {key}")


def read_body(body):
    need(len(body) >= 8, "it has no description")
    length, reserved = struct.unpack_from("<II", body)
    need(reserved == 0, "a reserved field is not zero")
    need(length <= min(LARGEST_DESCRIPTION, len(body) - 8), "its description is too long")
    start = align(8 + length)
    need(
        start <= len(body) and not any(body[8 + length : start]), "its description is badly padded"
    )
    description = json.loads(body[8 : 8 + length].decode())
    keys = ["name", "metadata", "analysis", "synthesis", "entropy", "tensors"]
    optional = ("latent_factors", "hyperprior")
    present = [k for k in optional if type(description) is dict and k in description]
    _object(description, keys + present, "the description")
    scaled = "latent_factors" in present
    metadata = description["metadata"]
    need(type(metadata) is dict, "metadata must be an object")
    need(all(type(v) is str for v in metadata.values()), "metadata must be strings")
    need(len(json.dumps(metadata)) <= LARGEST_METADATA, "metadata is too long")
    for pair in metadata.items():
        for text in pair:
            need_printable(text, "metadata")
    reader = _Reader(_read_tensors(description["tensors"], body[start:]))
    program = Program(
        name=_checked(description["name"], str, "name"),
        analysis=reader.layers(description["analysis"], "analysis"),
        synthesis=reader.layers(description["synthesis"], "synthesis"),
        entropy=reader.tables(description["entropy"], "entropy"),
        metadata=metadata,
        latent_factors=reader.tensor(description["latent_factors"], "uint8", "latent_factors")
        if scaled else None,
        hyperprior=reader.hyperprior(description["hyperprior"])
        if "hyperprior" in present else None,
    )
    need(not scaled or (program.latent_factors != 1).any(), "latent_factors are left out where 1")
    need(not reader.arrays, "a tensor is not used")
    return program
