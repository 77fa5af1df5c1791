"""From float layers to integer layers, one after the other, on calibration pictures.

Two runs go side by side: the float network's (`reference`) and the integers' (`stored`), so
that each layer is fitted to the float layer's output given the integers that it will really read.
The scale of an activation channel costs nothing: the requantiser in front has a multiplier a
channel, and the next weights absorb it.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from litelic.host.compiler.balance import coarser_scales
from litelic.host.compiler.calibrate import clip_for_integers, scale_with_headroom
from litelic.host.compiler.layers import readers_of
from litelic.host.compiler.quantise_gdn import quantise_gdn
from litelic.host.compiler.quantise_pair import quantise_gate, quantise_pair_weights, shared_steps
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
from litelic.host.golden.arithmetic import operands
from litelic.host.program.layer import (
    OPERAND_RANGE,
    OUTPUT_RANGE,
    SLOPE_ONE,
    Layer,
    largest_sums,
)

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
        return torch.from_numpy(operands(self.stored, self.storage)).permute(0, 3, 1, 2).float()


@dataclass
class Report:
    """What became of one layer."""

    layer: Layer
    inputs: list  # of `Activations`
    result: Activations
    pixels: int  # of a calibration picture
    macs_per_pixel: float
    sqnr_db: float  # signal to quantisation noise at the output, earlier layers' noise included

    @property
    def name(self):
        return self.layer.name


def quantise_weights(layer, activations, outputs, options):
    """Return int8 weights, their scale [out], the bias [out] in real units, and the samples.

    `outputs` are the float convolution's results. The samples are (what the integer convolution
    gives, what the float one gives), float64 (samples, out), for fitting what follows.
    """
    rng = np.random.default_rng(options.seed)
    read = activations.operands()
    folded = layer.weight * activations.scale
    parts = groups(layer)
    count = max(1000, options.samples // len(parts))
    drawn = [sample(group, read, outputs, count, rng) for group in parts]
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


def quantise_layer(layer, inputs, end, options, readers=(), step=None):
    """Return (integer `Layer`, the `Activations` behind it, its SQNR in dB).

    inputs  : the `Activations` that it reads.
    end     : None inside a network, "int16" for its result (scale 1) and "uint8" for the picture.
    readers : the float layers that read the result.
    step    : what a step of each channel must stand for, None if it is free; decided for maps that
              are added up, which are always stored as int16.
    """
    outputs = layer.convolve(*[activations.reference for activations in inputs])
    reference = layer.finish(outputs)
    wide = options.activation_bits == 16 and end != "uint8"
    output, lowest, highest = _storage(layer, end, step is not None, options)
    if layer.kind == "pair":
        steps, scale, bias, (got, wanted) = quantise_pair_weights(layer, inputs)
    else:
        steps, scale, bias, (got, wanted) = quantise_weights(layer, inputs[0], outputs, options)
    if end:
        step = np.ones(layer.channels)
    if wide:
        if not end:
            largest = reference.abs().amax(dim=(0, 2, 3)).double().numpy()
            step = scale_with_headroom(largest, HIGHEST)
        highest = min([HIGHEST, *(highest_activation(r, step, lowest and -1) for r in readers)])
        lowest = -highest if lowest else 0
        step = step if end else step * HIGHEST / highest
    elif step is None:
        values = _values(layer, wanted)
        step = clip_for_integers(values, lowest, highest)
        if options.balance and len(readers) == 1:
            step = coarser_scales(step, readers[0], values)
    gdn, between = None, step.repeat(layer.shuffle**2)
    if layer.gdn and layer.gdn.function == "sigmoid":
        gdn, between, bias = quantise_gate(layer, inputs, step, 15 if wide else 8)
    elif layer.gdn:
        largest = outputs.abs().amax(dim=(0, 2, 3)).double().numpy()
        gdn, between = quantise_gdn(
            layer.gdn, got, wanted, step, largest, options.feedback, 15 if wide else 8
        )
    multiplier, shift = requantiser(scale / between, layer.name)
    integer = Layer(
        name=layer.name, kind=layer.kind, weight=steps, bias=whole(bias / scale, layer.name),
        multiplier=multiplier, shift=shift, stride=layer.stride, padding=layer.padding,
        output_padding=layer.output_padding, input=inputs[0].storage, output=output,
        lo=lowest, hi=highest, gdn=gdn, negative_slope=_integer_slope(layer),
        shuffle=layer.shuffle, sources=layer.sources,
    )
    stored = simulate(integer, *[activations.operands() for activations in inputs])
    behind = Activations(
        reference, stored, "wide" if wide else output, step, (lowest, highest)
    )
    return integer, behind, sqnr(behind)


def _storage(layer, end, shared, options):
    """(output storage, lowest, highest) of a layer; `shared`: its map is added to another."""
    signed = layer.slope != 0
    if end == "uint8":
        return end, *OUTPUT_RANGE[end]
    if end or options.activation_bits == 16:
        lowest, highest = OUTPUT_RANGE["int16"]
        return "int16", lowest if signed else 0, highest
    if shared or signed and options.activation_bits == 9:
        lowest, highest = OPERAND_RANGE["int16"]
        return "int16", lowest if signed else 0, highest
    output = "int8" if signed else "uint8"
    return output, *OPERAND_RANGE[output]


def _values(layer, sums):
    """The results (samples, channels) of samples of what the float convolution gives."""
    after = layer.activate(torch.from_numpy(sums)[:, :, None, None].float())[:, :, 0, 0]
    squares = layer.shuffle**2
    after = after.reshape(len(after), -1, squares).permute(0, 2, 1).reshape(-1, layer.channels)
    return after.double().numpy()


def _integer_slope(layer):
    """A ReLU is what the clamp does."""
    return SLOPE_ONE if layer.slope in (0, 1) else round(layer.slope * SLOPE_ONE)


def sqnr(activations):
    """Signal to quantisation noise of `activations`, in dB."""
    real = torch.from_numpy(activations.stored * activations.scale.astype(np.float32))
    wanted = activations.reference.permute(0, 2, 3, 1)
    if activations.storage == "uint8":
        wanted = wanted.clamp(0, None)
    noise = ((real - wanted) ** 2).sum().item()
    return float(10 * np.log10(max((wanted**2).sum().item(), 1e-30) / max(noise, 1e-30)))


def quantise_network(layers, start, end, pixels, options, progress, following=()):
    """Quantise a network of float layers; returns (integer layers, last `Activations`).

    start     : the `Activations` that are the network's input.
    pixels    : of the picture, in one calibration picture.
    progress  : called with each `Report`.
    following : the float layers that read the network's result.
    """
    results, integers = {-1: start}, []
    readers = readers_of(layers)
    readers[len(layers) - 1] += following
    shared = {}
    if options.activation_bits != 16:
        shared = shared_steps(layers, start)
    for i, layer in enumerate(layers):
        inputs = [results[source] for source in layer.sources]
        size = inputs[0].stored.shape[1:3]
        integer, results[i], noise = quantise_layer(
            layer, inputs, end if i == len(layers) - 1 else None, options, readers[i],
            shared.get(i),
        )
        chained = integer.sources == (i - 1,)
        integers.append(replace(integer, sources=None) if chained else integer)
        macs = integer.macs(*size) / pixels
        progress(Report(integers[-1], inputs, results[i], pixels, macs, noise))
        wanted = {source for later in layers[i + 1 :] for source in later.sources} | {i}
        results = {result: kept for result, kept in results.items() if result in wanted}
    return integers, results[len(layers) - 1]
