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
    """One output channel of a group: result row and column within the phase cell, and channel."""

    row: int
    column: int
    channel: int


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

    step: int
    origin: tuple  # (y, x), relative to the input
    span: tuple  # (height, width) that all groups together read
    cell: int  # results a cell, in each direction: 1, or the stride of a transposed convolution
    groups: list


def split(layer):
    """Return the `Window` of a `Layer`."""
    if layer.kind == "conv":
        channels = [Channel(0, 0, c) for c in range(layer.out_channels)]
        group = Group(0, 0, layer.weight, channels)
        return Window(layer.stride, (-layer.padding, -layer.padding), layer.kernel, 1, [group])
    return _split_transposed(layer)


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
            weight = np.zeros((layer.out_channels, *shape, layer.in_channels), np.int8)
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
            Channel(r, s, c) for r, s, _ in phases for c in range(layer.out_channels)
        ]
        weight = np.concatenate([weight for _, _, weight in phases])
        groups.append(Group(y - top, x - left, weight, channels))
    return Window(1, (top, left), (bottom - top, right - left), stride, groups)
