"""Pack a layer's weights and channel parameters into the stream that the weight ring parses.

The stream depends on the array's reduction and outputs, but not on the picture: it is written to
the board once. `docs/engine.md` has the format to the byte.
"""

import struct
from dataclasses import dataclass

import numpy as np

from litelic.accel.config import BEAT_BYTES
from litelic.accel.weights_format import SEGMENT_GDN, SEGMENT_LAST, SEGMENT_RELEASE
from litelic.host.errors import LitelicError
from litelic.host.planner.segments import segments_of
from litelic.host.planner.taps import split


@dataclass(frozen=True)
class PackedSegment:
    """What the planner must know of a segment's weights."""

    words: int  # weight words a pixel
    gdn: bool


@dataclass
class PackedLayer:
    """`data` is a whole number of words of the DRAM port."""

    data: bytes
    segments: list


def align(value, step):
    """The smallest multiple of `step` that is not below `value`."""
    return -(-value // step) * step


def middle_channels(layer, config):
    """Middle-memory values a pixel: the convolution's channels, padded to whole words."""
    return align(layer.sums, config.reduction)


def pack(layer, config):
    """Return the `PackedLayer` of a `Layer` for an `ArrayConfig`."""
    window = split(layer)
    result_channels = middle_channels(layer, config) if layer.gdn else layer.out_channels
    result_bytes = 1 if layer.gdn or layer.output != "int16" else 2
    segments, blocks = [], []
    together = segments_of(window, config.outputs, config.reduction)
    for segment in together:
        end = segment is together[-1]
        flags = SEGMENT_RELEASE if end else 0
        flags |= SEGMENT_LAST if end and not layer.gdn else 0
        start, weight = _trimmed(segment.weight.reshape(*segment.weight.shape[:2], -1), config)
        rows = _words(weight, config)
        places = [
            (c.sum, c.row, (c.column * result_channels + c.channel) * result_bytes)
            for c in segment.channels
        ]
        header = (segment.y, segment.x * layer.in_channels + start, flags)
        blocks.append(_segment(rows, header, places, layer, config))
        segments.append(PackedSegment(rows.shape[0] * rows.shape[1], False))
    if layer.gdn:
        for first in range(0, layer.out_channels, config.outputs):
            count = min(config.outputs, layer.out_channels - first)
            end = first + count == layer.out_channels
            flags = SEGMENT_GDN | (SEGMENT_LAST if end else 0)
            rows = _words(layer.gdn.gamma[first : first + count, None], config)
            places = [(c, 0, c) for c in range(first, first + count)]
            blocks.append(_segment(rows, (0, 0, flags), places, layer.gdn, config))
            segments.append(PackedSegment(rows.shape[1], True))
    data = b"".join(blocks)
    return PackedLayer(data.ljust(align(len(data), config.port_bytes), b"\0"), segments)


def _trimmed(weight, config):
    """(first, the part from there) of weights [channels][rows][run]: without the ends of the runs
    that are 0 in all channels, if that saves words. Of a sum of two maps hardly anything is left.
    """
    used = np.flatnonzero(weight.any(axis=(0, 1)))
    first, end = (used[0], used[-1] + 1) if len(used) else (0, 1)
    if -(-(end - first) // config.reduction) < -(-weight.shape[2] // config.reduction):
        return int(first), weight[:, :, first:end]
    return 0, weight


def _words(weight, config):
    """[channels][rows][run] -> [rows][words][outputs][reduction], padded with zeros."""
    count, rows, run = weight.shape
    words = -(-run // config.reduction)
    padded = np.zeros((config.outputs, rows, words * config.reduction), np.int8)
    padded[:count, :, :run] = weight
    return padded.reshape(config.outputs, rows, words, config.reduction).transpose(1, 2, 0, 3)


def _segment(rows, header, places, requantiser, config):
    """Header beat, a parameter beat a channel, weight words."""
    y, x, flags = header
    height, words = rows.shape[:2]
    try:
        beats = [struct.pack("<HBBHBxI4x", words, height, y, x, flags, height * words)]
        for c, row, offset in places:
            beats.append(struct.pack(
                "<iHBBH6x", requantiser.bias[c], requantiser.multiplier[c], requantiser.shift[c],
                row | 0x80, offset,
            ))
    except struct.error:
        raise LitelicError(
            f"layer {requantiser.name}: its kernel or its channels are too many for the weight "
            "stream; use less than 256 kernel rows and 65536 bytes a result"
        ) from None
    beats += [bytes(BEAT_BYTES)] * (config.outputs - len(places))
    return b"".join(beats) + np.ascontiguousarray(rows).tobytes()
