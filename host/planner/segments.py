"""Share the array's output lanes out: which channels are computed together.

All channels of a segment read one window. Channels of a transposed convolution have windows of
different sizes; lanes that a window leaves free are filled with channels whose window lies inside
it, their missing taps being zeros.
"""

import numpy as np

from litelic.host.planner.taps import Group


def _words(box, in_channels, reduction):
    """Cycles a result costs in a window."""
    top, left, bottom, right = box
    return (bottom - top) * -(-(right - left) * in_channels // reduction)


def _inside(box, other):
    return (
        box[0] >= other[0] and box[1] >= other[1] and box[2] <= other[2] and box[3] <= other[3]
    )


def segments_of(window, outputs, reduction):
    """Return the segments of a `taps.Window` for an array: `taps.Group`s of up to `outputs`
    channels.

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
    """Segments by the greedy rule, windows sorted by `order`."""
    waiting = {}  # box -> (weight, channel) of each channel that is not in a segment yet
    for group in window.groups:
        waiting.setdefault(group.box, []).extend(zip(group.weight, group.channels))
    boxes = sorted(waiting, key=order)
    segments = []
    for box in boxes:
        while waiting[box]:
            taken = []  # (box, weight, channel)
            for candidate in boxes:
                if _inside(candidate, box):
                    room = outputs - len(taken)
                    taken += [(candidate, *item) for item in waiting[candidate][:room]]
                    waiting[candidate] = waiting[candidate][room:]
            segments.append(_merge(box, taken))
    return segments


def _merge(box, taken):
    """The segment of `box`, with the weights of each channel at their place in it."""
    top, left, bottom, right = box
    in_channels = taken[0][1].shape[2]
    weight = np.zeros((len(taken), bottom - top, right - left, in_channels), np.int8)
    for merged, ((y, x, y_end, x_end), own, _) in zip(weight, taken):
        merged[y - top : y_end - top, x - left : x_end - left] = own
    return Group(top, left, weight, [channel for _, _, channel in taken])
