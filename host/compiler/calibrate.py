"""Calibration photographs, and activation scales from what they make of each channel."""

from pathlib import Path

import numpy as np

from litelic.host.errors import LitelicError
from litelic.host.training.photographs import SUFFIXES, read_photograph

CROP = 256
CONTRAST, COLOUR = 1.5, 3.0  # of vivid crops
# Photographs to come exceed what calibration has seen, so saturation there is counted this often.
CAUTION = 10.0
# 16-bit activations have bits to spare: photographs to come may exceed calibration by this factor.
HEADROOM = 2.0
CLIPS = np.array([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.42, 0.35, 0.29, 0.24, 0.2])


def find_photographs(sources):
    """The photographs' paths in `sources`, files and folders (searched recursively), in order."""
    paths = []
    for source in map(Path, sources):
        if source.is_dir():
            paths += sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
        elif source.exists():
            paths.append(source)
        else:
            raise LitelicError(f"{source} does not exist; name photographs or folders of them")
    if not paths:
        raise LitelicError("no photograph to calibrate on; name photographs or folders of them")
    return paths


def load_crops(sources, count=32, size=CROP, seed=1):
    """Return `count` crops of the photographs `sources`, uint8 (count, size, size, 3).

    Crops are spread evenly over the photographs. Small ones are extended by their last row and
    column, as the codec does. The same photographs always give the same crops.
    """
    paths = find_photographs(sources)
    rng = np.random.default_rng(seed)
    crops = np.empty((count, size, size, 3), np.uint8)
    for i in range(count):
        path = paths[i * len(paths) // count if count < len(paths) else i % len(paths)]
        photograph = read_photograph(path)
        missing = [(0, max(0, size - n)) for n in photograph.shape[:2]]
        photograph = np.pad(photograph, (*missing, (0, 0)), mode="edge")
        y, x = (rng.integers(n - size + 1) for n in photograph.shape[:2])
        crops[i] = photograph[y : y + size, x : x + size]
    return crops


def vivid(crops, seed=1):
    """Turn `crops` into pictures of strong contrast and colour, with channels exchanged.

    Scales that saturate on a red parrot cost several dB there, and a few dozen ordinary
    photographs hold no such colours: these do.
    """
    rng = np.random.default_rng(seed)
    turned = np.stack([crop[..., rng.permutation(3)] for crop in crops]).astype(np.float64)
    grey = turned.mean(axis=3, keepdims=True)
    grey_mean = grey.mean(axis=(1, 2), keepdims=True)
    strong = grey_mean + CONTRAST * (grey - grey_mean) + COLOUR * (turned - grey)
    return np.round(strong).clip(0, 255).astype(np.uint8)


def scale_with_headroom(largest, highest):
    """The scales [channel] that make `highest` of `HEADROOM` times the `largest` magnitudes."""
    return np.where(largest > 0, largest, 1.0) * HEADROOM / highest


def clip_for_integers(values, lowest, highest):
    """The scales [channel] that round `values` (samples, channels) to `lowest..highest` best.

    A scale is what one step stands for. Of a few fractions of each channel's largest magnitude,
    the one with the least squared error; saturation counts more than rounding (`CAUTION`).
    """
    reach = np.abs(values).max(axis=0)
    reach[reach == 0] = 1.0
    best, chosen = np.full(len(reach), np.inf), reach / highest
    for clip in CLIPS:
        scale = reach * clip / highest
        steps = np.floor(values / scale + 0.5)
        error = (np.clip(steps, lowest, highest) * scale - values) ** 2
        error[(steps < lowest) | (steps > highest)] *= CAUTION
        error = error.mean(axis=0)
        better = error < best
        best[better], chosen[better] = error[better], scale[better]
    return chosen
