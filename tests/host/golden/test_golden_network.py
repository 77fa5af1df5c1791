"""What the golden model refuses, and how it chains layers."""

import numpy as np
import pytest

from litelic.host.errors import LitelicError
from litelic.host.golden import run_layer, run_layers
from tests.random_layers import random_input, random_layer


def layer_of(**constraints):
    return random_layer(
        np.random.default_rng(1), name="g_a.0", kind="conv", kernel=3, padding=0, **constraints
    )


@pytest.mark.parametrize("storage, wrong", [
    ("int8", np.uint8), ("uint8", np.int8), ("centred", np.int8), ("int16", np.int32),
    ("int16", np.float64), ("wide", np.int32), ("wide", np.uint8),
])
def test_wrong_dtype_is_named(storage, wrong):
    layer = layer_of(in_channels=2, input=storage)
    with pytest.raises(LitelicError, match=f"layer g_a.0 reads {storage}.* not {wrong.__name__}"):
        run_layer(layer, np.zeros((5, 5, 2), wrong))


@pytest.mark.parametrize("shape", [(5, 5), (5, 5, 3), (5, 0, 2), (1, 5, 5, 2)])
def test_wrong_shape_is_named(shape):
    layer = layer_of(in_channels=2, input="int8")
    with pytest.raises(LitelicError, match=r"layer g_a.0 reads \[height\]\[width\]\[2\]"):
        run_layer(layer, np.zeros(shape, np.int8))


def test_input_smaller_than_the_kernel_is_refused():
    layer = layer_of(in_channels=2, input="int8")
    with pytest.raises(LitelicError, match="smaller than the kernel"):
        run_layer(layer, np.zeros((2, 5, 2), np.int8))


def test_run_layers_chains_and_is_lazy():
    rng = np.random.default_rng(3)
    first = random_layer(rng, kind="deconv", out_channels=4, kernel=3, padding=1, output="int8")
    second = random_layer(rng, kind="conv", in_channels=4, input="int8", kernel=3, padding=1)
    unfit = random_layer(rng, in_channels=second.out_channels + 1)
    x = random_input(rng, first, 6, 7)
    steps = run_layers([first, second, unfit], x)
    layer, y = next(steps)
    assert layer is first and (y == run_layer(first, x)).all()
    layer, z = next(steps)
    assert layer is second and (z == run_layer(second, y)).all()
    with pytest.raises(LitelicError):
        next(steps)


def test_strides_of_the_input_do_not_matter():
    rng = np.random.default_rng(4)
    layer = layer_of(input="int16")
    x = random_input(rng, layer, 6, 7)
    expected = run_layer(layer, x)
    assert (run_layer(layer, np.asfortranarray(x)) == expected).all()
    mirrored = np.ascontiguousarray(x[:, ::-1])
    assert (run_layer(layer, mirrored[:, ::-1]) == expected).all()
