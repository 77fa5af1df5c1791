"""Random valid layers and inputs, for every test that compares something with the golden model.

Scales are chosen so that the results spread over the output's range: a layer whose results all
saturate, or are all zero, tests nothing. Everything follows from the generator `rng` that is
passed in, so a test is replayed from its seed.
"""

from types import SimpleNamespace

import numpy as np

from litelic.host.errors import LitelicError
from litelic.host.golden.network import STORAGE_DTYPE
from litelic.host.program.layer import (
    FUNCTIONS,
    OPERAND_BITS,
    OUTPUT_RANGE,
    SHUFFLES,
    SLOPE_ONE,
    STORAGE_BYTES,
    STRIDES,
    WIDE,
    Gdn,
    Layer,
    stored_as,
)
from litelic.host.program.network import check_wide

# Typical size of an operand that `random_input` gives
OPERAND_RMS = {
    "int8": 74, "uint8": 148, "centred": 74, "int16": 180, "wide": 14000, "magnitude": 180,
    "wide_magnitude": 14000,
}
# By the activations of the array that is to run the layer
STORAGES = {8: [storage for storage in STORAGE_BYTES if storage not in WIDE], 16: [*STORAGE_BYTES]}


def random_layer(
    rng, *, name="random", kind=None, kernel=None, stride=None, padding=None, output_padding=None,
    in_channels=None, out_channels=None, input=None, output=None, gdn=None, activation_bits=8,
    shuffle=None,
):
    """A `Layer` that satisfies the constraints; what is None is drawn.

    Every constraint is a value or a list or range of values to draw from. `kernel` is a number or
    (height, width), drawn from 1..9 each way; the channels are drawn from 1..16. `padding` is drawn
    below the larger side of the kernel. `gdn` is False for none, True for any, or the name of a
    function; if it is None, every second layer has one, some of them with fewer results than the
    convolution unless `out_channels` is given. `out_channels` counts before a `shuffle`, which some
    convolutions have if it is None and `out_channels` too. With 16 `activation_bits`, operands of
    normalisations have 8 or 15 bits, and the input may be `wide`. A pair must be asked for: it is
    drawn with `kernel` and `stride` 1 and reads the network's input and result 0.
    """
    kind = _draw(rng, kind, ["conv", "deconv"])
    if kind == "pair":
        kernel, stride, padding, output_padding = (2, 1), 1, 0, 0
    kernel = _draw(rng, kernel, [tuple(int(side) for side in rng.integers(1, 10, 2))])
    kernel = (kernel, kernel) if np.ndim(kernel) == 0 else kernel
    stride = _draw(rng, stride, STRIDES)
    padding = _draw(rng, padding, range(max(kernel)))
    output_padding = _draw(rng, output_padding, range(stride if kind == "deconv" else 1))
    in_channels = _draw(rng, in_channels, range(1, 17))
    sums = _draw(rng, out_channels, range(1, 17))
    input = _draw(rng, input, STORAGES[activation_bits])
    output = _draw(rng, output, list(OUTPUT_RANGE))
    gdn = _draw(rng, gdn, [False, True])
    lo, hi = _random_clamp(rng, output)

    weight = rng.integers(-127, 128, (sums, *kernel, in_channels), dtype=np.int8)
    if kind == "pair" and rng.random() < 0.5:  # most are sums: a weight of each map
        weight *= np.eye(sums, in_channels, dtype=np.int8)[:, None, None]
    taps = np.prod(kernel) * in_channels / (stride**2 if kind == "deconv" else 1)
    acc = 74 * OPERAND_RMS[input] * np.sqrt(max(taps, 1))  # typical size; 74 is that of a weight
    result = 2.0 ** rng.uniform(8, 13) if gdn else _typical_result(output)
    operand_bits = _draw(rng, None, OPERAND_BITS) if activation_bits == 16 else 8
    slope = SLOPE_ONE
    if not gdn and rng.random() < 0.3:
        slope = _draw(rng, None, [0, 655, int(rng.integers(SLOPE_ONE))])
    results, shufflable = sums, kind == "conv" and not gdn and out_channels is None
    possible = [s for s in SHUFFLES if shufflable and sums % s**2 == 0] or [1]
    shuffle = _draw(rng, shuffle, possible)
    if gdn and out_channels is None and rng.random() < 0.3:
        results = int(rng.integers(1, sums + 1))
    return Layer(
        name=name, kind=kind, weight=weight,
        **_random_requantiser(rng, sums, acc, result),
        stride=stride, padding=padding, output_padding=output_padding,
        input=input, output=output, lo=lo, hi=hi,
        gdn=_random_gdn(rng, f"{name}.gdn", gdn, results, sums, result, output, operand_bits)
        if gdn else None,
        negative_slope=slope, sources=(-1, 0) if kind == "pair" else None,
        shuffle=shuffle,
    )


