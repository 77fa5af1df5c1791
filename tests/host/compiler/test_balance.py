"""Scales that share the rounding out: never finer, and worth it with real rounding."""

import numpy as np
import pytest

pytest.importorskip("torch")

from litelic.host.compiler.balance import coarser_scales, latent_factors  # noqa: E402
from litelic.host.compiler.layers import FloatLayer  # noqa: E402


def layer_of(weight, kind="conv"):
    """A float layer 1x1 of weights [out][in]."""
    return FloatLayer(
        "g_s.0", kind, weight[:, None, None], np.zeros(len(weight)), 1, 0, 0,
    )


def noise(weight, x, scale, lowest=-256, highest=255):
    """Mean squared error of x @ weight.T with both rounded, the activations by `scale`."""
    stored = np.clip(np.round(x / scale), lowest, highest)
    folded = weight * scale
    step = np.abs(folded).max(axis=1, keepdims=True) / 127
    rounded = np.round(folded / step) * step
    return np.mean((stored @ rounded.T - x @ weight.T) ** 2)


def uneven(rng, inputs=24, outputs=16):
    """Channels of very different sizes, met by weights that make up for most of it."""
    size = np.exp(rng.normal(0, 1.5, inputs))
    weight = rng.normal(size=(outputs, inputs)) / size * np.exp(rng.normal(0, 1, inputs))
    return weight, rng.laplace(size=(4000, inputs)) * size


@pytest.mark.parametrize("seed", range(6), indirect=True)
def test_coarser_scales_lose_less(seed):
    weight, x = uneven(np.random.default_rng(seed))
    fine = np.abs(x).max(axis=0) / 255
    scale = coarser_scales(fine, layer_of(weight), x)
    assert (scale >= fine).all() and (scale > fine).any()
    assert noise(weight, x, scale) < 0.95 * noise(weight, x, fine)


def test_even_channels_keep_their_scales():
    """Nothing is gained where the weights are alike already and activations have few steps."""
    rng = np.random.default_rng(1)
    weight, x = rng.choice([-1.0, 1.0], (16, 24)), rng.normal(size=(4000, 24))
    scale = np.full(24, np.abs(x).max() / 15)
    assert np.allclose(coarser_scales(scale, layer_of(weight), x), scale)


@pytest.mark.parametrize("seed", range(6), indirect=True)
def test_factors_of_latents_lose_less(seed):
    """One channel holds the mean colour: large latents, small weights."""
    rng = np.random.default_rng(seed)
    size = np.full(24, 1.5)
    size[5] = 60
    latents = np.round(rng.laplace(size=(4000, 24)) * size).clip(-120, 120)
    weight = rng.normal(size=(16, 24))
    weight[:, 5] /= 10
    shaped = latents.reshape(4, 100, 10, 24).astype(np.int16)
    factors = latent_factors(layer_of(weight), shaped)
    assert factors.dtype == np.uint8 and factors.min() >= 1 and factors[5] == 1
    largest = np.abs(latents).max(axis=0) * factors.astype(int)
    assert (2 * largest <= 255).all()  # headroom for other pictures
    assert noise(weight, latents, 1 / factors) < 0.5 * noise(weight, latents, np.ones(24))


def test_channels_without_weights_or_latents_do_no_harm():
    weight, latents = np.zeros((4, 3)), np.zeros((1, 2, 2, 3), np.int16)
    assert latent_factors(layer_of(weight), latents).tolist() == [1, 1, 1]
    assert np.isfinite(coarser_scales(np.ones(3), layer_of(weight), np.zeros((5, 3)))).all()
