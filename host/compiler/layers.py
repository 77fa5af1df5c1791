"""A model as float layer descriptions: what the compiler quantises.

The walk groups each convolution with the normalisation or ReLU behind it. `fold` then moves
everything outside the networks (pixels of 0..255, centring, latent gain, fractional medians) into
weights and biases, so that the picture's bytes go in, latents and bytes come out.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from litelic.host.compiler.torch_compat import import_compressai
from litelic.host.errors import LitelicError
from litelic.host.program.model import STRIDES

import_compressai()
from compressai.layers import GDN, GDN1  # noqa: E402

SUPPORTED = "Conv2d, ConvTranspose2d, GDN, GDN1 and ReLU"


@dataclass
class FloatGdn:
    """A normalisation with its effective (not reparametrised) parameters."""

    name: str
    function: str  # as in docs/numerics.md
    gamma: np.ndarray  # float64 [output][input]
    beta: np.ndarray  # float64 [output]

    @property
    def squares(self):
        return self.function in ("rsqrt", "sqrt")

    def __call__(self, x):
        """Apply to a float32 tensor (batch, channels, height, width)."""
        norm = self.norm(x * x if self.squares else x.abs())
        if self.function == "reciprocal":
            return x / norm
        if self.function == "rsqrt":
            return x * torch.rsqrt(norm)
        return x * (torch.sqrt(norm) if self.function == "sqrt" else norm)

    def norm(self, operand):
        """beta + gamma times the magnitudes or squares `operand`."""
        gamma = torch.from_numpy(self.gamma).float()[:, :, None, None]
        return F.conv2d(operand, gamma, torch.from_numpy(self.beta).float())


@dataclass
class FloatLayer:
    """A convolution (`conv`) or transposed convolution (`deconv`) and what follows it."""

    name: str
    kind: str
    weight: np.ndarray  # float64 [out][kernel height][kernel width][in]
    bias: np.ndarray  # float64 [out]
    stride: int
    padding: int
    output_padding: int
    relu: bool = False
    gdn: FloatGdn | None = None

    def convolve(self, x, weight=None, bias=None):
        """The convolution alone, of a float32 tensor (batch, channels, height, width)."""
        weight = self.weight if weight is None else weight
        bias = self.bias if bias is None else bias
        weight = torch.from_numpy(np.ascontiguousarray(weight)).float()
        bias = torch.from_numpy(bias).float()
        if self.kind == "conv":
            weight = weight.permute(0, 3, 1, 2).contiguous()
            return F.conv2d(x, weight, bias, self.stride, self.padding)
        weight = weight.permute(3, 0, 1, 2).contiguous()
        return F.conv_transpose2d(x, weight, bias, self.stride, self.padding, self.output_padding)

    def activate(self, x):
        """What follows the convolution."""
        if self.gdn:
            return self.gdn(x)
        return F.relu(x) if self.relu else x


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


def describe(network, path):
    """Return the `FloatLayer`s of the `nn.Sequential` at the model's `path` ("g_a").

    Raises `LitelicError` that names an unsupported layer by its path.
    """
    if not isinstance(network, nn.Sequential):
        raise LitelicError(f"{path} is a {type(network).__name__}; only Sequential is supported")
    layers = []
    for key, module in network.named_children():
        name = f"{path}.{key}"
        alone = bool(layers) and layers[-1].gdn is None and not layers[-1].relu
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            layers.append(_convolution(module, name))
        elif isinstance(module, (GDN, nn.ReLU)):
            if not alone:
                raise LitelicError(
                    f"{name} is a {type(module).__name__} that does not follow a convolution "
                    "directly; it is computed behind one and cannot stand alone"
                )
            if isinstance(module, GDN):
                layers[-1].gdn = _normalisation(module, name)
            else:
                layers[-1].relu = True
        else:
            raise LitelicError(
                f"{name} is a {type(module).__name__}, which is not supported; {SUPPORTED} are"
            )
    if not layers:
        raise LitelicError(f"{path} has no layers")
    if layers[-1].gdn or layers[-1].relu:
        raise LitelicError(f"{path} must end in a convolution, not in what follows one")
    return layers


@dataclass
class FloatModel:
    """Both networks after folding: operands of the picture in, latents between, 0..255 out."""

    analysis: list
    synthesis: list
    input: str  # storage of the picture: "uint8" or "centred"

    def operands(self, pictures):
        """uint8 pictures (batch, height, width, 3) as float32 operands (batch, 3, ...)."""
        x = torch.tensor(pictures).permute(0, 3, 1, 2).float()
        return x - 128 if self.input == "centred" else x


def fold(model, fractions):
    """Describe `model` (with `g_a`, `g_s` and perhaps `centre` and `gain`) in integer units.

    `fractions` [latent channels] is added to every integer latent before the synthesis (and so
    subtracted before rounding). A transposed convolution answers to a constant with a pattern that
    repeats with its stride; only the pattern's mean can go into the bias.
    """
    for extra in ("h_a", "h_s", "context_prediction", "hyper_analysis"):
        if hasattr(model, extra):
            raise LitelicError(
                f"{extra}: {type(model).__name__} has a hyperprior, which is not supported; "
                "supported are models of g_a, g_s and an entropy bottleneck"
            )
    centre, gain = getattr(model, "centre", 0.0), getattr(model, "gain", 1.0)
    if centre not in (0.0, 0.5):
        raise LitelicError(f"centre {centre} is not supported, only 0 and 0.5")
    analysis, synthesis = describe(model.g_a, "g_a"), describe(model.g_s, "g_s")

    first = analysis[0]
    first.weight /= 255
    if centre:
        # Operands are v - 128 where the model has v - 127.5: exact but for the zero border.
        first.bias += first.weight.sum(axis=(1, 2, 3)) * (128 - 255 * centre)

    last = analysis[-1]
    last.weight *= gain
    last.bias = last.bias * gain - fractions

    entry = synthesis[0]
    entry.weight /= gain
    phases = entry.stride**2 if entry.kind == "deconv" else 1
    entry.bias += entry.weight.sum(axis=(1, 2)) @ fractions / phases

    exit_ = synthesis[-1]
    exit_.weight *= 255
    exit_.bias = (exit_.bias + centre) * 255
    return FloatModel(analysis, synthesis, "centred" if centre else "uint8")
