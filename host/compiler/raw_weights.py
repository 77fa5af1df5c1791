"""The paper's published weights: a folder of little-endian float32 files without a header."""

from pathlib import Path

import numpy as np
import torch

from litelic.host.compiler.bls2017 import Bls2017
from litelic.host.errors import LitelicError

FILES = ("ana_w.bin", "ana_b.bin", "syn_w.bin", "syn_b.bin")


class _Floats:
    """Takes arrays off a file's start, in order."""

    def __init__(self, path):
        self.path, self.position = path, 0
        try:
            data = path.read_bytes()
        except OSError as e:
            raise LitelicError(f"cannot read {path}: {e.strerror}") from e
        self.values = np.frombuffer(data[: len(data) // 4 * 4], "<f4")

    def take(self, *shape):
        count = int(np.prod(shape))
        if self.position + count > len(self.values):
            raise LitelicError(f"{self.path} is too short for the model its folder describes")
        values = self.values[self.position : self.position + count].reshape(shape)
        self.position += count
        return torch.from_numpy(values.astype(np.float32))

    def finish(self):
        if self.position != len(self.values) or not np.isfinite(self.values).all():
            raise LitelicError(f"{self.path} is too long or holds numbers that are not finite")


def is_raw_folder(path):
    """Whether `path` is a folder of such files."""
    return Path(path).is_dir() and (Path(path) / FILES[0]).exists()


def _set(parameter, value):
    parameter.data.copy_(value)


def _set_gdn(module, gamma, beta):
    _set(module.gamma, module.gamma_reparam.init(gamma.T))  # stored (in, out)
    _set(module.beta, module.beta_reparam.init(beta))


@torch.no_grad()
def load_raw_folder(folder):
    """Return a `Bls2017` with the weights of `folder`. Its entropy bottleneck is untrained.

    Kernels are (height, width, in, out). Those of the synthesis are stored for a correlation over
    the zero-inserted input, which is PyTorch's transposed kernel turned by 180 degrees.
    """
    ana_w, ana_b, syn_w, syn_b = (_Floats(Path(folder) / name) for name in FILES)
    N = len(ana_b.values) // 4
    if N == 0:
        raise LitelicError(f"{ana_b.path} is too short")
    model = Bls2017(N, N)
    convolutions, norms = model.g_a[::2], model.g_a[1::2]
    for i, conv in enumerate(convolutions):
        kernel, inputs = conv.kernel_size[0], conv.in_channels
        _set(conv.weight, ana_w.take(kernel, kernel, inputs, N).permute(3, 2, 0, 1))
        _set(conv.bias, ana_b.take(N) if i < len(norms) else torch.zeros(N))
        if i < len(norms):
            _set_gdn(norms[i], ana_w.take(N, N), ana_b.take(N))
    convolutions, norms = model.g_s[::2], model.g_s[1::2]
    for i, conv in enumerate(convolutions):
        kernel, outputs = conv.kernel_size[0], conv.out_channels
        weight = syn_w.take(kernel, kernel, N, outputs).flip(0, 1)
        _set(conv.weight, weight.permute(2, 3, 0, 1))
        _set(conv.bias, syn_b.take(outputs))
        if i < len(norms):
            _set_gdn(norms[i], syn_w.take(N, N), syn_b.take(N))
    for file in (ana_w, ana_b, syn_w, syn_b):
        file.finish()
    return model
