"""The entropy coder: latents to the payload of a `.lic` file and back, exactly.

    latents --> symbols, 2 passes a channel --> intervals of the channel's table --> lanes --> bytes

The tables are the program's (`EntropyTable`). In the mode `PLAIN` they are used as they are; in the
mode `CONTEXTS` each latent takes one of 16 versions of its channel's table (`sharpening.py`), by
the activity around it (`contexts.py`). The encoder takes the shorter. A latent outside the table is
coded as the escape, and its value follows in 16 bits. `docs/container.md` has the bytes.
"""

import struct

import numpy as np

from litelic.host.codec.contexts import CLASSES, Activity, centre_and_spread, checkerboard
from litelic.host.codec.lanes import (
    MAX_LANES,
    WHOLE,
    LaneDecoder,
    choose_lanes,
    damaged,
    encode_lanes,
    fill_steps,
)
from litelic.host.codec.sharpening import EXPONENTS, FRACTION, cost, versions
from litelic.host.errors import LitelicError

PLAIN = 0
CONTEXTS = 1
UNCHANGED = EXPONENTS.index(64)
HEAD = struct.Struct("<BBI")  # mode, log2 of lanes, escapes


def _silent(label, done, total):
    """The progress that nobody asked for."""


def encode(latents, tables, progress=None):
    """Return the payload of `latents`, int16 [height][width][channels], as bytes.

    `tables` holds an `EntropyTable` a channel; `progress(label, done, total)` is called now and
    then if it is given.
    """
    progress = progress or _silent
    _check(latents.shape, tables)
    planes = np.ascontiguousarray(latents.transpose(2, 0, 1))
    plain_cost, context_costs = _measure(planes, tables, progress)
    mapping = context_costs.argmin(axis=1)
    mapping[context_costs.sum(axis=1) == 0] = UNCHANGED
    context_cost = int(context_costs.min(axis=1).sum()) + (CLASSES * 4 << FRACTION)
    mode = CONTEXTS if context_cost < plain_cost else PLAIN
    lanes = choose_lanes(min(plain_cost, context_cost) >> (FRACTION + 3))

    starts, frequencies, escaped = [], [], []
    passes = _passes(planes, tables, mode)
    for i, (channel, pixels, classes) in enumerate(passes):
        progress("entropy coding", i, 2 * len(tables))
        values = planes[channel].reshape(-1)[pixels]
        rows = _rows(tables[channel], mode)
        symbols = _symbols(values, tables[channel])
        chosen = mapping[classes[pixels]] if mode == CONTEXTS else np.zeros_like(symbols)
        frequency = rows[chosen, symbols]
        starts.append(fill_steps(rows.cumsum(axis=1)[chosen, symbols] - frequency, lanes, 0))
        frequencies.append(fill_steps(frequency, lanes, WHOLE))
        escaped.append(values[symbols == rows.shape[1] - 1])
    states, words = encode_lanes(
        np.concatenate(starts), np.concatenate(frequencies),
        lambda done, total: progress("entropy coding, bits", done, total),
    )
    escaped = np.concatenate(escaped)
    head = HEAD.pack(mode, lanes.bit_length() - 1, len(escaped))
    if mode == CONTEXTS:
        head += _pack_mapping(mapping)
    return head + b"".join((
        states.astype("<u4").tobytes(), words.astype("<u2").tobytes(),
        escaped.astype("<i2").tobytes(),
    ))


def decode(payload, shape, tables, progress=None):
    """Return the latents, int16 [height][width][channels], of a payload that `encode` made.

    `shape` is (height, width, channels), `progress` that of `encode`. Raises `LitelicError`
    when the payload is damaged; it takes no more time and memory than a sound payload of that
    shape.
    """
    progress = progress or _silent
    _check(shape, tables)
    height, width, channels = shape
    mode, mapping, decoder, escaped = _open_payload(payload, height * width * channels)
    planes = np.zeros((channels, height, width), dtype=np.int64)
    used = 0
    for i, (channel, pixels, classes) in enumerate(_passes(planes, tables, mode)):
        progress("entropy decoding", i, 2 * channels)
        rows = _rows(tables[channel], mode)
        symbols_a_row = rows.shape[1]
        line = np.concatenate([[0], rows.cumsum()])
        chosen = np.zeros(len(pixels), dtype=np.int64)
        if mode == CONTEXTS:
            chosen = mapping[classes[pixels]]
        symbols = decoder.decode(line, chosen, len(pixels)) - chosen * symbols_a_row
        values = symbols + tables[channel].offset
        outside = np.flatnonzero(symbols == symbols_a_row - 1)
        if used + len(outside) > len(escaped):
            raise damaged("escaped values are missing")
        values[outside] = escaped[used : used + len(outside)]
        used += len(outside)
        planes[channel].reshape(-1)[pixels] = values
    decoder.finish()
    if used != len(escaped):
        raise damaged("escaped values are left over")
    if planes.min() < -32768 or planes.max() > 32767:
        raise damaged("a latent does not fit in 16 bits")
    return np.ascontiguousarray(planes.transpose(1, 2, 0)).astype(np.int16)


