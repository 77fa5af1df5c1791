"""Float layers: what the compiler quantises.

A layer is a convolution, a transposed one or a pair of maps, with the normalisation or the bend
behind it; `describe.py` makes them of a torch model.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F


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
        if self.function == "sigmoid":
            values, arguments = x.chunk(2, 1)
            return values * torch.sigmoid(arguments)
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
    """A convolution (`conv`), transposed convolution (`deconv`) or pair, and what follows it."""

    name: str
    kind: str
    weight: np.ndarray  # float64 [out][kernel height][kernel width][in]; pair: [out][map][1][in]
    bias: np.ndarray  # float64 [out]
    stride: int = 1
    padding: int = 0
    output_padding: int = 0
    slope: float = 1.0  # of what is negative: 0 is a ReLU
    gdn: FloatGdn | None = None
    shuffle: int = 1  # as in docs/numerics.md
    sources: tuple = (-1,)  # results of the network that it reads, -1 for its input

    def convolve(self, *inputs, weight=None, bias=None):
        """The convolution alone, of float32 tensors (batch, channels, height, width), not yet
        shuffled."""
        weight = self.weight if weight is None else weight
        bias = self.bias if bias is None else bias
        weight = torch.from_numpy(np.ascontiguousarray(weight)).float()
        bias = torch.from_numpy(bias).float()
        if self.kind == "pair":
            weight = weight[:, :, 0].reshape(len(weight), -1)[:, :, None, None]
            return F.conv2d(torch.cat(inputs, 1), weight, bias)
        x, = inputs
        if self.kind == "conv":
            weight = weight.permute(0, 3, 1, 2).contiguous()
            return F.conv2d(x, weight, bias, self.stride, self.padding)
        weight = weight.permute(3, 0, 1, 2).contiguous()
        return F.conv_transpose2d(x, weight, bias, self.stride, self.padding, self.output_padding)

    @property
    def channels(self):
        """Of the result."""
        return len(self.gdn.gamma) if self.gdn else len(self.weight) // self.shuffle**2

    def finish(self, x):
        """The layer's result from `convolve`'s."""
        x = self.activate(x)
        return F.pixel_shuffle(x, self.shuffle) if self.shuffle > 1 else x

    def activate(self, x):
        """What follows the convolution, channel by channel."""
        if self.gdn:
            return self.gdn(x)
        return F.leaky_relu(x, self.slope) if self.slope != 1 else x

    @property
    def bare(self):
        """Whether nothing follows the convolution."""
        return self.gdn is None and self.slope == 1


def run(layers, x, progress=None):
    """The results of all float `layers` for a network's input, in order."""
    results = {-1: x}
    for i, layer in enumerate(layers):
        if progress:
            progress(i, len(layers))
        inputs = [results[source] for source in layer.sources]
        results[i] = layer.finish(layer.convolve(*inputs))
    return [results[i] for i in range(len(layers))]


def readers_of(layers):
    """{result: the layers that read it} of a network, -1 for its input."""
    readers = {i: [] for i in range(-1, len(layers))}
    for layer in layers:
        for source in layer.sources:
            readers[source].append(layer)
    return readers
