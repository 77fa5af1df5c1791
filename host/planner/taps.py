"""Split a layer into groups of output channels that read the same window of the input.

A convolution is one group. A transposed convolution of stride s is s*s small convolutions, one an
output phase, with no inserted zero anywhere; phases that use the same window form one group, as
further output channels.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Channel:
    """One output channel of a group: result row and column within the cell, channel of the result,
    and channel of the sums, whose requantiser it has."""

    row: int
    column: int
    channel: int
    sum: int


@dataclass
class Group:
    """`weight[v]` belongs to `channels[v]`; the window starts at (y, x) from the strip's corner."""

    y: int
    x: int
    weight: np.ndarray  # int8 [channels][height][width][in]
    channels: list

    @property
    def box(self):
        """The window's (top, left, bottom, right)."""
        height, width = self.weight.shape[1:3]
        return self.y, self.x, self.y + height, self.x + width


@dataclass
class Window:
    """How a layer reads its input: result (or phase cell) q reads rows from q * step + origin."""

    step: tuple  # (y, x)
    origin: tuple  # (y, x), relative to the input
    span: tuple  # (height, width) that all groups together read
    # Results a cell, in each direction: 1, the stride of a transposed convolution, or the shuffle.
    cell: int
    groups: list


def split(layer):
    """Return the `Window` of a `Layer`."""
    if layer.kind == "deconv":
        return _split_transposed(layer)
    channels = []
    for i in range(layer.sums):
        channel, place = divmod(i, layer.shuffle**2)
        channels.append(Channel(*divmod(place, layer.shuffle), channel, i))
    group = Group(0, 0, layer.weight, channels)
    span = layer.weight.shape[1:3]
    # The rows of a pair's maps lie in turns.
    step = (2, 1) if layer.kind == "pair" else (layer.stride, layer.stride)
    return Window(step, (-layer.padding, -layer.padding), span, layer.shuffle, [group])


def _phase(residue, kernel, stride, padding):
    """(first input row from the cell's row, kernel rows in ascending input order) of a phase."""
    first = (residue + padding) % stride
    taps = list(range(first, kernel, stride))[::-1]
    if not taps:
        return 0, []
    return (residue + padding - taps[0]) // stride, taps


def _split_transposed(layer):
    stride, (height, width) = layer.stride, layer.kernel
    rows = [_phase(r, height, stride, layer.padding) for r in range(stride)]
    columns = [_phase(r, width, stride, layer.padding) for r in range(stride)]
    gathered = defaultdict(list)
    for r, (y, row_taps) in enumerate(rows):
        for s, (x, column_taps) in enumerate(columns):
            # A phase that no tap reaches holds the bias alone: one tap of weight 0.
            shape = (max(1, len(row_taps)), max(1, len(column_taps)))
            weight = np.zeros((layer.sums, *shape, layer.in_channels), np.int8)
            if row_taps and column_taps:
                weight[:] = layer.weight[:, row_taps][:, :, column_taps]
                corner = (y, x)
            else:
                weight, corner = weight[:, :1, :1], (rows[0][0], columns[0][0])
            gathered[corner, weight.shape[1:3]].append((r, s, weight))
    top = min(y for (y, _), _ in gathered)
    left = min(x for (_, x), _ in gathered)
    bottom = max(y + h for (y, _), (h, _) in gathered)
    right = max(x + w for (_, x), (_, w) in gathered)
    groups = []
    for ((y, x), _), phases in gathered.items():
        channels = [
            Channel(r, s, c, c) for r, s, _ in phases for c in range(layer.sums)
        ]
        weight = np.concatenate([weight for _, _, weight in phases])
        groups.append(Group(y - top, x - left, weight, channels))
    return Window((1, 1), (top, left), (bottom - top, right - left), stride, groups)
