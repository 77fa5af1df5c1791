"""The golden model against floating-point PyTorch: the convolutions are equal, the normalisations
as near as the roundings of `docs/numerics.md` allow."""

from dataclasses import replace

import numpy as np
import pytest

from litelic.host.golden import arithmetic, normalisation, run_layer
from litelic.host.golden.convolution import accumulate
from litelic.host.program.layer import FUNCTIONS, SLOPE_ONE, STORAGE_BYTES, WIDE, Gdn
from tests.random_layers import random_input, random_layer, random_size

torch = pytest.importorskip("torch")

# As stated in test_golden_tables.py, for every function
MANTISSA_ERROR = 1.25 * 2**-15
SIGMOID_ERROR = 14 / 2**16
RATIOS = [function for function in FUNCTIONS if function != "sigmoid"]


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def float_convolution(layer, operands):
    """PyTorch's result as `[height][width][channels]`; exact, for float64 holds every sum."""
    x = torch.from_numpy(operands.astype(np.float64)).permute(2, 0, 1)[None]
    weight = torch.from_numpy(layer.weight.astype(np.float64)).permute(0, 3, 1, 2)
    options = {"stride": layer.stride, "padding": layer.padding}
    if layer.kind == "conv":
        y = torch.nn.functional.conv2d(x, weight, **options)
    else:
        y = torch.nn.functional.conv_transpose2d(
            x, weight.transpose(0, 1), output_padding=layer.output_padding, **options
        )
    return y[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", ["conv", "deconv"])
@pytest.mark.parametrize("input", [None, "wide"])
def test_sums_of_products_are_equal(kind, seed, input):
    rng = np.random.default_rng(seed)
    layer = random_layer(rng, kind=kind, input=input)
    x = random_input(rng, layer, *random_size(rng, layer, 16))
    expected = float_convolution(layer, arithmetic.operands(x, layer.input))
    assert (accumulate(layer, (x,), range(expected.shape[0])) == expected).all()


@pytest.mark.parametrize("kind, kernel, stride, output_padding", [
    ("conv", 9, 4, 0), ("conv", 5, 2, 0), ("conv", 3, 1, 0), ("conv", 1, 1, 0),
    ("deconv", 5, 2, 1), ("deconv", 9, 4, 3), ("deconv", 4, 4, 0), ("deconv", 3, 1, 0),
])
@pytest.mark.parametrize("storage", STORAGE_BYTES)
def test_layers_of_real_models_are_equal(storage, kind, kernel, stride, output_padding):
    """Without a scale nothing is rounded; what remains is the bias and the clamp."""
    rng = np.random.default_rng([kernel, stride])
    channels = 24
    layer = random_layer(
        rng, kind=kind, kernel=kernel, stride=stride, padding=(kernel - 1) // 2,
        output_padding=output_padding, in_channels=channels, out_channels=channels,
        input=storage, output="int16", gdn=False,
    )
    layer = replace(
        layer, multiplier=np.ones(channels, np.uint16), shift=np.zeros(channels, np.uint8),
        weight=rng.integers(-1, 2, layer.weight.shape, dtype=np.int8),
        bias=rng.integers(-(2**12), 2**12, channels, dtype=np.int32), lo=-32768, hi=32767,
        negative_slope=SLOPE_ONE,
    )
    x = random_input(rng, layer, 17, 14)
    if storage in WIDE:
        x //= 64
    expected = float_convolution(layer, arithmetic.operands(x, storage)) + layer.bias
    y = run_layer(layer, x)
    assert (y == expected.clip(-32768, 32767)).all()
    assert (abs(expected) < 32767).mean() > 0.9  # nearly all of them are not clamped


def float_normalisation(gdn, x):
    """CompressAI's formula on the real numbers that the integers stand for, `[y][x][channels]`:
    the unclamped results, and how far the integers may lie from them.
    """
    unit = 2.0**gdn.operand_shift  # what an operand counts
    scale = torch.from_numpy(gdn.multiplier * 2.0 ** -gdn.shift.astype(float))
    gamma = torch.from_numpy(gdn.gamma.astype(float)) * scale[:, None] / unit
    beta = torch.from_numpy(gdn.bias.astype(float)) * scale
    x = torch.from_numpy(x.astype(float)).permute(2, 0, 1)[None]
    size = x**2 if gdn.squares else abs(x)
    norm = torch.nn.functional.conv2d(size, gamma[:, :, None, None], beta)
    gain = {
        "reciprocal": lambda: 2.0**16 / norm,
        "multiply": lambda: 2.0**15 * norm,
        "rsqrt": lambda: 2.0**16 * torch.rsqrt(norm),
        "sqrt": lambda: 2.0**15 * torch.sqrt(norm),
    }[gdn.function]()
    y = x * gain * 2.0**-gdn.output_shift
    # A half for each rounded operand and for the norm; the roots halve a small error, if anything
    norm_error = (0.5 + gamma.sum(1)[:, None, None] * unit * 0.5) / norm
    bound = 0.5 + abs(y) * ((1 + MANTISSA_ERROR) / (1 - norm_error) - 1)
    return [v[0].permute(1, 2, 0).numpy() for v in (y, bound, norm_error)]


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("function", RATIOS)
def test_normalisation_is_within_its_roundings(function, seed):
    rng = np.random.default_rng(seed)
    layer = random_layer(rng, gdn=function, out_channels=12, output="int16")
    output_shift = {"reciprocal": 0, "multiply": 29, "rsqrt": 8, "sqrt": 21}[function]
    gdn = replace(
        layer.gdn, output_shift=output_shift,
        operand_shift=13 if layer.gdn.squares else 3,
        multiplier=rng.integers(2**15, 2**16, 12, dtype=np.uint16),
        shift=rng.integers(12, 18, 12, dtype=np.uint8),
        bias=rng.integers(2**14, 2**18, 12, dtype=np.int32),
    )
    largest = 2040 if not gdn.squares else 1440  # operands up to 255: none is clamped
    x = rng.integers(-largest, largest + 1, (9, 8, 12))
    expected, bound, norm_error = float_normalisation(gdn, x)
    y = normalisation.normalise(gdn, x, -(2**31), 2**31 - 1)
    assert (abs(y - expected) <= bound).all()
    assert norm_error.max() < 0.1 and abs(expected).max() > 100  # or the bound would say little


def test_a_gate_is_within_its_roundings():
    """a * sigmoid(b) of 5 channels each: b + 8 comes with 11 bits of which 8 are kept."""
    rng = np.random.default_rng(1)
    channels, ones = 5, np.ones(5)
    gdn = Gdn(
        name="gate", function="sigmoid", operand_shift=3, output_shift=16,
        gamma=np.hstack([np.zeros((channels, channels)), np.eye(channels)]).astype(np.int8),
        bias=np.zeros(channels, np.int32), multiplier=(ones * 65535).astype(np.uint16),
        shift=np.zeros(channels, np.uint8),
    )
    a, b = rng.integers(-(2**15), 2**15, (40, 50, 5)), rng.integers(0, 2040, (40, 50, 5))
    y = normalisation.normalise(gdn, np.concatenate([a, b], axis=2), -(2**15), 2**15 - 1)
    argument = torch.from_numpy(b / 8 * 65535 / 2**20 - 8)
    expected = a * torch.sigmoid(argument).numpy()
    # Half a step of b at the steepest place, and the table.
    bound = 0.5 + abs(a) * (0.5 / 16 / 4 + SIGMOID_ERROR)
    assert y.shape == a.shape and (abs(y - expected) <= bound).all()
    assert argument.min() < -7.9 and argument.max() > 7.9
