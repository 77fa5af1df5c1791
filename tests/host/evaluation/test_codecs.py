"""Pillow's codecs give curves: more bits, better pictures."""

import numpy as np
import pytest

from litelic.host.cli import evaluate
from litelic.host.codec.pictures import psnr
from litelic.host.errors import LitelicError
from litelic.host.evaluation import codecs


@pytest.fixture
def pixels():
    y, x = np.mgrid[0:96, 0:128]
    waves = np.stack([np.sin(x / 9) + np.sin(y / 7), np.sin((x + y) / 11), np.cos(x / 5)], axis=2)
    noise = np.random.default_rng(1).normal(0, 8, waves.shape)
    return (128 + 50 * waves + noise).clip(0, 255).astype(np.uint8)


def test_the_command_line_offers_all_of_them():
    """It has their names once more, to start without Pillow."""
    assert evaluate.CODECS == tuple(codecs.CODECS)


@pytest.mark.parametrize("name", codecs.CODECS)
def test_levels_rise(name, pixels):
    codecs.check(name)
    codec = codecs.CODECS[name]
    sizes, decibels = [], []
    for level in codec.levels:
        data, decoded = codec.code(pixels, level)
        assert decoded.shape == pixels.shape and decoded.dtype == np.uint8
        sizes.append(len(data))
        decibels.append(psnr(pixels, decoded))
    assert sizes == sorted(sizes) and sizes[-1] > 2 * sizes[0]
    assert decibels[-1] > decibels[0] + 2


def test_a_missing_library_is_told(monkeypatch):
    monkeypatch.setattr(codecs.features, "check", lambda feature: False)
    with pytest.raises(LitelicError, match="built without AVIF"):
        codecs.check("avif")