def random_pair(rng, activation_bits=8, largest=12):
    """A convolution, a pair that reads its result and its input, and an input."""
    while True:
        storage = _draw(rng, None, [s for s in STORAGES[activation_bits] if s != "centred"])
        channels, kernel = int(rng.integers(1, 17)), int(rng.choice([1, 3]))
        convolution = random_layer(
            rng, name="convolution", kind="conv", kernel=kernel, stride=1, padding=kernel // 2,
            in_channels=channels, out_channels=channels, input=storage, output=stored_as(storage),
            activation_bits=activation_bits,
        )
        pair = random_layer(
            rng, name="pair", kind="pair", in_channels=channels, input=storage,
            activation_bits=activation_bits,
        )
        height, width = (int(side) for side in rng.integers(1, largest + 1, 2))
        x = random_input(rng, convolution, height, width)
        try:
            if storage in WIDE:
                check_wide(pair, [convolution, SimpleNamespace(lo=int(x.min()), hi=int(x.max()))])
        except LitelicError:
            continue
        return [convolution, pair], x


def wide_range(layer):
    """The largest magnitude of `wide` inputs for which a layer's sums fit the accumulator."""
    magnitude = 32768
    while True:
        try:
            layer.check_sums(-magnitude, min(magnitude, 32767))
        except LitelicError:
            magnitude = magnitude * 15 // 16
        else:
            return magnitude


def random_input(rng, layer, height, width):
    """An input of the layer; int16 has elements inside and outside the range of operands."""
    shape = (height, width, layer.in_channels)
    dtype = np.dtype(STORAGE_DTYPE[layer.input])
    if layer.input in WIDE:
        magnitude = wide_range(layer)
        lo, hi = -magnitude, min(magnitude, 32767)
        values = rng.integers(lo, hi, shape, dtype=dtype, endpoint=True)
        ends = rng.choice(np.array([lo, hi], dtype), shape)
        return np.where(rng.random(shape) < 0.1, ends, values)
    info = np.iinfo(dtype)
    values = rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    if layer.input in ("int16", "magnitude"):
        small = rng.integers(-260, 261, shape, dtype=dtype)
        values = np.where(rng.random(shape) < 0.75, small, values)
    return values


def random_size(rng, layer, largest=12):
    """(height, width) of an input, 1..`largest` where the layer allows it, for which the output
    has at least one pixel."""
    sides = []
    for kernel in layer.kernel:
        if layer.kind == "conv":
            smallest = kernel - 2 * layer.padding
        else:
            missing = 2 * layer.padding - kernel - layer.output_padding  # out = (n - 1) s - missing
            smallest = (missing + layer.stride) // layer.stride + 1
        smallest = max(smallest, 1)
        sides.append(int(rng.integers(smallest, max(smallest, largest) + 1)))
    return tuple(sides)


def _draw(rng, constraint, choices):
    """`constraint` itself, or one of its values, or one of `choices`."""
    if isinstance(constraint, (list, range)):
        choices = constraint
    elif constraint is not None:
        return constraint
    return choices[int(rng.integers(len(choices)))]


def _typical_result(output):
    lowest, highest = OUTPUT_RANGE[output]
    return (highest - lowest) / 8


def _random_clamp(rng, output):
    """The whole range, or a ReLU, or any part of the range."""
    lowest, highest = OUTPUT_RANGE[output]
    style = rng.random()
    if style < 0.6:
        return lowest, highest
    if style < 0.8:
        return 0, highest
    return tuple(int(v) for v in np.sort(rng.integers(lowest, highest + 1, 2)))


def _random_requantiser(rng, channels, typical, result):
    """Bias, multiplier and shift that bring sums of a typical size to results of a typical size."""
    scale = result / typical * 2.0 ** rng.uniform(-1, 1, channels)
    bits = rng.integers(1, 17, channels)  # of the multiplier
    shift = np.clip(bits - 1 - np.floor(np.log2(scale)), 0, 47)
    return {
        "bias": np.rint(rng.normal(0, typical, channels).clip(-4 * typical, 4 * typical))
        .clip(-(2**30), 2**30).astype(np.int32),
        "multiplier": np.rint(scale * 2.0**shift).clip(0, 65535).astype(np.uint16),
        "shift": shift.astype(np.uint8),
    }


def _random_gdn(rng, name, function, channels, sums, x, output, operand_bits):
    """A normalisation of values whose typical size is `x`."""
    function = _draw(rng, None if function is True else function, FUNCTIONS)
    squares = function in ("rsqrt", "sqrt")
    a = 2.0 ** (rng.uniform(4, 7) + operand_bits - 8)
    gamma = rng.integers(0, 128, (channels, sums), dtype=np.int8)
    gamma *= rng.random(gamma.shape) < rng.uniform(0.2, 1)
    n = 2.0 ** rng.uniform(6, 22)
    requantiser = _random_requantiser(rng, channels, 64 * a * np.sqrt(sums), n)
    requantiser["bias"] = abs(requantiser["bias"])  # as beta is: a norm is positive
    gain = {
        "reciprocal": 2.0**16 / n,
        "multiply": 2.0**15 * n,
        "rsqrt": 2.0**16 / np.sqrt(n),
        "sqrt": 2.0**15 * np.sqrt(n),
        "sigmoid": 2.0**15,
    }[function]
    return Gdn(
        name=name, function=function, gamma=gamma, **requantiser,
        operand_shift=_bits((x * x if squares else x) / a, 31),
        output_shift=_bits(x * gain / _typical_result(output), 63), operand_bits=operand_bits,
    )


def _bits(ratio, limit):
    return int(np.clip(np.rint(np.log2(ratio)), 0, limit))
