"""The random models: published shapes, and results that are worth comparing."""

import importlib.util

import numpy as np
import pytest

from litelic.host.bench import models
from litelic.host.errors import LitelicError
from litelic.host.golden import run_layers

# MACs of a pixel and direction, as CompressAI's models have: convolutions and normalisations.
MACS_A_PIXEL = {"bls2017": 11_224, "bmshj2018-factorized": 42_176}


@pytest.mark.parametrize("name", MACS_A_PIXEL)
def test_multiplications_are_those_of_the_published_shape(name):
    program = models.load(name)
    side = 64
    for layers, size in ((program.analysis, side), (program.synthesis, side // 16)):
        macs = 0
        for layer in layers:
            macs += layer.macs(size, size)
            size, _ = layer.output_size(size, size)
        assert macs == MACS_A_PIXEL[name] * side * side
    assert size == side


@pytest.mark.parametrize("name", ("bls2017", "bmshj2018-factorized"))
def test_results_neither_saturate_nor_vanish(name):
    program = models.load(name)
    x = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    for layers in (program.analysis, program.synthesis):
        for layer, y in run_layers(layers, x):
            assert np.isin(y, (layer.lo, layer.hi)).mean() < 0.1, layer.name
            assert 20 < y.std() < 100, layer.name
            assert (y.std(axis=(0, 1)) > 2).all(), layer.name  # of each channel
        x = y


def test_a_model_is_the_same_every_time():
    first, second = (models.load("bls2017") for _ in range(2))
    for a, b in zip(first.analysis + first.synthesis, second.analysis + second.synthesis):
        assert np.array_equal(a.weight, b.weight) and np.array_equal(a.multiplier, b.multiplier)


@pytest.mark.long
def test_the_default_model_of_16_bits():
    for package in ("torch", "skimage"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    program, plain = models.load("default", 16), models.load("default")
    assert program.activation_bits == 16 and plain.activation_bits == 8
    for a, b in zip(
        program.analysis + program.synthesis, plain.analysis + plain.synthesis, strict=True
    ):
        assert (a.weight.shape, a.stride, bool(a.gdn)) == (b.weight.shape, b.stride, bool(b.gdn))


def test_others_are_not_measured_with_16_bits():
    with pytest.raises(LitelicError, match="only the default model .* 16 bits, not bls2017"):
        models.load("bls2017", 16)


def test_an_unknown_model_is_refused():
    with pytest.raises(LitelicError, match="no model 'cheng2020' to measure; choose of default,"):
        models.load("cheng2020")
