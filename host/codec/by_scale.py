"""The entropy coder of symbols whose scales are known: the latents of a model with a hyperprior.

Each symbol has a table, by its scale; the decoder knows all of them before it begins. So there is
one pass over the symbols, in the order in which they lie in memory, [height][width][channels]. The
lanes are those of `rans.py`; `docs/container.md` has the bytes.
"""

import struct

import numpy as np

from litelic.host.codec.lanes import (
    MAX_LANES,
    WHOLE,
    LaneDecoder,
    choose_lanes,
    damaged,
    encode_lanes,
    fill_steps,
)
from litelic.host.codec.sharpening import FRACTION, cost

HEAD = struct.Struct("<BI")  # log2 of lanes, escapes
ESCAPE_BYTES = 4


class _Line:
    """Tables laid end to end on the line of `LaneDecoder`."""

    def __init__(self, tables):
        self.offset = np.array([table.offset for table in tables], np.int64)
        self.symbols = np.array([len(table.cdf) - 1 for table in tables], np.int64)
        self.first = np.concatenate([[0], np.cumsum(self.symbols)])[:-1]
        self.edges = np.concatenate(
            [table.cdf[:-1].astype(np.int64) + WHOLE * i for i, table in enumerate(tables)]
            + [[WHOLE * len(tables)]]
        )

    def positions(self, values, chosen):
        """Where `values` lie; the escape of their table for those that have no place."""
        symbols, escape = values - self.offset[chosen], self.symbols[chosen] - 1
        symbols = np.where((symbols < 0) | (symbols > escape), escape, symbols)
        return self.first[chosen] + symbols, symbols == escape


def encode(values, chosen, tables, progress=None):
    """Return the payload of `values`, int32 of any shape, as bytes.

    `chosen` has the same shape: the `EntropyTable` of each among `tables`. `progress(label, done,
    total)` is called now and then if it is given.
    """
    values, chosen = values.reshape(-1).astype(np.int64), chosen.reshape(-1)
    line = _Line(tables)
    positions, escaped = line.positions(values, chosen)
    start = line.edges[positions]
    frequency = line.edges[positions + 1] - start
    lanes = choose_lanes(int(cost(frequency).sum()) >> (FRACTION + 3))
    states, words = encode_lanes(
        fill_steps(start - WHOLE * chosen, lanes, 0), fill_steps(frequency, lanes, WHOLE),
        progress and (lambda done, total: progress("entropy coding, latents", done, total)),
    )
    return b"".join((
        HEAD.pack(lanes.bit_length() - 1, int(escaped.sum())), states.astype("<u4").tobytes(),
        words.astype("<u2").tobytes(), values[escaped].astype("<i4").tobytes(),
    ))


def check(payload, count):
    """(where the words begin, where they end, escapes) of a payload of `count` values.

    Raises `LitelicError` where its head and its length cannot be.
    """
    if len(payload) < HEAD.size:
        raise damaged("the latents end too early")
    log_lanes, escapes = HEAD.unpack_from(payload)
    if log_lanes >= MAX_LANES.bit_length() or escapes > count:
        raise damaged("the head of the latents is wrong")
    words, tail = HEAD.size + (4 << log_lanes), len(payload) - ESCAPE_BYTES * escapes
    if tail < words or (tail - words) % 2:
        raise damaged("the length of the latents is wrong")
    return words, tail, escapes


def decode(payload, chosen, tables, progress=None):
    """Return the values, int32 of the shape of `chosen`, of a payload that `encode` made.

    Raises `LitelicError` when the payload is damaged.
    """
    words, tail, escapes = check(payload, chosen.size)
    decoder = LaneDecoder(
        np.frombuffer(payload[HEAD.size:words], dtype="<u4"),
        np.frombuffer(payload[words:tail], dtype="<u2"),
    )
    line, flat = _Line(tables), chosen.reshape(-1)
    if progress:
        progress("entropy decoding, latents", 0, 1)
    symbols = decoder.decode(line.edges, flat, flat.size) - line.first[flat]
    decoder.finish()
    values = symbols + line.offset[flat]
    outside = symbols == line.symbols[flat] - 1
    if int(outside.sum()) != escapes:
        raise damaged("escaped latents are missing or left over")
    values[outside] = np.frombuffer(payload[tail:], dtype="<i4")
    return values.astype(np.int32).reshape(chosen.shape)
