"""The golden model equals `reference.py` in every integer: at random, and at every extreme."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from litelic.accel.config import ACTIVATION_BITS
from litelic.host.golden import arithmetic, network, normalisation, run_layer
from litelic.host.program.layer import (
    FUNCTIONS,
    OPERAND_BITS,
    OUTPUT_RANGE,
    STORAGE_BYTES,
    WIDE,
    Gdn,
    Layer,
)
from tests.host.golden import reference
from tests.random_layers import random_input, random_layer, random_pair, random_size

INT32 = np.iinfo(np.int32)


def assert_equals_reference(layer, *inputs):
    y = run_layer(layer, *inputs)
    assert y.dtype == network.STORAGE_DTYPE[layer.output]
    assert y.shape == (*layer.output_size(*inputs[0].shape[:2]), layer.out_channels)
    assert y.tolist() == reference.run_layer(layer, *[x.tolist() for x in inputs])
    return y


# At random ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(160))
def test_random_layer(seed):
    rng = np.random.default_rng(seed)
    layer = random_layer(rng, in_channels=range(1, 7), out_channels=range(1, 7))
    assert_equals_reference(layer, random_input(rng, layer, *random_size(rng, layer, 7)))


@pytest.mark.parametrize("input", ["wide", None])
@pytest.mark.parametrize("seed", range(40))
def test_random_layer_of_16_bits(seed, input):
    rng = np.random.default_rng(seed)
    layer = random_layer(
        rng, in_channels=range(1, 7), out_channels=range(1, 7), activation_bits=16, input=input,
    )
    assert_equals_reference(layer, random_input(rng, layer, *random_size(rng, layer, 7)))


@pytest.mark.parametrize("bits", ACTIVATION_BITS)
@pytest.mark.parametrize("seed", range(30))
def test_random_pair(seed, bits):
    (convolution, pair), x = random_pair(np.random.default_rng(seed), bits, largest=6)
    between = assert_equals_reference(convolution, x)
    result = assert_equals_reference(pair, x, between)
    assert np.array_equal(list(network.run_layers([convolution, pair], x))[-1][1], result)


@pytest.mark.parametrize("shuffle", [2, 4])
@pytest.mark.parametrize("seed", range(10))
def test_shuffled_results(seed, shuffle, monkeypatch):
    rng = np.random.default_rng(seed)
    layer = random_layer(
        rng, kind="conv", shuffle=shuffle, out_channels=3 * shuffle**2, gdn=False, kernel=3,
    )
    monkeypatch.setattr(network, "BAND_RESULTS", int(rng.choice([1, 200, 1 << 18])))
    assert_equals_reference(layer, random_input(rng, layer, 5, 7))


@pytest.mark.parametrize("kind", ["conv", "deconv"])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_every_padding(kind, kernel, stride):
    """Every padding that a layer may have, with every output padding: windows that lie mostly
    outside the picture, strides larger than the kernel, outputs of one pixel."""
    rng = np.random.default_rng([kernel, stride])
    for padding in range(kernel):
        for output_padding in range(stride if kind == "deconv" else 1):
            layer = random_layer(
                rng, kind=kind, kernel=kernel, stride=stride, padding=padding,
                output_padding=output_padding, in_channels=2, out_channels=2, gdn=False,
            )
            assert_equals_reference(layer, random_input(rng, layer, *random_size(rng, layer, 4)))


@pytest.mark.parametrize("band", [1, 50, 173])
@pytest.mark.parametrize("kind", ["conv", "deconv"])
def test_bands_do_not_matter(monkeypatch, kind, band):
    rng = np.random.default_rng(band)
    layer = random_layer(rng, kind=kind, kernel=5, padding=2, stride=2, output="int8", gdn="sqrt")
    x = random_input(rng, layer, 23, 9)
    whole = run_layer(layer, x)
    monkeypatch.setattr(network, "BAND_RESULTS", band)
    assert (run_layer(layer, x) == whole).all()


# At the extremes of a convolution -----------------------------------------------------------------


def extreme_inputs(storage, shape, rng):
    values = {
        "int8": [-128, -1, 0, 1, 127],
        "uint8": [0, 1, 255],
        "centred": [0, 127, 128, 255],
        "int16": [-32768, -257, -256, -255, 0, 254, 255, 256, 32767],
        "wide": [-32768, -32767, -257, -256, -1, 0, 255, 256, 32767],
        "magnitude": [-32768, -257, -256, -255, -1, 0, 1, 255, 256, 32767],
        "wide_magnitude": [-32768, -32767, -257, -256, -1, 0, 255, 256, 32767],
    }[storage]
    return rng.choice(np.array(values, network.STORAGE_DTYPE[storage]), shape)


@pytest.mark.parametrize("kind", ["conv", "deconv"])
@pytest.mark.parametrize("storage", STORAGE_BYTES)
@pytest.mark.parametrize("output", OUTPUT_RANGE)
def test_extremes_of_a_convolution(kind, storage, output):
    """Weights and operands at their ends, the bias as large as the accumulator leaves room, each
    multiplier with each shift in some channel."""
    rng = np.random.default_rng([len(storage), len(output)])
    requantisers = list(product([0, 1, 32768, 65535], [0, 1, 15, 16, 31, 46, 47]))
    channels = len(requantisers)
    multiplier, shift = zip(*requantisers, strict=True)
    weight = rng.choice(np.array([-127, 127], np.int8), (channels, 3, 3, 4))
    weight[::3] = -127
    weight[1::3] = 127
    largest = 32768 if storage in WIDE else 256
    room = INT32.max - abs(weight.astype(np.int64)).sum(axis=(1, 2, 3)) * largest
    for sign in (-1, 0, 1):
        layer = Layer(
            name="extreme", kind=kind, weight=weight, bias=(sign * room).astype(np.int32),
            multiplier=np.array(multiplier, np.uint16), shift=np.array(shift, np.uint8),
            stride=1, padding=1, output_padding=0, input=storage, output=output,
            lo=OUTPUT_RANGE[output][0], hi=OUTPUT_RANGE[output][1],
        )
        x = extreme_inputs(storage, (4, 3, 4), rng)
        x[0], x[-1] = np.iinfo(x.dtype).min, np.iinfo(x.dtype).max
        assert_equals_reference(layer, x)


@pytest.mark.parametrize("kind", ["conv", "deconv"])
@pytest.mark.parametrize("storage, largest", [("int16", 256), ("wide", 32768)])
def test_accumulators_at_the_ends_of_int32(kind, storage, largest):
    """The largest sum that the model's check accepts: no bit to spare."""
    in_channels, rest = divmod(2**31 - 1, 127 * largest)  # of 1x1 taps
    weight = np.full((2, 1, 1, in_channels), -127, np.int8)
    layer = Layer(
        name="largest", kind=kind, weight=weight,
        bias=np.array([rest, -rest], np.int32),
        multiplier=np.array([1, 65535], np.uint16), shift=np.array([16, 32], np.uint8),
        stride=1, padding=0, output_padding=0, input=storage, output="int16", lo=-32768, hi=32767,
    )
    layer.check_sums(-largest, largest - 1)
    x = np.empty((1, 2, in_channels), np.int16)
    x[0, 0], x[0, 1] = -32768, 32767
    y = assert_equals_reference(layer, x)
    assert y[0, 0, 0] == 32767 and y[0, 1, 0] < -32000


