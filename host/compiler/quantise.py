"""From float layers to integer layers, one after the other, on calibration pictures.

Two runs go side by side: the float network's (`reference`) and the integers' (`stored`), so
that each layer is fitted to the float layer's output given the integers that it will really read.
The scale of an activation channel costs nothing: the requantiser in front has a multiplier a
channel, and the next weights absorb it.
"""

from dataclasses import dataclass

import numpy as np
import torch

from litelic.host.compiler.calibrate import clip_for_integers
from litelic.host.compiler.quantise_gdn import quantise_gdn
from litelic.host.compiler.requantiser import requantiser, whole
from litelic.host.compiler.rounding import clip_scales, gram, round_with_feedback
from litelic.host.compiler.simulate import simulate
from litelic.host.compiler.taps import groups, put, sample, take
from litelic.host.program.model import OUTPUT_RANGE, Layer


@dataclass
class Options:
    """What to do beyond rounding to nearest (docs/compiler.md says what it brings)."""

    samples: int = 20_000  # output pixels a layer is fitted on
    feedback: bool = True  # spread rounding errors over the weights still to be rounded
    correct_bias: bool = True  # remove the mean error of each channel
    seed: int = 1


@dataclass
class Activations:
    """The same activations of all calibration pictures, in both runs."""

    reference: torch.Tensor  # float32 (batch, channels, height, width), in the model's units
    stored: np.ndarray  # (batch, height, width, channels), as in DRAM
    storage: str
    scale: np.ndarray  # float64 [channels]: what one step of an operand stands for

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
    scale = np.maximum(scale, np.abs(layer.bias) / 2**29 + 1e-30)
    steps = np.zeros(layer.weight.shape, np.int8)
    results, wrong = [], []
    for group, h, weight, (a, z) in zip(parts, grams, rows, drawn, strict=True):
        if options.feedback:
            rounded = round_with_feedback(weight, h, scale)
        else:
            rounded = np.clip(np.round(weight / scale[:, None]), -127, 127)
        put(steps, group, rounded)
        result = a.double().numpy() @ (rounded * scale[:, None]).T + layer.bias
        results.append(result)
        wrong.append(z.double().numpy() - result)
    correction = np.mean([w.mean(axis=0) for w in wrong], axis=0) * options.correct_bias
    got = np.concatenate(results) + correction
    wanted = np.concatenate([z.double().numpy() for _, z in drawn])
    return steps, scale, layer.bias + correction, (got, wanted)


def quantise_layer(layer, activations, end, options):
    """Return (integer `Layer`, the `Activations` behind it, its SQNR in dB).

    `end` is None inside a network, "int16" for latents (scale 1) and "uint8" for the picture.
    """
    outputs = layer.convolve(activations.reference)
    steps, scale, bias, (got, wanted) = quantise_weights(layer, activations, outputs, options)
    reference = layer.activate(outputs)
    gdn = None
    output = end or ("uint8" if layer.relu else "int8")
    lowest, highest = OUTPUT_RANGE[output]
    if end:
        step = np.ones(len(bias))
    else:
        wanted_after = layer.activate(torch.from_numpy(wanted)[:, :, None, None].float())
        step = clip_for_integers(wanted_after[:, :, 0, 0].double().numpy(), lowest, highest)
    if layer.gdn:
        largest = outputs.abs().amax(dim=(0, 2, 3)).double().numpy()
        gdn, between = quantise_gdn(layer.gdn, got, wanted, step, largest, options.feedback)
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
    behind = Activations(reference, stored, output, step)
    return integer, behind, sqnr(behind)


def sqnr(activations):
    """Signal to quantisation noise of `activations`, in dB."""
    real = torch.from_numpy(activations.stored * activations.scale.astype(np.float32))
    wanted = activations.reference.permute(0, 2, 3, 1)
    if activations.storage == "uint8":
        wanted = wanted.clamp(0, None)
    noise = ((real - wanted) ** 2).sum().item()
    return float(10 * np.log10(max((wanted**2).sum().item(), 1e-30) / max(noise, 1e-30)))


def quantise_network(layers, activations, end, pixels, options, progress):
    """Quantise a chain of float layers; returns (integer layers, last `Activations`, `Report`s).

    `pixels` is the number of the picture's pixels in one calibration picture; `progress` is called
    with each `Report`.
    """
    integers, reports = [], []
    for i, layer in enumerate(layers):
        size = activations.stored.shape[1:3]
        integer, activations, noise = quantise_layer(
            layer, activations, end if i == len(layers) - 1 else None, options
        )
        integers.append(integer)
        reports.append(Report(layer.name, integer.macs(*size) / pixels, noise))
        progress(reports[-1])
    return integers, activations, reports
