"""An integer layer on many pictures at once, quickly.

The golden model is exact and slow. Calibration only needs the integers that the hardware will see
almost everywhere: PyTorch's float32 convolution gives the same sums as long as they stay below 2^24
and may be off in the last of 25 or more bits beyond that. All the rest is the golden model's.
"""

import numpy as np
import torch

from litelic.host.compiler.layers import FloatLayer
from litelic.host.golden.network import finish, shuffled

DTYPES = {"int8": np.int8, "uint8": np.uint8, "int16": np.int16}


def simulate(layer, *operands):
    """Run the integer `layer` on float32 operands (batch, channels, height, width), two of a pair.

    Returns what it stores, (batch, height, width, channels).
    """
    return np.stack([
        shuffled(finish(layer, sums), layer.shuffle).astype(DTYPES[layer.output])
        for sums in sums_of(layer, *operands)
    ])


def sums_of(layer, *operands):
    """Yield the sums of products of each picture, int64 (height, width, sums)."""
    convolution = FloatLayer(
        layer.name, layer.kind, layer.weight.astype(np.float64), np.zeros(layer.sums),
        layer.stride, layer.padding, layer.output_padding,
    )
    for pictures in zip(*operands, strict=True):
        sums = convolution.convolve(*[picture[None] for picture in pictures])[0].permute(1, 2, 0)
        yield torch.round(sums).numpy().astype(np.int64)
