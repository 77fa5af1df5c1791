"""Scales of activations that share the rounding out between them and the weights behind.

A row of weights has one scale, and channels of activations have their own: the coarser those of a
channel, the smaller its operands, and the less the rounding of its weights costs; but the larger
the weights that absorb the scale, and the rounding of the activations themselves. For a layer with
weights w [out][in] (of all taps), scales s [in] and activations x, the noise of a result is about

    sum over in of  s^2 / 12 * w^2                          activations rounded
    (max over in of |w| s / 127)^2 / 12 * sum of x^2 / s^2  weights rounded

summed over the outputs. Latents are integers already and cost nothing to round: they are only
multiplied, by whole factors, before the synthesis reads them.
"""

import numpy as np

from litelic.host.program.layer import OPERAND_RANGE

# What error feedback (`rounding.py`) leaves of the noise of rounded weights.
LEFT_BY_FEEDBACK = 0.5
TARGETS = np.geomspace(1, 1 / 64, 40)
CHANGES = (2.0, 1.41, 1.19, 1.09)
ENOUGH_PARTS = 9  # of a symbol
HEADROOM = 2  # latents of other pictures may exceed those of calibration by this factor


class _Noise:
    """The noise of `layer`'s results for scales [in] of its inputs, times 12.

    power : mean of the squared inputs [in].
    """

    def __init__(self, layer, power):
        weight = np.abs(layer.weight)
        phases = layer.stride**2 if layer.kind == "deconv" else 1  # a result meets one of them
        self._reach = weight.max(axis=(1, 2))
        self._energy = (weight**2).sum(axis=(0, 1, 2)) / phases
        self._power = power * LEFT_BY_FEEDBACK * weight[0, :, :, 0].size / phases
        self.size = self._reach.max(axis=0)  # largest weight [in]

    def of_weights(self, scale):
        rows = (self._reach * scale).max(axis=1) / 127
        return (rows**2).sum() * (self._power / scale**2).sum()

    def of_both(self, scale):
        return self.of_weights(scale) + (scale**2 * self._energy).sum()


def coarser_scales(scale, layer, values):
    """Scales [channel], none finer than `scale`, for which the float `layer` behind loses least.

    values : the activations (samples, channels), in the model's units.
    """
    noise = _Noise(layer, (values**2).mean(axis=0))
    size = np.maximum(noise.size, 1e-12)
    even = (size * scale).max() / size  # every channel's largest weight becomes the same
    starts = (np.maximum(scale, even * target) for target in TARGETS)
    best = min(starts, key=noise.of_both)
    for change in CHANGES:
        for channel in range(len(best)):
            for factor in (change, 1 / change):
                best = _better(noise.of_both, best, channel, max(
                    scale[channel], best[channel] * factor
                ))
    return best


def latent_factors(layer, latents):
    """Whole factors, uint8 [channel], of the latents that the float `layer` reads.

    latents : of the calibration, int16 (batch, height, width, channels). Their largest, with
    headroom, keeps within the operands' 9 bits.
    """
    flat = latents.reshape(-1, latents.shape[-1]).astype(np.float64)
    noise = _Noise(layer, (flat**2).mean(axis=0))
    largest = np.maximum(np.abs(flat).max(axis=0), 1)
    cap = np.maximum(1, OPERAND_RANGE["int16"][1] // (HEADROOM * largest))
    relative = noise.size / max(noise.size.max(), 1e-12)

    def cost(factors):
        return noise.of_weights(1 / factors)

    starts = (np.round(relative / target).clip(1, cap) for target in TARGETS)
    best = min(starts, key=cost)
    for change in (4, 2, 1):
        for channel in range(len(best)):
            for step in (-change, change):
                best = _better(cost, best, channel, min(
                    max(best[channel] + step, 1), cap[channel]
                ))
    return best.astype(np.uint8)


def odd_factors(factors, latents):
    """Odd factors near `factors`, at least `ENOUGH_PARTS` where the headroom has room for them.

    Means count in parts of a symbol, so more parts are better; and a latent that is first rounded
    to an odd number of parts and then to a symbol becomes the symbol that it would have become at
    once.
    """
    largest = np.maximum(np.abs(latents.reshape(-1, latents.shape[-1])).max(axis=0), 1)
    cap = np.maximum(1, OPERAND_RANGE["int16"][1] // (HEADROOM * largest.astype(np.int64)))
    wanted = np.maximum(factors, np.minimum(cap, ENOUGH_PARTS))
    return (wanted - (wanted % 2 == 0)).astype(np.uint8)


def _better(cost, best, channel, value):
    """`best` with another `value` at `channel`, if that costs less."""
    tried = best.copy()
    tried[channel] = value
    return tried if cost(tried) < cost(best) else best
