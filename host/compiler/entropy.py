"""Integer probability tables: what the model learnt, corrected by what calibration shows.

A table's probabilities are (count + weight * prior) / (samples + weight). The prior is the trained
entropy bottleneck's own probability of each integer, or, where there is none (the paper's raw
weights), a Laplace distribution fitted to the channel. Calibration sees the latents that the
integer network really gives, so the mixture is also right where quantisation moved a channel.
"""

import copy

import numpy as np
import torch

from litelic.host.program.model import EntropyTable

TOTAL = 1 << 16
TAIL = 2.0**-15  # probability left to the escape on each side, at most
LARGEST_SYMBOL = 2047  # distance of a table's ends from the channel's centre, at most
# In samples. A bottleneck has seen the training set; a fitted Laplace is only a shape.
LEARNT_WEIGHT, FITTED_WEIGHT = 50_000.0, 200.0


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
    tables = []
    for channel, values in enumerate(latents.T.astype(np.int64)):
        centre = int(np.median(values))
        first, last = centre - LARGEST_SYMBOL, centre + LARGEST_SYMBOL
        expected = np.maximum(prior(channel, first, last), 0)
        seen = values[(values >= first) & (values <= last)]
        counts = np.bincount(seen - first, minlength=last - first + 1)
        mixed = (counts + weight * expected) / (len(values) + weight)
        below, above = np.cumsum(mixed), np.cumsum(mixed[::-1])[::-1]
        kept = np.flatnonzero((below > TAIL) & (above > TAIL))
        start, stop = (kept[0], kept[-1] + 1) if len(kept) else (LARGEST_SYMBOL, LARGEST_SYMBOL + 1)
        inside = mixed[start:stop]
        escape = max(1 - inside.sum(), 1 / TOTAL)
        tables.append(EntropyTable(int(first + start), integer_cdf(np.append(inside, escape))))
    return tables


def estimate_bits(tables, latents):
    """The ideal code length in bits of integer `latents` (..., channels); 8 bits more an escape."""
    total = 0.0
    for channel, table in enumerate(tables):
        symbols = latents[..., channel].reshape(-1).astype(np.int64) - table.offset
        escape = len(table.cdf) - 2
        outside = (symbols < 0) | (symbols >= escape)
        symbols = np.where(outside, escape, symbols)
        frequency = np.diff(table.cdf.astype(np.int64))[symbols]
        total += (16 - np.log2(frequency)).sum() + 8 * outside.sum()
    return total