def test_every_operand():
    for storage, dtype in network.STORAGE_DTYPE.items():
        info = np.iinfo(dtype)
        stored = np.arange(info.min, info.max + 1).astype(dtype)
        expected = [reference.operand(v, storage) for v in stored.tolist()]
        assert arithmetic.operands(stored, storage).tolist() == expected
        if storage == "wide":
            assert expected == stored.tolist()
        elif storage not in WIDE:
            assert -256 <= min(expected) and max(expected) <= 255


def test_round_shift_rounds_halves_up():
    assert arithmetic.round_shift(np.array([3, -3]), 1).tolist() == [2, -1]
    values = np.array([0, 1, -1, 5, -5, 2**46, -(2**46), 2**47 - 1, -(2**47)], np.int64)
    for shift in range(48):
        expected = [reference.round_shift(v, shift) for v in values.tolist()]
        assert arithmetic.round_shift(values, shift).tolist() == expected


def test_extremes_of_requantise():
    """Sums at the ends of int32, every shift, and clamps that meet."""
    multiplier, shift = zip(*product([0, 1, 2, 32767, 32768, 65535], range(48)), strict=True)
    sums = [INT32.min, INT32.min + 1, -32768, -1, 0, 1, 32767, INT32.max]
    for bias in (INT32.min, -1, 0, 1, INT32.max):
        gdn = gdn_of("multiply", np.zeros(len(shift)), multiplier=multiplier, shift=shift)
        gdn.bias[:] = bias  # beyond what `Gdn` accepts: the accumulators below make up for it
        acc = np.array([v - bias for v in sums if INT32.min <= v - bias <= INT32.max], np.int32)
        acc = np.repeat(acc[:, None], len(shift), axis=1)
        for lo, hi in ((INT32.min, INT32.max), (-128, 127), (0, 255), (5, 5)):
            result = arithmetic.requantise(acc, gdn, lo, hi)
            for row, expected in zip(acc.tolist(), result.tolist(), strict=True):
                assert expected == [
                    reference.requantise(v, gdn, c, lo, hi) for c, v in enumerate(row)
                ]


