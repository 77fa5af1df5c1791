"""Share the array's output lanes out: which channels are computed together.

All channels of a segment read one window. Channels of a transposed convolution have windows of
different sizes; lanes that a window leaves free are filled with channels whose window lies inside
it, their missing taps being zeros.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Windowed:
    """A channel with its window: `weight` is [height][width][in], at (y, x) from the corner."""

    y: int
    x: int
    weight: np.ndarray
    channel: object

    @property
    def box(self):
        """(top, left, bottom, right)."""
        height, width = self.weight.shape[:2]
        return self.y, self.x, self.y + height, self.x + width


@dataclass
class Segment:
    """Up to `outputs` channels that share a window; as `taps.Group`."""

    y: int
    x: int
    weight: np.ndarray  # int8 [channels][height][width][in]
    channels: list

    @property
    def box(self):
        """(top, left, bottom, right)."""
        return self.y, self.x, self.y + self.weight.shape[1], self.x + self.weight.shape[2]


def _words(box, in_channels, reduction):
    """Cycles a result costs in a window."""
    top, left, bottom, right = box
    return (bottom - top) * -(-(right - left) * in_channels // reduction)


def _inside(box, other):
    return (
        box[0] >= other[0] and box[1] >= other[1] and box[2] <= other[2] and box[3] <= other[3]
    )


def segments_of(window, outputs, reduction):
    """Return the `Segment`s of a `taps.Window` for an array.

    Windows are served from the most expensive to the cheapest, so that what fills a segment up is
    the most expensive that fits. Among windows of the same cost, either the larger or the first
    goes first, whichever is cheaper in the end.
    """
    in_channels = window.groups[0].weight.shape[3]

    def cost(box):
        return _words(box, in_channels, reduction)

    def area(box):
        return (box[2] - box[0]) * (box[3] - box[1])

    orders = (lambda box: -cost(box), lambda box: (-cost(box), -area(box)))
    candidates = [_share(window, outputs, order) for order in orders]
    return min(candidates, key=lambda shared: sum(cost(segment.box) for segment in shared))


def _share(window, outputs, order):
    """`Segment`s by the greedy rule, windows sorted by `order`."""
    waiting = {}  # box -> channels, in the order in which they are to be computed
    for group in window.groups:
        for weight, channel in zip(group.weight, group.channels):
            item = Windowed(group.y, group.x, weight, channel)
            waiting.setdefault(item.box, []).append(item)
    boxes = sorted(waiting, key=order)
    segments = []
    for box in boxes:
        while waiting[box]:
            taken = []
            for candidate in boxes:
                if _inside(candidate, box):
                    room = outputs - len(taken)
                    taken += waiting[candidate][:room]
                    waiting[candidate] = waiting[candidate][room:]
            segments.append(_merge(box, taken))
    return segments


def _merge(box, items):
    top, left, bottom, right = box
    shape = (len(items), bottom - top, right - left, items[0].weight.shape[2])
    weight = np.zeros(shape, np.int8)
    for place, item in zip(weight, items):
        height, width = item.weight.shape[:2]
        place[item.y - top :, item.x - left :][:height, :width] = item.weight
    return Segment(top, left, weight, [item.channel for item in items])
