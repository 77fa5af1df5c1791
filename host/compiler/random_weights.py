"""Models with random weights whose signals look like those of trained ones.

Layers as PyTorch initialises them shrink the signal at every step: the latents would round to
almost nothing but zeros, and a comparison of two implementations would compare little. Here every
layer keeps the size of its signal, the latents spread over tens of integers, and a hyperprior's
scales and means are about theirs.
"""

import torch

LATENT_GAIN = 8.0  # the signal between layers has a deviation of about 0.3
HYPER_GAIN = 6.0
# Of what is added to a shortcut, and of the parts that are added up without one.
GAINS = {
    ".conv2": 0.3, ".conv.4": 0.3, ".conv": 0.7, ".skip": 0.7, ".upsample.0": 0.7,
}
MID_GREY = 0.5
SCALE, SPREAD = 2.5, 0.3  # of the scales that a hyperprior gives, and of means


def randomise(kind, arguments, seed):
    """Return a model of the class `kind`, the same for the same `seed`."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = kind(*arguments)
    layers = [
        (name, layer) for name, layer in model.named_modules()
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.ConvTranspose2d))
    ]
    ends = {name.split(".")[0]: (name, layer) for name, layer in layers}
    starts = {name.split(".")[0]: name for name, _ in reversed(layers)}
    gains = {ends["g_a"][0]: LATENT_GAIN, starts["g_s"]: 1 / LATENT_GAIN}
    if "h_a" in ends:
        gains |= {
            starts["h_a"]: 1 / LATENT_GAIN, ends["h_a"][0]: HYPER_GAIN,
            starts["h_s"]: 1 / HYPER_GAIN, ends["h_s"][0]: SPREAD,
        }
    for name, layer in layers:
        terms = layer.in_channels * layer.kernel_size[0] * layer.kernel_size[1]
        if isinstance(layer, torch.nn.ConvTranspose2d):
            terms /= layer.stride[0] * layer.stride[1]  # the products that meet in one output
        inside = [gain for ending, gain in GAINS.items() if name.endswith(ending)]
        gain = gains.get(name, *inside or [1.0])
        torch.nn.init.normal_(layer.weight, 0.0, gain * terms**-0.5, generator=generator)
        torch.nn.init.constant_(layer.bias, MID_GREY if name == ends["g_s"][0] else 0.0)
    if "h_s" in ends:
        scales = model.g_a[-1].out_channels if hasattr(model.g_a[-1], "out_channels") else model.M
        torch.nn.init.constant_(ends["h_s"][1].bias[:scales], SCALE)
    return model
