"""From float layers to integer layers, one after the other, on calibration pictures.

Two runs go side by side: the float network's (`reference`) and the integers' (`stored`), so
that each layer is fitted to the float layer's output given the integers that it will really read.
The scale of an activation channel costs nothing: the requantiser in front has a multiplier a
channel, and the next weights absorb it.
"""

from dataclasses import dataclass

import numpy as np
import torch

from litelic.host.compiler.balance import coarser_scales
from litelic.host.compiler.calibrate import clip_for_integers, scale_with_headroom
from litelic.host.compiler.quantise_gdn import quantise_gdn
from litelic.host.compiler.requantiser import requantiser, whole
from litelic.host.compiler.rounding import (
    CLIPS,
    LARGEST_SUM,
    clip_scales,
    gram,
    round_to_fit,
    round_with_feedback,
)
from litelic.host.compiler.simulate import simulate
from litelic.host.compiler.taps import groups, put, sample, take
from litelic.host.program.model import OPERAND_RANGE, OUTPUT_RANGE, Layer, largest_sums

LARGEST_BIAS = 2**29
HIGHEST = 32767  # of 16-bit activations


@dataclass
class Options:
    """What to do beyond rounding to nearest (docs/compiler.md says what it brings)."""

    samples: int = 20_000  # output pixels a layer is fitted on
    feedback: bool = True  # spread rounding errors over the weights still to be rounded
    correct_bias: bool = True  # remove the mean error of each channel
    seed: int = 1
    balance: bool = True  # coarser scales where the weights behind gain more than is lost
    # 8; 9, stored as int16, for the same boards; or 16, for boards that read them as they are.
    activation_bits: int = 9


@dataclass
class Activations:
    """The same activations of all calibration pictures, in both runs."""

    reference: torch.Tensor  # float32 (batch, channels, height, width), in the model's units
    stored: np.ndarray  # (batch, height, width, channels), as in DRAM
    storage: str  # as the next layer reads them
    scale: np.ndarray  # float64 [channels]: what one step of an operand stands for
    range: tuple  # (lowest, highest) operand that there can be

    def operands(self):
        """What the array sees, float32 (batch, channels, height, width)."""
        x = torch.from_numpy(self.stored).permute(0, 3, 1, 2).float()
        if self.storage == "centred":
            return x - 128
        return x.clamp(-256, 255) if self.storage == "int16" else x


@dataclass
class Report:
    """What became of one layer."""

    name: str
    macs_per_pixel: float  # of the picture
    sqnr_db: float  # signal to quantisation noise at the output, earlier layers' noise included


