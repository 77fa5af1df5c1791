"""Metrics on pictures and curves whose results are known."""

import numpy as np
import pytest

pytest.importorskip("pytorch_msssim")
pytest.importorskip("bjontegaard")

from litelic.host.evaluation import metrics  # noqa: E402

CURVE = [(0.1, 28.0), (0.2, 30.0), (0.4, 32.5), (0.8, 35.0), (1.4, 37.0)]


@pytest.mark.parametrize("factor, percent", ((1, 0), (2, 100), (0.9, -10), (1.01, 1)))
def test_bd_rate_of_the_same_curve_at_another_rate(factor, percent):
    other = [(rate * factor, db) for rate, db in CURVE]
    assert metrics.bd_rate(CURVE, other[::-1]) == pytest.approx(percent, abs=1e-6)


def test_bd_rate_of_a_worse_picture_is_a_loss():
    worse = [(rate, db - 0.05) for rate, db in CURVE]
    assert 0.5 < metrics.bd_rate(CURVE, worse) < 2.5


@pytest.mark.parametrize("curve", (
    CURVE[:3],
    [(rate, db + 40) for rate, db in CURVE],  # no quality in common
    [*CURVE[:-1], (1.4, 20.0)],  # worse for more
))
def test_bd_rate_that_means_nothing_is_none(curve):
    assert metrics.bd_rate(CURVE, curve) is None


def test_ms_ssim():
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (20, 20, 3)).repeat(10, axis=0).repeat(9, axis=1)
    picture = picture.astype(np.uint8)
    noisy = (picture + rng.normal(0, 20, picture.shape)).clip(0, 255).astype(np.uint8)
    assert metrics.ms_ssim(picture, picture) == pytest.approx(1)
    assert 0.5 < metrics.ms_ssim(picture, noisy) < 0.999
    assert metrics.ms_ssim(picture[:160], picture[:160]) is None
