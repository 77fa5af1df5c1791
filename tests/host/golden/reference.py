"""`docs/numerics.md` once more, slowly: Python integers, lists and loops, nothing else.

It shares no code with the golden model. Feature maps are nested lists [height][width][channels];
layers are the `Layer` of `host/program/model.py`, whose arrays are only read.
"""

from bisect import bisect_left
from decimal import Decimal, localcontext
from fractions import Fraction

# Sections 1 and 2 ---------------------------------------------------------------------------------


def clamp(v, lo, hi):
    return min(max(v, lo), hi)


def operand(v, storage):
    if storage in ("int8", "uint8", "wide"):
        return v
    if storage == "centred":
        return v - 128
    if storage == "magnitude":
        return min(abs(v), 255)
    if storage == "wide_magnitude":
        return min(abs(v), 32767)
    assert storage == "int16"
    return clamp(v, -256, 255)


def round_shift(v, s):
    return v if s == 0 else (v + 2 ** (s - 1)) // 2**s


def fits(v, bits):
    """`v`, which must be a signed number of that many bits."""
    assert -(2 ** (bits - 1)) <= v < 2 ** (bits - 1)
    return v


def requantise(acc, channel, c, lo, hi):
    biased = fits(fits(acc, 32) + int(channel.bias[c]), 32)
    product = fits(biased * int(channel.multiplier[c]), 48)
    return clamp(round_shift(product, int(channel.shift[c])), lo, hi)


# Sections 3 and 4 ---------------------------------------------------------------------------------


def convolution(layer, a):
    weight, s, p = layer.weight.tolist(), layer.stride, layer.padding
    kernel_height, kernel_width = layer.kernel
    in_height, in_width = len(a), len(a[0])
    out_height = (in_height + 2 * p - kernel_height) // s + 1
    out_width = (in_width + 2 * p - kernel_width) // s + 1
    acc = [[[0] * len(weight) for _ in range(out_width)] for _ in range(out_height)]
    for y in range(out_height):
        for x in range(out_width):
            for o, kernel in enumerate(weight):
                for ky in range(kernel_height):
                    for kx in range(kernel_width):
                        iy, ix = y * s + ky - p, x * s + kx - p
                        if 0 <= iy < in_height and 0 <= ix < in_width:
                            for w, operand_i in zip(kernel[ky][kx], a[iy][ix], strict=True):
                                acc[y][x][o] += w * operand_i
    return acc


def transposed_convolution(layer, a):
    weight, s, p = layer.weight.tolist(), layer.stride, layer.padding
    kernel_height, kernel_width = layer.kernel
    in_height, in_width = len(a), len(a[0])
    out_height = (in_height - 1) * s - 2 * p + kernel_height + layer.output_padding
    out_width = (in_width - 1) * s - 2 * p + kernel_width + layer.output_padding
    acc = [[[0] * len(weight) for _ in range(out_width)] for _ in range(out_height)]
    for iy in range(in_height):
        for ix in range(in_width):
            for ky in range(kernel_height):
                for kx in range(kernel_width):
                    y, x = iy * s + ky - p, ix * s + kx - p
                    if 0 <= y < out_height and 0 <= x < out_width:
                        for o, kernel in enumerate(weight):
                            for w, operand_i in zip(kernel[ky][kx], a[iy][ix], strict=True):
                                acc[y][x][o] += w * operand_i
    return acc


def pair(layer, first, second):
    weight = layer.weight.tolist()
    return [
        [
            [
                sum(w * v for w, v in zip(maps[0][0] + maps[1][0], [*a, *b], strict=True))
                for maps in weight
            ]
            for a, b in zip(row_a, row_b, strict=True)
        ]
        for row_a, row_b in zip(first, second, strict=True)
    ]


# Section 5 ----------------------------------------------------------------------------------------


def nearest_to_root(v):
    """The integer r for which r - 1/2 <= sqrt(v) < r + 1/2."""
    return bisect_left(range(2**17), True, key=lambda r: (r + Fraction(1, 2)) ** 2 > v)


def table(function, k, q):
    if function == "reciprocal":
        return nearest_to_root(Fraction(2**16 * 128, 128 + k) ** 2)
    if function == "rsqrt":
        return nearest_to_root(2**32 * Fraction(128, (128 + k) * 2**q))
    if function == "sqrt":
        return nearest_to_root(2**30 * Fraction((128 + k) * 2**q, 128))
    assert function == "sigmoid"
    with localcontext(prec=60):
        return int((2**16 / (1 + (Decimal(64 - k) / 8).exp())).to_integral_value())


TABLES = {
    (function, q): [table(function, k, q) for k in range(129)]
    for function in ("reciprocal", "rsqrt", "sqrt", "sigmoid") for q in (0, 1)
}


def mantissa(function, n):
    e = n.bit_length() - 1
    m = n * 2 ** (23 - e)
    if function == "multiply":
        return m // 256
    t = TABLES[function, e % 2]
    k = m // 2**16 - 128
    d = m // 2**6 % 1024
    if function == "sigmoid":
        k, d = n // 2**17, n // 2**7 % 1024
    return min(65535, t[k] + round_shift((t[k + 1] - t[k]) * d, 10))


def norms(gdn, x):
    """`n` of every channel of one pixel."""
    square = gdn.function in ("rsqrt", "sqrt")
    a = [
        clamp(
            round_shift(v * v if square else abs(v), gdn.operand_shift), 0,
            2**gdn.operand_bits - 1,
        )
        for v in x
    ]
    return [
        requantise(sum(g * a_j for g, a_j in zip(row, a, strict=True)), gdn, i, 1, 2**24 - 1)
        for i, row in enumerate(gdn.gamma.tolist())
    ]


def normalised(gdn, x, n, lo, hi):
    """The result of one channel of one pixel."""
    e = n.bit_length() - 1
    if gdn.function == "reciprocal":
        t = gdn.output_shift + e
    elif gdn.function == "multiply":
        t = gdn.output_shift - e
    elif gdn.function == "rsqrt":
        t = gdn.output_shift + e // 2
    elif gdn.function == "sigmoid":
        t = gdn.output_shift
    else:
        t = gdn.output_shift - e // 2
    return clamp(round_shift(x * mantissa(gdn.function, n), clamp(t, 0, 47)), lo, hi)


def normalise_pixel(gdn, x, lo, hi):
    return [normalised(gdn, v, n, lo, hi) for v, n in zip(x, norms(gdn, x))]


# A whole layer ------------------------------------------------------------------------------------


def finish_pixel(layer, acc):
    x = [requantise(v, layer, c, -32768, 32767) for c, v in enumerate(acc)]
    if layer.gdn:
        return normalise_pixel(layer.gdn, x, layer.lo, layer.hi)
    slope = layer.negative_slope
    return [
        clamp(round_shift(v * slope, 16) if v < 0 else v, layer.lo, layer.hi) for v in x
    ]


def run_layer(layer, *inputs):
    maps = [
        [[[operand(v, layer.input) for v in pixel] for pixel in row] for row in x] for x in inputs
    ]
    accumulate = {"conv": convolution, "deconv": transposed_convolution, "pair": pair}[layer.kind]
    y = [[finish_pixel(layer, acc) for acc in row] for row in accumulate(layer, *maps)]
    return shuffled(y, layer.shuffle) if layer.shuffle > 1 else y


def shuffled(y, r):
    channels = len(y[0][0]) // r**2
    return [
        [
            [y[row // r][column // r][(c * r + row % r) * r + column % r] for c in range(channels)]
            for column in range(len(y[0]) * r)
        ]
        for row in range(len(y) * r)
    ]
