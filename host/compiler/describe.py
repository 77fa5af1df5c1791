"""From torch modules to float layers.

The walk groups each convolution with the normalisation or ReLU behind it, takes residual blocks,
sub-pixel convolutions and attention apart, and says which result each layer reads.
"""

from dataclasses import replace

import numpy as np
import torch.nn as nn

from litelic.host.compiler.layers import FloatGdn, FloatLayer
from litelic.host.compiler.torch_compat import import_compressai
from litelic.host.errors import LitelicError
from litelic.host.program.layer import SHUFFLES, STRIDES
from litelic.host.program.network import INPUT

import_compressai()
from compressai.layers import (  # noqa: E402
    GDN,
    GDN1,
    AttentionBlock,
    ResidualBlock,
    ResidualBlockUpsample,
    ResidualBlockWithStride,
)

SUPPORTED = (
    "Conv2d, ConvTranspose2d, GDN, GDN1, ReLU, LeakyReLU and CompressAI's residual blocks, "
    "sub-pixel convolutions and attention blocks"
)


def describe(network, path, may_bend=False):
    """Return the `FloatLayer`s of the module at the model's `path` ("g_a").

    `may_bend` allows a ReLU at the end. Raises `LitelicError` that names an unsupported layer by
    its path.
    """
    if not isinstance(network, nn.Sequential):
        raise LitelicError(f"{path} is a {type(network).__name__}; only Sequential is supported")
    walk = _Walk()
    last = walk.visit(network, path, INPUT)
    if last == INPUT:
        raise LitelicError(f"{path} has no layers")
    layers = _with_copies(walk.layers)
    if layers[-1].gdn or not (may_bend or layers[-1].bare):
        raise LitelicError(f"{path} must end in a convolution, not in what follows one")
    return layers


class _Walk:
    """Visits modules; each visit takes the result that is read and returns the module's own."""

    def __init__(self):
        self.layers = []

    def add(self, layer, *sources):
        self.layers.append(replace(layer, sources=sources))
        return len(self.layers) - 1

    def visit(self, module, name, source):
        if isinstance(module, nn.Sequential):
            children = list(module._modules.items())  # each as often as it is used
            if _is_subpixel([child for _, child in children]):
                (key, convolution), (shuffle_key, shuffle) = children
                layer = _convolution(convolution, f"{name}.{key}")
                if shuffle.upscale_factor not in SHUFFLES:
                    raise LitelicError(
                        f"{name}.{shuffle_key}: a PixelShuffle by {shuffle.upscale_factor} is not "
                        "supported, only by 2 and 4"
                    )
                return self.add(replace(layer, shuffle=shuffle.upscale_factor), source)
            for key, child in children:
                source = self.visit(child, f"{name}.{key}", source)
            return source
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            return self.add(_convolution(module, name), source)
        if isinstance(module, (GDN, nn.ReLU, nn.LeakyReLU)):
            return self.follow(module, name, source)
        if isinstance(module, (ResidualBlock, ResidualBlockWithStride, ResidualBlockUpsample)):
            return self.residual_block(module, name, source)
        if isinstance(module, AttentionBlock):
            return self.attention(module, name, source)
        if type(module).__name__ == "ResidualUnit" and hasattr(module, "conv"):
            total = self.sum(name, self.visit(module.conv, f"{name}.conv", source), source)
            return self.follow(module.relu, f"{name}.relu", total)
        raise LitelicError(
            f"{name} is a {type(module).__name__}, which is not supported; {SUPPORTED} are"
        )

    def follow(self, module, name, source):
        """A normalisation or ReLU, computed behind the layer that it reads."""
        before = self.layers[source] if source != INPUT else None
        if before is None or not before.bare or source != len(self.layers) - 1:
            raise LitelicError(
                f"{name} is a {type(module).__name__} that does not follow a convolution "
                "directly; it is computed behind one and cannot stand alone"
            )
        if isinstance(module, GDN) and before.shuffle > 1:
            raise LitelicError(f"{name} is a GDN behind a sub-pixel convolution, not supported")
        if isinstance(module, GDN):
            before.gdn = _normalisation(module, name)
        else:
            before.slope = getattr(module, "negative_slope", 0.0)
            if not 0 <= before.slope < 1:
                raise LitelicError(f"{name}: a slope of {before.slope} is not in 0..1")
        return source

    def sum(self, name, first, second):
        channels = self.layers[first].channels
        both = np.eye(channels)[:, None, None].repeat(2, axis=1)  # [out][map][1][in]
        return self.add(FloatLayer(f"{name}.sum", "pair", both, np.zeros(channels)), first, second)

    def residual_block(self, block, name, source):
        if isinstance(block, ResidualBlockUpsample):
            parts = ("subpel_conv", "leaky_relu", "conv", "igdn")
            shortcut = "upsample"
        else:
            parts = ("conv1", "leaky_relu", "conv2", "gdn")
            if isinstance(block, ResidualBlock):
                parts = ("conv1", "leaky_relu", "conv2", "leaky_relu")
            shortcut = "skip"
        result = source
        for part in parts:
            result = self.visit(getattr(block, part), f"{name}.{part}", result)
        if getattr(block, shortcut) is not None:
            source = self.visit(getattr(block, shortcut), f"{name}.{shortcut}", source)
        return self.sum(name, result, source)

    def attention(self, block, name, source):
        values = self.visit(block.conv_a, f"{name}.conv_a", source)
        arguments = self.visit(block.conv_b, f"{name}.conv_b", source)
        channels = self.layers[values].channels
        weight = np.zeros((2 * channels, 2, 1, channels))
        weight[:channels, 0, 0] = weight[channels:, 1, 0] = np.eye(channels)
        gate = FloatLayer(f"{name}.gate", "pair", weight, np.zeros(2 * channels))
        gate.gdn = FloatGdn(
            f"{name}.sigmoid", "sigmoid",
            np.hstack([np.zeros((channels, channels)), np.eye(channels)]), np.zeros(channels),
        )
        return self.sum(name, self.add(gate, values, arguments), source)


