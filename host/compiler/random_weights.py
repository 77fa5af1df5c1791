"""A factorized model with random weights whose signals look like those of a trained one.

Layers as PyTorch initialises them shrink the signal at every step: the latents would round to
almost nothing but zeros, and a comparison of two implementations would compare little. Here every
layer keeps the size of its signal, and the latents spread over tens of integers.
"""

import torch

from litelic.host.compiler.torch_compat import import_compressai

import_compressai()
from compressai.models import FactorizedPrior  # noqa: E402

LATENT_GAIN = 8.0  # the signal between layers has a deviation of about 0.3
MID_GREY = 0.5


def random_factorized(N, M, seed=1):
    """Return a `FactorizedPrior` with `N` and `M` channels, the same for the same `seed`."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FactorizedPrior(N, M)
    for name, layer in model.named_modules():
        if not isinstance(layer, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
            continue
        terms = layer.in_channels * layer.kernel_size[0] * layer.kernel_size[1]
        if isinstance(layer, torch.nn.ConvTranspose2d):
            terms /= layer.stride[0] * layer.stride[1]  # the products that meet in one output
        gain = {"g_a.6": LATENT_GAIN, "g_s.0": 1 / LATENT_GAIN}.get(name, 1.0)
        torch.nn.init.normal_(layer.weight, 0.0, gain * terms**-0.5, generator=generator)
        torch.nn.init.constant_(layer.bias, MID_GREY if name == "g_s.6" else 0.0)
    return model
