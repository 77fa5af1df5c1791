"""A program as the body of its file: the description, and the tensors that it names."""

import json
import struct

import numpy as np

from litelic.host.program.schema import (
    DTYPES,
    GDN_DEFAULTS,
    GDN_SCALARS,
    GDN_TENSORS,
    LAYER_DEFAULTS,
    LAYER_SCALARS,
    LAYER_TENSORS,
    align,
)


class _Tensors:
    """Collects arrays; `add` returns the index that the description holds in their place."""

    def __init__(self):
        self.table, self.chunks, self.size = [], [], 0

    def add(self, array, dtype):
        data = np.ascontiguousarray(array, dtype=DTYPES[dtype]).tobytes()
        self.table.append({"dtype": dtype, "offset": self.size, "shape": list(np.shape(array))})
        self.chunks.append(data.ljust(align(len(data)), b"\0"))
        self.size += align(len(data))
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
    for key, default in LAYER_DEFAULTS.items():
        value = getattr(layer, key)
        if value != default:
            described[key] = [int(v) for v in value] if key == "sources" else int(value)
    return described


def _describe_tables(tables, store):
    return {
        "offsets": store.add([table.offset for table in tables], "int32"),
        "lengths": store.add([len(table.cdf) for table in tables], "uint32"),
        "cdfs": store.add(np.concatenate([table.cdf for table in tables]), "uint32"),
    }


def _describe_hyperprior(hyper, store):
    return {
        "analysis": [_describe_layer(layer, store) for layer in hyper.analysis],
        "synthesis": [_describe_layer(layer, store) for layer in hyper.synthesis],
        "thresholds": store.add(hyper.thresholds, "int32"),
        "tables": _describe_tables(hyper.tables, store),
    }


def body_of(program):
    """Return the body of the file of `program` as bytes. The same program gives the same bytes."""
    store = _Tensors()
    description = {
        "name": program.name,
        "metadata": {str(key): str(value) for key, value in program.metadata.items()},
        "analysis": [_describe_layer(layer, store) for layer in program.analysis],
        "synthesis": [_describe_layer(layer, store) for layer in program.synthesis],
        "entropy": _describe_tables(program.entropy, store),
        "tensors": store.table,
    }
    if (program.latent_factors != 1).any():
        description["latent_factors"] = store.add(program.latent_factors, "uint8")
    if program.hyperprior:
        description["hyperprior"] = _describe_hyperprior(program.hyperprior, store)
    text = json.dumps(description, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    start = struct.pack("<II", len(text), 0) + text
    return start.ljust(align(len(start)), b"\0") + b"".join(store.chunks)