def _with_copies(layers):
    """`layers` with a copy of every map that is in a second pair: a map has one place in DRAM."""
    channels_of = {i: layer.channels for i, layer in enumerate(layers)}
    channels_of[INPUT] = layers[0].weight.shape[3]
    copied, moved, paired = [], {INPUT: INPUT}, set()
    for i, layer in enumerate(layers):
        sources = []
        for source in layer.sources:
            place = moved[source]
            if layer.kind == "pair":
                if place in paired:
                    channels = channels_of[source]
                    name = f"{layer.name}.copy{len(sources)}"
                    copy = FloatLayer(
                        name, "conv", np.eye(channels)[:, None, None], np.zeros(channels),
                        sources=(place,),
                    )
                    copied.append(copy)
                    place = len(copied) - 1
                paired.add(place)
            sources.append(place)
        copied.append(replace(layer, sources=tuple(sources)))
        moved[i] = len(copied) - 1
    return copied


def _is_subpixel(modules):
    return (
        len(modules) == 2 and isinstance(modules[0], nn.Conv2d)
        and isinstance(modules[1], nn.PixelShuffle)
    )


def _one(value, name, what):
    """The single value of a pair that must be equal in both directions."""
    first, second = value if isinstance(value, tuple) else (value, value)
    if first != second:
        raise LitelicError(f"{name}: {what} {value} differs between the directions")
    return first


def _convolution(module, name):
    transposed = isinstance(module, nn.ConvTranspose2d)
    if module.groups != 1 or _one(module.dilation, name, "dilation") != 1:
        raise LitelicError(f"{name}: groups and dilation are not supported, both must be 1")
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        raise LitelicError(f"{name}: only zero padding by a number of pixels is supported")
    stride = _one(module.stride, name, "stride")
    if stride not in STRIDES:
        raise LitelicError(f"{name}: stride {stride} is not supported, only 1, 2 and 4")
    weight = module.weight.detach().double().numpy()
    weight = weight.transpose((1, 2, 3, 0) if transposed else (0, 2, 3, 1)).copy()
    bias = np.zeros(len(weight)) if module.bias is None else module.bias.detach().double().numpy()
    return FloatLayer(
        name=name, kind="deconv" if transposed else "conv", weight=weight, bias=bias.copy(),
        stride=stride, padding=_one(module.padding, name, "padding"),
        output_padding=_one(module.output_padding, name, "output padding") if transposed else 0,
    )


def _normalisation(module, name):
    magnitudes = isinstance(module, GDN1)
    if module.inverse:
        function = "multiply" if magnitudes else "sqrt"
    else:
        function = "reciprocal" if magnitudes else "rsqrt"
    gamma = module.gamma_reparam(module.gamma).detach().double().numpy()
    beta = module.beta_reparam(module.beta).detach().double().numpy()
    return FloatGdn(name, function, np.maximum(gamma, 0), beta.copy())
