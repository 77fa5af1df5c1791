"""Whole layers, band by band, and chains of layers."""

import numpy as np

from litelic.host.errors import LitelicError
from litelic.host.golden.arithmetic import requantise
from litelic.host.golden.convolution import accumulate
from litelic.host.golden.normalisation import normalise
from litelic.host.program.model import OUTPUT_RANGE

STORAGE_DTYPE = {
    "int8": np.int8, "uint8": np.uint8, "centred": np.uint8, "int16": np.int16, "wide": np.int16,
}

# Results that are in flight at once: what bounds the memory beside the input and the output
BAND_RESULTS = 1 << 18


def run_layer(layer, x, progress=None):
    """Run one layer, its normalisation included.

    `x` is `[height][width][in_channels]` with the dtype of `layer.input`; the result is
    `[out_height][out_width][out_channels]` with the dtype of `layer.output`. `progress(done,
    total)` counts output rows, if it is given. A `LitelicError` says what does not fit.
    """
    _check_input(layer, x)
    height, width = layer.output_size(*x.shape[:2])
    y = np.empty((height, width, layer.out_channels), STORAGE_DTYPE[layer.output])
    band = max(layer.stride, BAND_RESULTS // (width * layer.out_channels))
    for top in range(0, height, band):
        rows = range(top, min(top + band, height))
        y[rows.start:rows.stop] = _finish(layer, accumulate(layer, x, rows))
        if progress:
            progress(rows.stop, height)
    return y


def run_layers(layers, x, progress=None):
    """Run a chain of layers on `x`; yields `(layer, y)` as each layer is done.

    `progress(done, total)` counts layers, in fractions, if it is given.
    """
    for i, layer in enumerate(layers):
        x = run_layer(layer, x, progress and _part_of(progress, i, len(layers)))
        yield layer, x


def _part_of(progress, i, count):
    return lambda done, total: progress(i + done / total, count)


def _finish(layer, acc):
    """What follows the sums of products of a layer."""
    if layer.gdn is None:
        return requantise(acc, layer, layer.lo, layer.hi)
    x = requantise(acc, layer, *OUTPUT_RANGE["int16"])
    return normalise(layer.gdn, x, layer.lo, layer.hi)


def _check_input(layer, x):
    dtype = np.dtype(STORAGE_DTYPE[layer.input])
    if x.dtype != dtype:
        raise LitelicError(
            f"layer {layer.name} reads {layer.input}: give it {dtype} elements, not {x.dtype}"
        )
    if x.ndim != 3 or x.shape[2] != layer.in_channels or x.size == 0:
        raise LitelicError(
            f"layer {layer.name} reads [height][width][{layer.in_channels}], "
            f"but the input has the shape {list(x.shape)}"
        )
