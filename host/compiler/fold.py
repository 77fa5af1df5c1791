"""A torch model as float networks in integer units.

What is outside the networks (pixels of 0..255, centring, latent gain, fractional medians, units of
scales) moves into weights and biases, so that the picture's bytes go in, symbols lie between, and
bytes come out.
"""

from dataclasses import dataclass

import numpy as np
import torch

from litelic.host.compiler.describe import describe
from litelic.host.compiler.entropy import SCALE_UNIT, medians
from litelic.host.compiler.layers import readers_of
from litelic.host.compiler.torch_compat import import_compressai
from litelic.host.errors import LitelicError
from litelic.host.program.network import INPUT

import_compressai()
from compressai.models import MeanScaleHyperprior, ScaleHyperprior  # noqa: E402


@dataclass
class FloatModel:
    """All networks after folding; the hyperprior's are empty lists where there is none."""

    analysis: list
    synthesis: list
    input: str  # storage of the picture: "uint8" or "centred"
    # What a symbol that the entropy bottleneck codes stands for beyond its integer [channel].
    fractions: np.ndarray
    hyper_analysis: list
    hyper_synthesis: list
    magnitudes: bool = False  # the hyper analysis reads |latents|

    @property
    def channels(self):
        """Of the latents."""
        return self.analysis[-1].channels

    @property
    def has_means(self):
        return bool(self.hyper_synthesis) and self.hyper_synthesis[-1].channels > self.channels

    def operands(self, pictures):
        """uint8 pictures (batch, height, width, 3) as float32 operands (batch, 3, ...)."""
        x = torch.tensor(pictures).permute(0, 3, 1, 2).float()
        return x - 128 if self.input == "centred" else x

    def in_parts(self, factors):
        """Latents, and means, in parts of a symbol from now on, `factors` [channel] of them."""
        scale_results(self.analysis[-1], factors)
        if self.has_means:
            units = np.concatenate([np.ones(self.channels), factors])
            scale_results(self.hyper_synthesis[-1], units)


def scale_results(layer, units):
    """Multiply the results [channel] of a layer that nothing follows but a ReLU."""
    units = np.repeat(units, layer.shuffle**2)
    layer.weight *= units[:, None, None, None]
    layer.bias = layer.bias * units


def fold(model, trained_entropy):
    """The `FloatModel` of a torch `model` with `g_a`, `g_s` and perhaps `h_a`, `h_s`, `centre`,
    `gain`; whether its entropy bottleneck says anything about its symbols.

    The bottleneck's medians are not whole: a fraction is subtracted before rounding and added after
    it. A transposed convolution answers to a constant with a pattern that repeats with its stride;
    only the pattern's mean can go into the bias.
    """
    centre, gain = getattr(model, "centre", 0.0), getattr(model, "gain", 1.0)
    if centre not in (0.0, 0.5):
        raise LitelicError(f"centre {centre} is not supported, only 0 and 0.5")
    analysis, synthesis = describe(model.g_a, "g_a"), describe(model.g_s, "g_s")
    hyper_analysis, hyper_synthesis = [], []
    if has_hyperprior(model):
        hyper_analysis = describe(model.h_a, "h_a")
        hyper_synthesis = describe(model.h_s, "h_s", may_bend=True)
    coder, decoder = (hyper_analysis, hyper_synthesis) if hyper_analysis else (analysis, synthesis)
    channels = coder[-1].channels
    fractions = medians(model.entropy_bottleneck)[1] if trained_entropy else np.zeros(channels)

    for layer in analysis + hyper_analysis:
        if layer.kind == "deconv" or layer.shuffle > 1:
            raise LitelicError(f"{layer.name} makes its map larger, which no analysis may do")
    for first in readers_of(analysis)[INPUT]:
        if first.kind == "pair":
            raise LitelicError(f"{first.name} adds the picture to a map, which is not supported")
        first.weight /= 255
        if centre:
            # Operands are v - 128 where the model has v - 127.5: exact but for the zero border.
            first.bias += first.weight.sum(axis=(1, 2, 3)) * (128 - 255 * centre)
    scale_results(analysis[-1], np.full(analysis[-1].channels, gain))
    for entry in readers_of(synthesis)[INPUT]:
        if entry.kind != "pair":
            entry.weight /= gain
            continue
        for i, source in enumerate(entry.sources):
            if source == INPUT:
                entry.weight[:, i] /= gain
    coder[-1].bias = coder[-1].bias - fractions
    for entry in readers_of(decoder)[INPUT] if fractions.any() else ():
        if entry.kind == "pair":
            raise LitelicError(f"{entry.name} reads latents whose medians are not whole")
        phases = entry.stride**2 if entry.kind == "deconv" else 1
        entry.bias += entry.weight.sum(axis=(1, 2)) @ fractions / phases
    if hyper_synthesis:
        units = np.full(hyper_synthesis[-1].channels, 1.0)
        units[: analysis[-1].channels] = SCALE_UNIT
        scale_results(hyper_synthesis[-1], units)

    exit_ = synthesis[-1]
    exit_.weight *= 255
    exit_.bias = (exit_.bias + centre) * 255
    return FloatModel(
        analysis, synthesis, "centred" if centre else "uint8", fractions, hyper_analysis,
        hyper_synthesis,
        isinstance(model, ScaleHyperprior) and not isinstance(model, MeanScaleHyperprior),
    )


def has_hyperprior(model):
    """Whether the latents' probabilities come from a hyperprior alone: with a context model they do
    not, and are learnt from the calibration instead."""
    return hasattr(model, "h_a") and not hasattr(model, "context_prediction")


