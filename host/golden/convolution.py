"""Sums of products: sections 3 and 4 of `docs/numerics.md`.

A kernel row over NHWC is one contiguous run of `kernel_width * in_channels` operands, so a feature
map is seen here as rows of operands, and a window as `kernel_height` such runs.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from litelic.host.golden.arithmetic import operands


def accumulate(layer, inputs, rows):
    """The sums of products of some output rows, int32 `[len(rows)][out_width][sums]`.

    `inputs` are the stored inputs of the layer, `rows` a range of step 1 in the height of the
    convolution's output, before it is shuffled.
    """
    if layer.kind == "pair":
        return sum(
            _correlate(
                operands(x[rows.start:rows.stop], layer.input).reshape(len(rows), -1),
                layer.weight[:, i:i + 1], 1,
            )
            for i, x in enumerate(inputs)
        )
    x, = inputs
    width = layer.output_size(*x.shape[:2])[1] // layer.shuffle
    function = _convolve if layer.kind == "conv" else _transposed_convolve
    return function(layer, x, rows, width)


def _convolve(layer, x, rows, width):
    s, p = layer.stride, layer.padding
    kernel_height, kernel_width = layer.kernel
    a = _operand_rows(
        x, layer.input,
        top=rows.start * s - p, height=(len(rows) - 1) * s + kernel_height,
        left=-p, width=(width - 1) * s + kernel_width,
    )
    return _correlate(a, layer.weight, s)


def _transposed_convolve(layer, x, rows, width):
    """Output rows `y` with the same `(y + p) mod s` meet the same kernel rows,
    `ky = ky0, ky0 + s, ...`, on the input rows `iy0, iy0 - 1, ...` with `iy0 = (y + p) // s`; the
    columns likewise. So each of the s * s phases is a convolution of stride 1 with a part of the
    kernel, turned over, and no inserted zero is ever multiplied.
    """
    s, p = layer.stride, layer.padding
    acc = np.zeros((len(rows), width, layer.sums), np.int32)
    for phase_y in range(s):
        for phase_x in range(s):
            phase = acc[phase_y::s, phase_x::s]
            iy0, ky0 = divmod(rows.start + phase_y + p, s)
            ix0, kx0 = divmod(phase_x + p, s)
            part = layer.weight[:, ky0::s, kx0::s][:, ::-1, ::-1]
            if part.size == 0 or phase.size == 0:  # kernel or output smaller than the stride
                continue
            taps_y, taps_x = part.shape[1:3]
            a = _operand_rows(
                x, layer.input,
                top=iy0 - (taps_y - 1), height=phase.shape[0] + taps_y - 1,
                left=ix0 - (taps_x - 1), width=phase.shape[1] + taps_x - 1,
            )
            phase[:] = _correlate(a, part, 1)
    return acc


def _operand_rows(x, storage, top, height, left, width):
    """A rectangle of operands as int32 `[height][width * channels]`: 0 outside the feature map."""
    a = np.zeros((height, width, x.shape[2]), np.int32)
    inside = x[max(top, 0):max(top + height, 0), max(left, 0):max(left + width, 0)]
    if inside.size:
        above, before = max(-top, 0), max(-left, 0)
        a[above:above + inside.shape[0], before:before + inside.shape[1]] = (
            operands(inside, storage)
        )
    return a.reshape(height, -1)


def _correlate(a, weight, stride):
    """Slide `weight` `[o][ky][kx][i]` over operand rows, without padding.

    einsum on a view of the windows copies nothing, and with two int32 arrays it is several times
    faster than `@`, which has no fast path for integers.
    """
    out_channels, kernel_height, kernel_width, in_channels = weight.shape
    run = kernel_width * in_channels
    weight = weight.reshape(out_channels, kernel_height, run).astype(np.int32)
    windows = sliding_window_view(a, (kernel_height, run))[::stride, ::stride * in_channels]
    return np.einsum("yxkr,okr->yxo", windows, weight)