def quantise_weights(layer, activations, outputs, options):
    """Return int8 weights, their scale [out], the bias [out] in real units, and the samples.

    `outputs` are the float convolution's results. The samples are (what the integer convolution
    gives, what the float one gives), float64 (samples, out), for fitting what follows.
    """
    rng = np.random.default_rng(options.seed)
    operands = activations.operands()
    folded = layer.weight * activations.scale
    parts = groups(layer)
    count = max(1000, options.samples // len(parts))
    drawn = [sample(group, operands, outputs, count, rng) for group in parts]
    grams = [gram(a) for a, _ in drawn]
    rows = [take(folded, group) for group in parts]
    power = np.concatenate([np.diag(h) for h in grams])
    scale = clip_scales(np.concatenate(rows, axis=1), power)
    scale = np.maximum(scale, np.abs(layer.bias) / LARGEST_BIAS + 1e-30)

    def rounded(scale):
        steps = np.zeros(layer.weight.shape, np.int8)
        for group, h, weight in zip(parts, grams, rows, strict=True):
            if options.feedback:
                put(steps, group, round_with_feedback(weight, h, scale))
            else:
                put(steps, group, np.clip(np.round(weight / scale[:, None]), -127, 127))
        return steps

    steps, scale = round_to_fit(
        rounded, scale, layer.bias,
        lambda steps: largest_sums(steps, *activations.range, _step(layer)),
    )
    results, wrong = [], []
    for group, (a, z) in zip(parts, drawn, strict=True):
        taken = take(steps, group).astype(np.float64)
        result = a.double().numpy() @ (taken * scale[:, None]).T + layer.bias
        results.append(result)
        wrong.append(z.double().numpy() - result)
    correction = np.mean([w.mean(axis=0) for w in wrong], axis=0) * options.correct_bias
    got = np.concatenate(results) + correction
    wanted = np.concatenate([z.double().numpy() for _, z in drawn])
    return steps, scale, layer.bias + correction, (got, wanted)


def _step(layer):
    return layer.stride if layer.kind == "deconv" else 1


def highest_activation(layer, scale, lowest):
    """The highest 16-bit activation with which sums of the float `layer` behind them fit int32.

    scale  : of the activations [channel], for `HIGHEST`; it grows as they shrink.
    lowest : -1, or 0 for activations that are not negative.
    The sharpest scale of the layer's weights is reckoned with: activations can better spare half a
    bit than weights can.
    """
    folded = layer.weight * scale
    weight_scale = np.abs(folded).max(axis=(1, 2, 3)) * CLIPS.min() / 127
    weight_scale = np.maximum(weight_scale, np.abs(layer.bias) / LARGEST_BIAS + 1e-30)
    steps = np.clip(np.round(folded / weight_scale[:, None, None, None]), -127, 127)
    sums = largest_sums(steps.astype(np.int8), lowest, 1, _step(layer))
    sums = sums + np.abs(layer.bias / weight_scale) / HIGHEST
    return int(min(HIGHEST, 0.95 * LARGEST_SUM / max(sums.max(), 1)))


def quantise_layer(layer, activations, end, options, following=None):
    """Return (integer `Layer`, the `Activations` behind it, its SQNR in dB).

    `end` is None inside a network, "int16" for latents (scale 1) and "uint8" for the picture.
    `following` is the float layer that reads the result, which has its say with 16-bit activations.
    """
    outputs = layer.convolve(activations.reference)
    steps, scale, bias, (got, wanted) = quantise_weights(layer, activations, outputs, options)
    reference = layer.activate(outputs)
    gdn = None
    wide = options.activation_bits == 16 and end != "uint8"
    output = end or ("uint8" if layer.relu else "int8")
    if not end and output == "int8" and options.activation_bits == 9:
        output = "int16"
    lowest, highest = OUTPUT_RANGE[output] if end else OPERAND_RANGE[output]
    step = np.ones(len(bias))
    if wide:
        output, sign = "int16", 0 if layer.relu else -1
        if not end:
            largest = reference.abs().amax(dim=(0, 2, 3)).double().numpy()
            step = scale_with_headroom(largest, HIGHEST)
        highest = highest_activation(following, step, sign)
        lowest = sign * highest
        step = step if end else step * HIGHEST / highest
    elif not end:
        wanted_after = layer.activate(torch.from_numpy(wanted)[:, :, None, None].float())
        values = wanted_after[:, :, 0, 0].double().numpy()
        step = clip_for_integers(values, lowest, highest)
        if options.balance:
            step = coarser_scales(step, following, values)
    if layer.gdn:
        largest = outputs.abs().amax(dim=(0, 2, 3)).double().numpy()
        gdn, between = quantise_gdn(
            layer.gdn, got, wanted, step, largest, options.feedback, 15 if wide else 8
        )
    else:
        between = step
    multiplier, shift = requantiser(scale / between, layer.name)
    integer = Layer(
        name=layer.name, kind=layer.kind, weight=steps, bias=whole(bias / scale, layer.name),
        multiplier=multiplier, shift=shift, stride=layer.stride, padding=layer.padding,
        output_padding=layer.output_padding, input=activations.storage, output=output,
        lo=lowest, hi=highest, gdn=gdn,
    )
    stored = simulate(integer, activations.operands())
    behind = Activations(
        reference, stored, "wide" if wide else output, step, (lowest, highest)
    )
    return integer, behind, sqnr(behind)


def sqnr(activations):
    """Signal to quantisation noise of `activations`, in dB."""
    real = torch.from_numpy(activations.stored * activations.scale.astype(np.float32))
    wanted = activations.reference.permute(0, 2, 3, 1)
    if activations.storage == "uint8":
        wanted = wanted.clamp(0, None)
    noise = ((real - wanted) ** 2).sum().item()
    return float(10 * np.log10(max((wanted**2).sum().item(), 1e-30) / max(noise, 1e-30)))


def quantise_network(layers, activations, end, pixels, options, progress, following=None):
    """Quantise a chain of float layers; returns (integer layers, last `Activations`, `Report`s).

    `pixels` is the number of the picture's pixels in one calibration picture; `progress` is called
    with each `Report`; `following` is the float layer that reads the result of the chain.
    """
    integers, reports = [], []
    for i, (layer, reader) in enumerate(zip(layers, [*layers[1:], following], strict=True)):
        size = activations.stored.shape[1:3]
        integer, activations, noise = quantise_layer(
            layer, activations, end if i == len(layers) - 1 else None, options, reader
        )
        integers.append(integer)
        reports.append(Report(layer.name, integer.macs(*size) / pixels, noise))
        progress(reports[-1])
    return integers, activations, reports