def _check(shape, tables):
    if len(shape) != 3 or min(shape) < 1 or shape[2] != len(tables):
        raise LitelicError(
            f"latents of shape {tuple(shape)} do not suit a model with {len(tables)} latent "
            "channels; use the program that made them"
        )


def _passes(planes, tables, mode):
    """Yield (channel, flat pixels, flat classes or None) in the order of coding.

    `planes` [channels][height][width] may be filled while this runs: of a pass' own latents and
    later ones nothing is read before the next pass is asked for.
    """
    _, height, width = planes.shape
    measures = [centre_and_spread(table) for table in tables]
    first, second = checkerboard(height, width)
    activity = Activity(height, width)
    for channel in sorted(range(len(tables)), key=lambda c: -measures[c][1]):
        plane = planes[channel]
        yield channel, first, activity.first().reshape(-1) if mode == CONTEXTS else None
        if len(second):
            classes = None
            if mode == CONTEXTS:
                classes = activity.second(plane, *measures[channel]).reshape(-1)
            yield channel, second, classes
        if mode == CONTEXTS:
            activity.add(plane, *measures[channel])


def _rows(table, mode):
    """The frequencies that a channel may use, int64 [versions][symbols]."""
    frequency = np.diff(table.cdf.astype(np.int64))
    return versions(frequency) if mode == CONTEXTS else frequency[None]


def _symbols(values, table):
    symbols = values.astype(np.int64) - table.offset
    escape = len(table.cdf) - 2
    return np.where((symbols < 0) | (symbols > escape), escape, symbols)


def _measure(planes, tables, progress=_silent):
    """What the table as it is costs, and each version for each class, in 1/4096 bits.

    Escaped values are left out: they cost the same whatever the mode.
    """
    plain = 0
    contexts = np.zeros((CLASSES, len(EXPONENTS)), dtype=np.int64)
    for i, (channel, pixels, classes) in enumerate(_passes(planes, tables, CONTEXTS)):
        progress("entropy coding, statistics", i, 2 * len(tables))
        table = tables[channel]
        symbols = _symbols(planes[channel].reshape(-1)[pixels], table)
        count = len(table.cdf) - 1
        histogram = np.bincount(classes[pixels] * count + symbols, minlength=CLASSES * count)
        histogram = histogram.reshape(CLASSES, count)
        plain += int(histogram.sum(axis=0) @ cost(_rows(table, PLAIN)[0]))
        contexts += histogram @ cost(_rows(table, CONTEXTS)).T
    return plain, contexts


def _pack_mapping(mapping):
    return (mapping[0::2] | mapping[1::2] << 4).astype(np.uint8).tobytes()


def _open_payload(payload, count):
    """Return (mode, mapping or None, decoder, escaped values) of a payload of `count` latents."""
    if len(payload) < HEAD.size:
        raise damaged("it ends too early")
    mode, log_lanes, escapes = HEAD.unpack_from(payload)
    position = HEAD.size
    mapping = None
    if mode == CONTEXTS:
        packed = payload[position : position + CLASSES // 2]
        if len(packed) < CLASSES // 2:
            raise damaged("it ends too early")
        position += len(packed)
        packed = np.frombuffer(packed, dtype=np.uint8)
        mapping = np.stack([packed & 15, packed >> 4], axis=1).reshape(-1).astype(np.int64)
    elif mode != PLAIN:
        raise LitelicError(
            f"the picture is coded in mode {mode}, which this LiteLIC does not know; "
            "decode it with a newer one"
        )
    if log_lanes >= MAX_LANES.bit_length() or escapes > count:
        raise damaged("its head is wrong")
    words = position + (4 << log_lanes)
    tail = len(payload) - 2 * escapes
    if tail < words or (tail - words) % 2:
        raise damaged("its length is wrong")
    decoder = LaneDecoder(
        np.frombuffer(payload[position:words], dtype="<u4"),
        np.frombuffer(payload[words:tail], dtype="<u2"),
    )
    return mode, mapping, decoder, np.frombuffer(payload[tail:], dtype="<i2")
