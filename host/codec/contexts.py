"""What the decoder already knows about a latent: the activity around it.

Where one channel is busy, the others are too. The activity at a latent is a weighted mean of the
magnitudes of latents coded before it, each divided by the magnitude that its channel's table
expects: 1 means as busy as the table, 1/8 a calm sky. It is sorted into 16 classes. All is integer;
`docs/container.md` has the formulas.
"""

import math

import numpy as np

CLASSES = 16
UNIT = 16  # a magnitude as large as its table expects
SMALLEST_SPREAD = 12
SAME_WEIGHT = 8  # of other channels' magnitudes at the same pixel; 1 for the pixels beside it
OWN_WEIGHT = 16  # of the channel's own magnitudes at the four pixels beside it
PRIOR = 8
THRESHOLDS = np.array([math.isqrt(1 << (k + 8)) for k in range(1, CLASSES)])


def centre_and_spread(table):
    """The median latent of an `EntropyTable`, and the mean distance from it in 1/256.

    The escape does not count. A table that has nothing else has its offset as the median.
    """
    frequency = np.diff(table.cdf.astype(np.int64))[:-1]
    if not len(frequency):
        return table.offset, SMALLEST_SPREAD
    middle = int(np.searchsorted(table.cdf[1:-1], 1 << 15))
    middle = min(middle, len(frequency) - 1)
    distance = np.abs(np.arange(len(frequency)) - middle)
    return table.offset + middle, max(int((frequency * distance).sum()) >> 8, SMALLEST_SPREAD)


def checkerboard(height, width):
    """The flat indices of the two passes over a plane: first the pixels with even y + x."""
    parity = (np.arange(height)[:, None] + np.arange(width)) % 2
    return np.flatnonzero(parity == 0), np.flatnonzero(parity == 1)


def _beside(plane):
    """The sum of the four pixels beside each pixel of a plane with a border."""
    return plane[:-2, 1:-1] + plane[2:, 1:-1] + plane[1:-1, :-2] + plane[1:-1, 2:]


class Activity:
    """The activity map of a picture, updated channel by channel."""

    def __init__(self, height, width):
        self.total = np.zeros((height, width), dtype=np.int64)
        self.channels = 0
        self.neighbours = _beside(np.pad(np.ones_like(self.total), 1))

    def before(self):
        """Sum and weight of what is known from the channels before, for each pixel."""
        total = SAME_WEIGHT * self.total + _beside(np.pad(self.total, 1, mode="edge"))
        return total, (SAME_WEIGHT + 4) * UNIT * self.channels

    def first(self):
        """The classes of all pixels, as the first pass over a channel sees them."""
        return _classify(*self.before())

    def second(self, latents, centre, spread):
        """The classes of all pixels, as the second pass sees them: only those of the second pass
        are meaningful, and only the latents of the first pass count for them."""
        total, weight = self.before()
        own = _beside(np.pad(_magnitude(latents, centre, spread), 1))
        return _classify(
            total + OWN_WEIGHT * own, weight + OWN_WEIGHT * UNIT * self.neighbours
        )

    def add(self, latents, centre, spread):
        """Take in a whole channel, int [height][width]."""
        self.total += _magnitude(latents, centre, spread)
        self.channels += 1


def _magnitude(latents, centre, spread):
    return np.abs(latents.astype(np.int64) - centre) * (256 * UNIT) // spread


def _classify(total, weight):
    ratio = (total + PRIOR) * 256 // (weight + PRIOR)
    return THRESHOLDS.searchsorted(ratio, side="right")
