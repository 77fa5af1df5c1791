"""Integer probability tables: what the model learnt, corrected by what calibration shows.

A table's probabilities are (count + weight * prior) / (samples + weight). The prior is the trained
entropy bottleneck's own probability of each integer, or, where there is none (the paper's raw
weights), a Laplace distribution fitted to the channel. Calibration sees the latents that the
integer network really gives, so the mixture is also right where quantisation moved a channel.
"""

import copy
import functools

import numpy as np
import torch

from litelic.host.compiler.torch_compat import import_compressai
from litelic.host.program.model import EntropyTable

import_compressai()
from compressai.models.base import get_scale_table  # noqa: E402

TOTAL = 1 << 16
TAIL = 2.0**-15  # probability left to the escape on each side, at most
LARGEST_SYMBOL = 2047  # distance of a table's ends from the channel's centre, at most
# In samples. A bottleneck has seen the training set; a fitted Laplace is only a shape.
LEARNT_WEIGHT, FITTED_WEIGHT = 50_000.0, 200.0
SCALE_UNIT = 100  # parts of a scale of 1 in what the hyperprior gives


@torch.no_grad()
def medians(bottleneck):
    """The medians of a trained `EntropyBottleneck` as (integers, fractions), float64 [channel]."""
    bottleneck = copy.deepcopy(bottleneck)
    bottleneck._update_quantiles()
    values = bottleneck.quantiles[:, 0, 1].double().numpy()
    whole = np.floor(values + 0.5)
    return whole, values - whole


@torch.no_grad()
def bottleneck_prior(bottleneck, fractions):
    """Return the function that gives each channel's probabilities of the integers `first..last`.

    Latent L of channel c stands for the real value L + fractions[c].
    """

    def prior(channel, first, last):
        edges = torch.arange(first, last + 2, dtype=torch.float32) - 0.5 + fractions[channel]
        inputs = edges.expand(bottleneck.channels, 1, -1)
        logits = bottleneck._logits_cumulative(inputs, stop_gradient=True)[channel, 0].double()
        # The difference of two sigmoids near 1 loses its digits; near 0 it does not.
        sign = -torch.sign(logits[:-1] + logits[1:])
        lower, upper = torch.sigmoid(sign * logits[:-1]), torch.sigmoid(sign * logits[1:])
        return (upper - lower).abs().numpy()

    return prior


def laplace_prior(latents):
    """The same from a Laplace distribution fitted to `latents` (samples, channels)."""
    middle = np.median(latents, axis=0)
    spread = np.maximum(np.abs(latents - middle).mean(axis=0), 0.05)

    def cumulative(x):
        return np.where(x < 0, 0.5 * np.exp(np.minimum(x, 0)), 1 - 0.5 * np.exp(-np.maximum(x, 0)))

    def prior(channel, first, last):
        edges = (np.arange(first, last + 2) - 0.5 - middle[channel]) / spread[channel]
        return np.diff(cumulative(edges))

    return prior


def integer_cdf(probabilities):
    """Cumulative integers 0..65536 of `probabilities`, each symbol at least 1."""
    probabilities = probabilities / probabilities.sum()
    spare = TOTAL - len(probabilities)
    exact = probabilities * spare
    counts = 1 + np.floor(exact).astype(np.int64)
    left = TOTAL - counts.sum()
    counts[np.argsort(-(exact - np.floor(exact)), kind="stable")[:left]] += 1
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)


def make_tables(latents, prior, weight):
    """Return one `EntropyTable` a channel for integer `latents` (samples, channels).

    `prior(channel, first, last)` gives the probabilities of integers; it counts like `weight`
    samples.
    """
    return [
        _table(values, int(np.median(values)), functools.partial(prior, channel), weight)
        for channel, values in enumerate(latents.T.astype(np.int64))
    ]


def _table(values, centre, expected, weight):
    """The `EntropyTable` of integers `values`; `expected(first, last)` gives probabilities."""
    first, last = centre - LARGEST_SYMBOL, centre + LARGEST_SYMBOL
    seen = values[(values >= first) & (values <= last)]
    counts = np.bincount(seen - first, minlength=last - first + 1)
    mixed = (counts + weight * np.maximum(expected(first, last), 0)) / (len(values) + weight)
    below, above = np.cumsum(mixed), np.cumsum(mixed[::-1])[::-1]
    kept = np.flatnonzero((below > TAIL) & (above > TAIL))
    start, stop = (kept[0], kept[-1] + 1) if len(kept) else (LARGEST_SYMBOL, LARGEST_SYMBOL + 1)
    inside = mixed[start:stop]
    escape = max(1 - inside.sum(), 1 / TOTAL)
    return EntropyTable(int(first + start), integer_cdf(np.append(inside, escape)))


def estimate_bits(tables, latents):
    """The ideal code length in bits of integer `latents` (..., channels); 8 bits more an escape."""
    return sum(
        _code_length(table, latents[..., channel].reshape(-1))
        for channel, table in enumerate(tables)
    )


def _code_length(table, values):
    symbols = values.astype(np.int64) - table.offset
    escape = len(table.cdf) - 2
    outside = (symbols < 0) | (symbols >= escape)
    frequency = np.diff(table.cdf.astype(np.int64))[np.where(outside, escape, symbols)]
    return (16 - np.log2(frequency)).sum() + 8 * outside.sum()


# Hyperpriors --------------------------------------------------------------------------------------


def scales_of_model(model):
    """The scales that a `GaussianConditional` distinguishes, rising; CompressAI's own if the model
    was never prepared for coding."""
    scales = model.gaussian_conditional.scale_table.double().numpy()
    scales = scales if len(scales) > 1 else get_scale_table().double().numpy()
    # Of those that are one to the hyperprior's integers, the smallest.
    _, first = np.unique(np.floor(scales * SCALE_UNIT), return_index=True)
    return scales[first]


def thresholds_of(scales):
    """For `Hyperprior.thresholds`: as CompressAI has it, a scale belongs to the first of `scales`
    that is not below it."""
    return np.floor(scales[:-1] * SCALE_UNIT).astype(np.int32)


def scale_tables(symbols, chosen, scales):
    """An `EntropyTable` for each scale, for integer `symbols` of which `chosen` says the table.

    A normal distribution counts like `LEARNT_WEIGHT` samples.
    """
    return [
        _table(
            symbols[chosen == i].astype(np.int64), 0, functools.partial(_normal, scale),
            LEARNT_WEIGHT,
        )
        for i, scale in enumerate(scales)
    ]


def _normal(scale, first, last):
    edges = (torch.arange(first, last + 2, dtype=torch.float64) - 0.5) / scale
    # Far from the centre the differences of two values near 1 have no digits left; of two near 0
    # they have.
    below = torch.special.ndtr(-edges.abs())
    mass = (below[1:] - below[:-1]).abs()
    middle = (edges[:-1] < 0) & (edges[1:] > 0)
    return torch.where(middle, 1 - below[1:] - below[:-1], mass).numpy()


def estimate_bits_by_scale(tables, symbols, chosen):
    """`estimate_bits` of symbols of which `chosen` says the table."""
    return sum(_code_length(table, symbols[chosen == i]) for i, table in enumerate(tables))
