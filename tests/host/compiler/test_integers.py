"""The parts of the compiler that turn real numbers into integers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from litelic.host.compiler.calibrate import clip_for_integers  # noqa: E402
from litelic.host.compiler.layers import FloatLayer  # noqa: E402
from litelic.host.compiler.quantise import (  # noqa: E402
    HIGHEST,
    Activations,
    Options,
    highest_activation,
    quantise_layer,
)
from litelic.host.compiler.requantiser import requantiser, whole  # noqa: E402
from litelic.host.compiler.rounding import (  # noqa: E402
    LARGEST_SUM,
    clip_scales,
    gram,
    round_to_fit,
    round_with_feedback,
)
from litelic.host.compiler.taps import groups, put, sample, take  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402
from litelic.host.program.layer import largest_sums  # noqa: E402


@pytest.mark.parametrize("seed", range(3))
def test_requantiser_is_close_and_normalised(seed):
    ratio = 2.0 ** np.random.default_rng(seed).uniform(-31, 15.9, 1000)
    multiplier, shift = requantiser(ratio, "x")
    assert multiplier.dtype == np.uint16 and shift.dtype == np.uint8
    assert multiplier.min() >= 32768 and shift.max() <= 47
    assert np.abs(multiplier * 2.0**-shift.astype(float) / ratio - 1).max() <= 2.0**-16


def test_requantiser_extremes():
    ratio = np.array([0, 1e-30, 2.0**-40, 0.5 - 1e-12, 1.0, 65535.0, 1e12])
    multiplier, shift = requantiser(ratio, "x")
    assert list(multiplier) == [0, 0, 128, 32768, 32768, 65535, 65535]
    assert list(shift) == [16, 47, 47, 16, 15, 0, 0]
    for bad in (np.nan, np.inf, -1.0):
        with pytest.raises(LitelicError, match="layer g_a.2.*not finite"):
            requantiser(np.array([1.0, bad]), "g_a.2")


def test_whole_refuses_what_does_not_fit():
    assert whole(np.array([-2.6, 2.0**31 - 1]), "x").tolist() == [-3, 2**31 - 1]
    with pytest.raises(LitelicError, match="layer x.*32 bits"):
        whole(np.array([2.0**31]), "x")


@pytest.mark.parametrize("kind,kernel,stride,padding,output_padding", [
    ("conv", 9, 4, 4, 0), ("conv", 5, 2, 2, 0), ("conv", 3, 1, 0, 0), ("conv", 1, 2, 0, 0),
    ("deconv", 9, 4, 4, 3), ("deconv", 5, 2, 2, 1), ("deconv", 3, 1, 1, 0), ("deconv", 2, 4, 0, 2),
])
def test_sampled_products_are_the_convolution(kind, kernel, stride, padding, output_padding):
    rng = np.random.default_rng(7)
    weight = rng.normal(size=(4, kernel, kernel, 3))
    layer = FloatLayer("x", kind, weight, rng.normal(size=4), stride, padding, output_padding)
    x = torch.from_numpy(rng.normal(size=(2, 3, 11, 13))).float()
    y = layer.convolve(x)
    copied, taps = np.zeros_like(weight), 0
    for group in groups(layer):
        a, z = sample(group, x, y, 200, rng)
        np.testing.assert_allclose(a.numpy() @ take(weight, group).T + layer.bias, z, atol=1e-4)
        put(copied, group, take(weight, group))
        taps += len(group.taps)
    assert taps == kernel**2 and np.array_equal(copied, weight)


def test_feedback_rounds_better_than_nearest_on_correlated_inputs():
    rng = np.random.default_rng(3)
    mixing = rng.normal(size=(40, 40)) * (0.9 ** np.arange(40))
    operands = torch.from_numpy(rng.normal(size=(4000, 40)) @ mixing)
    weight = rng.normal(size=(8, 40))
    h = gram(operands)
    scale = clip_scales(weight, np.diag(h), highest=7)
    smart = round_with_feedback(weight, h, scale, -7, 7)
    nearest = np.clip(np.round(weight / scale[:, None]), -7, 7)
    errors = [
        np.mean((operands.numpy() @ (steps * scale[:, None] - weight).T) ** 2)
        for steps in (smart, nearest)
    ]
    assert np.abs(smart).max() <= 7
    assert errors[0] < 0.6 * errors[1]


def test_feedback_is_nearest_without_correlation():
    weight = np.random.default_rng(4).normal(size=(8, 200))
    scale = np.full(8, 0.02)
    steps = round_with_feedback(weight, np.eye(200), scale)
    assert np.array_equal(steps, np.clip(np.round(weight / 0.02), -127, 127))


def test_scales_of_activations_beat_the_largest_value():
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.normal(size=(50_000, 2)), np.zeros((50_000, 1))], axis=1)
    values[0, :2] = 8  # one outlier, not worth a coarser scale in 4 bits
    scale = clip_for_integers(values, -8, 7)

    def error(scale):
        steps = np.clip(np.round(values[:, :2] / scale), -8, 7)
        return np.mean((steps * scale - values[:, :2]) ** 2)

    assert (scale[:2] < 0.6 * 8 / 7).all() and error(scale[:2]) < 0.5 * error(8 / 7)
    assert np.isfinite(scale).all() and scale[2] > 0


# Sums that fit int32 ------------------------------------------------------------------------------


def test_only_rows_that_do_not_fit_get_a_coarser_scale():
    weight = np.array([[1.0, 1.0], [100.0, 100.0]])
    steps, scale = round_to_fit(
        lambda scale: np.round(weight / scale[:, None]), np.array([0.1, 0.1]), np.zeros(2),
        lambda steps: np.abs(steps).sum(axis=1) * LARGEST_SUM / 1000,
    )
    assert scale[0] == 0.1 and steps[0].tolist() == [10, 10]
    assert 0.2 <= scale[1] < 0.21 and 950 < steps[1].sum() <= 1000


@pytest.mark.parametrize("kind", ["conv", "deconv"])
@pytest.mark.parametrize("lowest", [-1, 0])
@pytest.mark.parametrize("channels", [2, 40, 900])
def test_highest_activation_is_what_the_next_layer_can_add_up(kind, lowest, channels):
    """Weights of one size, the worst there can be: every one becomes 127."""
    rng = np.random.default_rng(channels)
    weight = rng.choice([-0.3, 0.3], (3, 5, 5, channels))
    layer = FloatLayer("x", kind, weight, rng.normal(size=3), 2, 2, 0)
    scale = rng.uniform(0.5, 1, channels) / HIGHEST
    highest = highest_activation(layer, scale, lowest)
    step = 2 if kind == "deconv" else 1
    folded = weight * scale
    scales = np.abs(folded).max(axis=(1, 2, 3)) / 127
    steps = np.round(folded / scales[:, None, None, None]).astype(np.int8)
    sums = largest_sums(steps, lowest * highest, highest, step).max()
    assert sums < LARGEST_SUM
    assert highest == HIGHEST or sums > 0.3 * LARGEST_SUM


@pytest.mark.parametrize("kind", ["conv", "deconv"])
def test_a_layer_that_reads_too_much_gets_smaller_weights(kind):
    """Nothing is refused: `Layer.check_sums` proves what came out."""
    rng = np.random.default_rng(11)
    weight = rng.choice([-0.3, 0.3], (2, 5, 5, 80))
    layer = FloatLayer("x", kind, weight, rng.normal(size=2), 1, 2, 0)
    stored = rng.integers(-32768, 32768, (1, 9, 9, 80)).astype(np.int16)
    reference = torch.from_numpy(stored).permute(0, 3, 1, 2).float() / 32768
    read = Activations(reference, stored, "wide", np.full(80, 1 / 32768), (-32768, 32767))
    options = Options(samples=1000, feedback=False, activation_bits=16)
    integer, _, decibels = quantise_layer(layer, [read], "uint8", options)
    integer.check_sums(-32768, 32767)
    assert 10 < np.abs(integer.weight).max() < 40
    assert np.isfinite(decibels)
