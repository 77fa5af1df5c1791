"""Whole layers, band by band, and chains of layers."""

import numpy as np

from litelic.host.errors import LitelicError
from litelic.host.golden.arithmetic import bend, requantise
from litelic.host.golden.convolution import accumulate
from litelic.host.golden.normalisation import normalise
from litelic.host.program.layer import OUTPUT_RANGE, SLOPE_ONE
from litelic.host.program.network import INPUT, last_uses, sources_of

STORAGE_DTYPE = {
    "int8": np.int8, "uint8": np.uint8, "centred": np.uint8, "int16": np.int16, "wide": np.int16,
    "magnitude": np.int16, "wide_magnitude": np.int16,
}

# Results that are in flight at once: what bounds the memory beside the input and the output
BAND_RESULTS = 1 << 18


def run_layer(layer, *inputs, progress=None):
    """Run one layer, its normalisation included.

    `inputs` are `[height][width][in_channels]` with the dtype of `layer.input`, two for a pair; the
    result is `[out_height][out_width][out_channels]` with the dtype of `layer.output`.
    `progress(done, total)` counts output rows, if it is given. A `LitelicError` says what does not
    fit.
    """
    _check_inputs(layer, inputs)
    height, width = layer.output_size(*inputs[0].shape[:2])
    y = np.empty((height, width, layer.out_channels), STORAGE_DTYPE[layer.output])
    r = layer.shuffle
    band = max(layer.stride, BAND_RESULTS // (width * layer.sums))
    for top in range(0, height // r, band):
        rows = range(top, min(top + band, height // r))
        results = finish(layer, accumulate(layer, inputs, rows))
        y[rows.start * r:rows.stop * r] = shuffled(results, r)
        if progress:
            progress(rows.stop * r, height)
    return y


def shuffled(results, r):
    """`[height][width][channels * r * r]` as `[height * r][width * r][channels]`."""
    height, width, channels = results.shape
    squares = results.reshape(height, width, channels // r**2, r, r)
    return squares.transpose(0, 3, 1, 4, 2).reshape(height * r, width * r, -1)


def run_layers(layers, x, progress=None):
    """Run a network on `x`; yields `(layer, y)` as each layer is done.

    `progress(done, total)` counts layers, in fractions, if it is given.
    """
    results, last = {INPUT: x}, last_uses(layers)
    for i, (layer, sources) in enumerate(zip(layers, sources_of(layers), strict=True)):
        inputs = [results[source] for source in sources]
        part = progress and _part_of(progress, i, len(layers))
        results[i] = run_layer(layer, *inputs, progress=part)
        yield layer, results[i]
        results = {source: y for source, y in results.items() if last[source + 1] > i}


def _part_of(progress, i, count):
    return lambda done, total: progress(i + done / total, count)


def finish(layer, acc):
    """What follows the sums of products of a layer."""
    if layer.gdn is None and layer.negative_slope == SLOPE_ONE:
        return requantise(acc, layer, layer.lo, layer.hi)
    x = requantise(acc, layer, *OUTPUT_RANGE["int16"])
    if layer.gdn is None:
        return bend(x, layer.negative_slope).clip(layer.lo, layer.hi)
    return normalise(layer.gdn, x, layer.lo, layer.hi)


def _check_inputs(layer, inputs):
    dtype = np.dtype(STORAGE_DTYPE[layer.input])
    count = 2 if layer.kind == "pair" else 1
    if len(inputs) != count:
        raise LitelicError(f"layer {layer.name} reads {count} feature maps, not {len(inputs)}")
    for x in inputs:
        if x.dtype != dtype:
            raise LitelicError(
                f"layer {layer.name} reads {layer.input}: give it {dtype} elements, not {x.dtype}"
            )
        if x.ndim != 3 or x.shape[2] != layer.in_channels or x.size == 0:
            raise LitelicError(
                f"layer {layer.name} reads [height][width][{layer.in_channels}], "
                f"but the input has the shape {list(x.shape)}"
            )
    if len({x.shape for x in inputs}) > 1:
        raise LitelicError(
            f"layer {layer.name} reads feature maps of one size, "
            f"not {' and '.join(str(list(x.shape[:2])) for x in inputs)}"
        )
