"""A convolution or transposed convolution as matrix products on sampled output pixels.

A convolution is one product. A transposed convolution of stride s is s * s of them, one for each
phase of the output, and each of its taps belongs to exactly one.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F


@dataclass
class Group:
    """The taps that meet in one phase of the output."""

    phase: tuple  # (y, x), first output pixel of the phase
    step: int  # between the output pixels of the phase
    taps: list  # of (ky, kx, dy, dx): input pixel (m * input_step + dy, ...) for the m-th output
    input_step: int


def groups(layer):
    """The `Group`s of `layer` (a float or an integer one)."""
    height, width = layer.weight.shape[1:3]
    s, p = layer.stride, layer.padding
    if layer.kind == "conv":
        taps = [(y, x, y - p, x - p) for y in range(height) for x in range(width)]
        return [Group((0, 0), 1, taps, s)]
    found = []
    for phase in np.ndindex(s, s):
        axes = []
        for start, kernel in zip(phase, (height, width), strict=True):
            offset, first = divmod(start + p, s)
            axes.append([(k, offset - j) for j, k in enumerate(range(first, kernel, s))])
        taps = [(ky, kx, dy, dx) for ky, dy in axes[0] for kx, dx in axes[1]]
        if taps:
            found.append(Group(phase, s, taps, 1))
    return found


def sample(group, inputs, outputs, count, rng):
    """Draw `count` output pixels of `group`.

    `inputs` and `outputs` are tensors (batch, channels, height, width); returns the operands
    (count, taps * channels) and the outputs (count, channels), tap order as in `group.taps`.
    """
    plane = outputs[:, :, group.phase[0] :: group.step, group.phase[1] :: group.step]
    batch, _, height, width = plane.shape
    b, y, x = (torch.from_numpy(rng.integers(n, size=count)) for n in (batch, height, width))
    reach = max(max(abs(dy), abs(dx)) for _, _, dy, dx in group.taps)
    bottom = max(0, (height - 1) * group.input_step + reach + 1 - inputs.shape[2])
    right = max(0, (width - 1) * group.input_step + reach + 1 - inputs.shape[3])
    padded = F.pad(inputs, (reach, right, reach, bottom))
    rows, columns = y * group.input_step + reach, x * group.input_step + reach
    operands = [padded[b, :, rows + dy, columns + dx] for _, _, dy, dx in group.taps]
    return torch.cat(operands, dim=1), plane[b, :, y, x]


def take(weight, group):
    """The weights [out][taps * in] of `group` from [out][ky][kx][in]."""
    return np.concatenate([weight[:, ky, kx] for ky, kx, _, _ in group.taps], axis=1)


def put(weight, group, values):
    """The reverse of `take`, in place."""
    channels = weight.shape[3]
    for i, (ky, kx, _, _) in enumerate(group.taps):
        weight[:, ky, kx] = values[:, i * channels : (i + 1) * channels]