# At the extremes of the normalisation -------------------------------------------------------------

NORMS = sorted({
    n for e in range(24) for n in (2**e - 1, 2**e, 2**e + 1) if 1 <= n
} | {2**24 - 1, 2**24 - 2, 2**23 + 2**16 - 1, 2**23 + 2**16})
VALUES = [-32768, -32767, -256, -1, 0, 1, 255, 12345, 32766, 32767]


def gdn_of(
    function, bias, *, gamma=None, operand_shift=0, multiplier=1, shift=0, output_shift=0,
    operand_bits=8,
):
    channels = len(bias)
    if gamma is None:
        gamma = np.zeros((channels, channels))
    return Gdn(
        name="gdn", function=function, operand_shift=operand_shift, gamma=np.int8(gamma),
        bias=np.array(bias, np.int32), output_shift=output_shift, operand_bits=operand_bits,
        multiplier=np.broadcast_to(multiplier, channels).astype(np.uint16),
        shift=np.broadcast_to(shift, channels).astype(np.uint8),
    )


def assert_normalises_as_reference(gdn, x, lo, hi):
    """`x` is `[pixels][channels]`."""
    y = normalisation.normalise(gdn, np.array([x], np.int64), lo, hi)[0]
    assert y.tolist() == [reference.normalise_pixel(gdn, pixel, lo, hi) for pixel in x]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("lo, hi", OUTPUT_RANGE.values(), ids=OUTPUT_RANGE)
def test_every_extreme_norm_with_every_value(function, lo, hi):
    """One channel for each norm, one pixel for each value."""
    x = [[value] * len(NORMS) for value in VALUES]
    for output_shift in (0, 1, 8, 15, 16, 17, 24, 31):
        gdn = gdn_of(function, NORMS, output_shift=output_shift)
        assert_normalises_as_reference(gdn, x, lo, hi)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_output_shift(function):
    norms = [1, 2, 3, 2**12 - 1, 2**12, 2**23, 2**24 - 1]
    x = [[value] * len(norms) for value in VALUES]
    for output_shift in range(64):
        gdn = gdn_of(function, norms, output_shift=output_shift)
        assert_normalises_as_reference(gdn, x, -32768, 32767)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_norm_is_clamped(function):
    bias = [INT32.min + 1, -1, 0, 1, 2**24 - 1, 2**24, INT32.max]
    gdn = gdn_of(function, bias, output_shift=16)
    n = normalisation.norm(gdn, np.zeros((1, 1, len(bias)), np.int64))
    assert n[0, 0].tolist() == [1, 1, 1, 1, 2**24 - 1, 2**24 - 1, 2**24 - 1]
    assert_normalises_as_reference(gdn, [[value] * len(bias) for value in VALUES], -32768, 32767)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("operand_shift", [0, 1, 7, 8, 15, 22, 30, 31])
@pytest.mark.parametrize("operand_bits", OPERAND_BITS)
def test_extremes_of_the_norms_operands(function, operand_shift, operand_bits):
    """gamma at its ends, the bias as large as the accumulator leaves room, each multiplier with
    each shift, values of both signs mixed in one pixel."""
    rng = np.random.default_rng(operand_shift)
    multiplier, shift = zip(*product([0, 1, 257, 65535], [0, 1, 16, 46, 47]), strict=True)
    channels = len(shift)
    gamma = rng.choice([0, 127], (channels, channels))
    gamma[0], gamma[1] = 0, 127
    room = INT32.max - gamma.sum(axis=1) * (2**operand_bits - 1)
    x = [[value] * channels for value in VALUES] + rng.choice(VALUES, (4, channels)).tolist()
    for bias in (-room, 0 * room, room):
        gdn = gdn_of(
            function, bias, gamma=gamma, operand_shift=operand_shift,
            multiplier=multiplier, shift=shift, output_shift=16, operand_bits=operand_bits,
        )
        assert_normalises_as_reference(gdn, x, -32768, 32767)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_convolution_saturates_before_its_normalisation(function):
    """What the normalisation sees is clamped to int16, not to the layer's lo..hi."""
    rng = np.random.default_rng(5)
    layer = random_layer(
        rng, kind="conv", kernel=1, stride=1, padding=0, out_channels=6, input="int16",
        output="int8", gdn=function,
    )
    layer = replace(layer, multiplier=np.full(6, 65535, np.uint16), shift=np.full(6, 8, np.uint8))
    assert_equals_reference(layer, random_input(rng, layer, 5, 5))
