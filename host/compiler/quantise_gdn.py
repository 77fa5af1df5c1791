"""The integers of a normalisation (docs/numerics.md, section 5).

Scales: one step of `x` (int16) stands for s, of the stored result for t, of the integer norm for
nu, a channel each. The hardware can only shift by one number a layer, so per channel nu has to be
such that what is left is 2^-B, the same for all:

    reciprocal  y t = x s / (n nu)        y = x / n 2^B         nu = s / (t 2^B)
    rsqrt       y t = x s / sqrt(n nu)    y = x / sqrt(n) 2^B   nu = (s / (t 2^B))^2
    multiply    y t = x s n nu            y = x n 2^-B          nu = t / (s 2^B)
    sqrt        y t = x s sqrt(n nu)      y = x sqrt(n) 2^-B    nu = (t / (s 2^B))^2

B is chosen so that the largest norm seen in calibration is just below 2^23, half of what fits.
"""

import numpy as np
import torch

from litelic.host.compiler.calibrate import CAUTION, HEADROOM
from litelic.host.compiler.requantiser import requantiser, whole
from litelic.host.compiler.rounding import clip_scales, gram, round_to_fit, round_with_feedback
from litelic.host.program.layer import Gdn, largest_sums

CLIPS = (1.0, 0.9, 0.8, 0.7, 0.62, 0.55, 0.48, 0.42, 0.36, 0.3, 0.25)
# By their bits: of magnitudes, squares. 15 bits leave nothing of an int16 out.
OPERAND_SHIFT = {8: (5, 18), 15: (0, 15)}
LARGEST_NORM = 2.0**23


def _norm(gdn, x):
    return (x * x if gdn.squares else np.abs(x)) @ gdn.gamma.T + gdn.beta


def _sensitivity(gdn, x, norm):
    """How much each result moves with its norm, |dy/dn| (samples, channels)."""
    return np.abs(x) * {
        "reciprocal": lambda: 1 / norm**2, "multiply": lambda: np.ones_like(norm),
        "rsqrt": lambda: 0.5 * norm**-1.5, "sqrt": lambda: 0.5 * norm**-0.5,
    }[gdn.function]()


def _operands(gdn, x, full, highest=255):
    """Operands of `x`, channel j reaching `highest` at the magnitude `full[j]`; and their step."""
    size, full = (x * x, full**2) if gdn.squares else (np.abs(x), full)
    return np.minimum(np.floor(size / (full / highest) + 0.5), highest), full / highest


def _importance(gdn, x, norm, step):
    """The squared sensitivity of each sample's results to its norms, in steps of the results."""
    importance = (_sensitivity(gdn, x, norm) / step) ** 2
    return importance + 1e-12 * importance.max() + 1e-30


def _above_zero(largest):
    return np.maximum(largest, 1e-6 * largest.max() + 1e-12)


def choose_full(gdn, x, step, largest):
    """The magnitude [channel] at which 8-bit operands saturate.

    Of a few fractions of each channel's `largest` magnitude, the one whose rounding and saturation
    (which counts more, as in `clip_for_integers`) move the results least, over the samples `x`
    (samples, channels).
    """
    largest = _above_zero(largest)
    cost = _importance(gdn, x, _norm(gdn, x), step) @ gdn.gamma**2  # of a unit error in an operand
    size = x * x if gdn.squares else np.abs(x)
    best, chosen = np.full(len(largest), np.inf), largest
    for clip in CLIPS:
        full = largest * clip
        operands, unit = _operands(gdn, x, full)
        error = cost * (operands * unit - size) ** 2
        error[size > 255.5 * unit] *= CAUTION
        error = error.sum(axis=0)
        chosen = np.where(error < best, full, chosen)
        best = np.minimum(error, best)
    return chosen


def quantise_gdn(gdn, got, wanted, step, largest, feedback, operand_bits=8):
    """Return (`Gdn`, s [channel]).

    `got` and `wanted` are samples (samples, channels) of what the integer and the float
    convolution give, `step` is t, `largest` each channel's largest magnitude in calibration.
    """
    highest = 2**operand_bits - 1
    if operand_bits == 8:
        full = choose_full(gdn, wanted, step, largest)
    else:
        full = HEADROOM * _above_zero(largest)
    operand_shift = OPERAND_SHIFT[operand_bits][gdn.squares]
    reach = (highest * 2.0**operand_shift) ** (0.5 if gdn.squares else 1)  # x at which it saturates
    s = full / reach

    operands, unit = _operands(gdn, got, full, highest)
    folded = gdn.gamma * unit
    h = gram(torch.from_numpy(operands))
    scale = np.maximum(clip_scales(folded, np.diag(h)), np.abs(gdn.beta) / 2**29 + 1e-30)

    def rounded(scale):
        if feedback:
            return round_with_feedback(folded, h, scale, lowest=0)
        return np.clip(np.round(folded / scale[:, None]), 0, 127)

    steps, scale = round_to_fit(
        rounded, scale, gdn.beta, lambda steps: largest_sums(steps[:, None, None], 0, highest)
    )
    norm = operands @ (steps * scale[:, None]).T + gdn.beta
    target = _norm(gdn, wanted)
    importance = _importance(gdn, wanted, target, step)
    beta = gdn.beta + np.average(target - norm, axis=0, weights=importance)

    root = 2 if gdn.squares else 1
    inverse = gdn.function in ("multiply", "sqrt")
    per_norm = (step / s if inverse else s / step) ** root  # nu before the power of two
    power = int(np.floor(np.log2(LARGEST_NORM / (target / per_norm).max()) / root))
    power = min(power, 48) if inverse else min(power, 16)
    nu = per_norm / 2.0 ** (power * root)
    multiplier, shift = requantiser(scale / nu, gdn.name)
    return Gdn(
        name=gdn.name, function=gdn.function, operand_shift=operand_shift,
        gamma=steps.astype(np.int8), bias=whole(beta / scale, gdn.name),
        multiplier=multiplier, shift=shift,
        output_shift=power + 15 if inverse else 16 - power, operand_bits=operand_bits,
    ), s
