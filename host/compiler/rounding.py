"""Round weights with the least harm to a layer's output.

Rounding each weight to nearest ignores that inputs are correlated: the error of one weight can be
made good by the others. With H = A^T A of the layer's real inputs A, each column's error is spread
over the columns that are still to be rounded, in the order of falling input power (the method of
optimal brain surgery, known for large models as GPTQ).
"""

import numpy as np

BLOCK = 128
CLIPS = np.linspace(0.6, 1.0, 17)
LARGEST_SUM = 0.98 * 2**31  # of products and bias: what is corrected later must fit as well


def gram(operands, damping=0.01):
    """H of `operands` (samples, columns), float64, damped so that it can be inverted."""
    h = (operands.T @ operands).double().numpy() / len(operands)
    power = np.diag(h).mean()
    h[np.diag_indices_from(h)] += damping * power + 1e-9
    return h


def clip_scales(weight, power, highest=127):
    """The scale [out] that rounds each row of `weight` best, columns weighed by input `power`."""
    reach = np.abs(weight).max(axis=1)
    best, chosen = np.full(len(weight), np.inf), reach / highest
    for clip in CLIPS:
        scale = np.maximum(reach * clip / highest, 1e-30)
        steps = np.clip(np.round(weight / scale[:, None]), -highest, highest)
        error = ((steps * scale[:, None] - weight) ** 2) @ power
        better = error < best
        best[better], chosen[better] = error[better], scale[better]
    return chosen


def round_with_feedback(weight, h, scale, lowest=-127, highest=127):
    """Return int64 steps [out][columns] of `scale` [out], rounding column by column."""
    order = np.argsort(-np.diag(h), kind="stable")
    w = weight[:, order].astype(np.float64)
    inverse = np.linalg.inv(h[np.ix_(order, order)])
    upper = np.linalg.cholesky(inverse).T  # inverse = upper.T @ upper
    steps = np.empty(w.shape, np.int64)
    for start in range(0, w.shape[1], BLOCK):
        end = min(start + BLOCK, w.shape[1])
        errors = np.empty((len(w), end - start))
        for j in range(start, end):
            steps[:, j] = np.clip(np.round(w[:, j] / scale), lowest, highest)
            error = (w[:, j] - steps[:, j] * scale) / upper[j, j]
            w[:, j + 1 : end] -= np.outer(error, upper[j, j + 1 : end])
            errors[:, j - start] = error
        w[:, end:] -= errors @ upper[start:end, end:]
    unordered = np.empty_like(steps)
    unordered[:, order] = steps
    return unordered


def round_to_fit(rounded, scale, bias, reach):
    """Return (steps, scale): weights rounded so that no sum of products can leave int32.

    rounded(scale) : the steps for scales [out].
    bias           : in real units [out].
    reach(steps)   : the largest sum of products [out].
    Rows with sums that are too large get a coarser scale, and so smaller steps.
    """
    while True:
        steps = rounded(scale)
        excess = (reach(steps) + np.abs(bias / scale)) / LARGEST_SUM
        if (excess <= 1).all():
            return steps, scale
        scale = scale * np.where(excess > 1, 1.01 * excess, 1)
