"""A layer of integers: plain data, checked on construction.

Field meanings and ranges are those of `docs/numerics.md`. A layer knows nothing of the array it
will run on: weights are in their natural order, and `host/planner` packs them for an array.
"""

from dataclasses import dataclass

import numpy as np

from litelic.host.errors import LitelicError

STORAGE_BYTES = {
    "int8": 1, "uint8": 1, "centred": 1, "int16": 2, "wide": 2, "magnitude": 2,
    "wide_magnitude": 2,
}
# What the array sees of each storage; of `WIDE` ones it sees what the layer before can have stored.
OPERAND_RANGE = {
    "int8": (-128, 127), "uint8": (0, 255), "centred": (-128, 127), "int16": (-256, 255),
    "magnitude": (0, 255),
}
WIDE = ("wide", "wide_magnitude")
OUTPUT_RANGE = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
KINDS = ("conv", "deconv", "pair")
FUNCTIONS = ("reciprocal", "multiply", "rsqrt", "sqrt", "sigmoid")
OPERAND_BITS = (8, 15)  # of a normalisation
STRIDES = (1, 2, 4)
SHUFFLES = (1, 2, 4)
LARGEST_KERNEL = 255  # its longer side
SLOPE_ONE = 65536  # negative results stay as they are


def stored_as(storage):
    """The output storage that is read as `storage`."""
    return "int16" if storage in (*WIDE, "magnitude") else storage


def require(condition, name, message):
    if not condition:
        raise LitelicError(f"layer {name}: {message}")


def _check_requantiser(layer, channels):
    for field_name, dtype in (("bias", np.int32), ("multiplier", np.uint16), ("shift", np.uint8)):
        values = getattr(layer, field_name)
        require(
            values.dtype == dtype and values.shape == (channels,), layer.name,
            f"{field_name} must be {np.dtype(dtype).name}[{channels}], "
            f"not {values.dtype}{list(values.shape)}",
        )
    require((layer.shift <= 47).all(), layer.name, "shifts must be at most 47")


def largest_sums(weight, lo, hi, step=1):
    """The largest magnitude of a sum of products, int64 [out], for operands of `lo..hi` or 0.

    weight : int8 [out][kernel height][kernel width][in].
    step   : stride of a transposed convolution, whose results meet every step-th tap only; else 1.
    """
    lo, hi = min(lo, 0), max(hi, 0)  # outside the feature map
    largest = np.zeros(len(weight), np.int64)
    for y in range(step):
        for x in range(step):
            taps = weight[:, y::step, x::step]
            rising = taps.clip(0).sum(axis=(1, 2, 3), dtype=np.int64)
            falling = rising - taps.sum(axis=(1, 2, 3), dtype=np.int64)
            largest = np.maximum(largest, rising * hi - falling * lo)
            largest = np.maximum(largest, falling * hi - rising * lo)
    return largest


def _check_accumulator(name, sums, bias):
    """Prove that no sum of products, with or without its bias, leaves int32."""
    reach = sums + np.abs(bias.astype(np.int64))
    require((reach < 2**31).all(), name, "the accumulator would need more than 32 bits")


@dataclass
class Gdn:
    """A normalisation fused behind its convolution (numerics, section 5). `bias` is beta."""

    name: str
    function: str  # one of FUNCTIONS
    operand_shift: int
    gamma: np.ndarray  # int8 [out][in], 0..127; result i normalises the convolution's channel i
    bias: np.ndarray  # int32 [out]
    multiplier: np.ndarray  # uint16 [out]
    shift: np.ndarray  # uint8 [out]
    output_shift: int
    operand_bits: int = 8  # one of OPERAND_BITS

    @property
    def largest_operand(self):
        """Where operands saturate."""
        return 2**self.operand_bits - 1

    @property
    def squares(self):
        """Whether the operands are squares (the root forms) rather than magnitudes."""
        return self.function in ("rsqrt", "sqrt")

    def __post_init__(self):
        channels = len(self.gamma)
        require(self.function in FUNCTIONS, self.name, f"unknown function {self.function!r}")
        require(
            self.gamma.dtype == np.int8 and self.gamma.ndim == 2
            and 0 < channels <= self.gamma.shape[1], self.name,
            "gamma must be an int8 matrix with no more rows than columns",
        )
        require((self.gamma >= 0).all(), self.name, "gamma must not be negative")
        require(0 <= self.operand_shift <= 31, self.name, "operand_shift must be 0..31")
        require(0 <= self.output_shift <= 63, self.name, "output_shift must be 0..63")
        require(self.operand_bits in OPERAND_BITS, self.name, "operand_bits must be 8 or 15")
        _check_requantiser(self, channels)
        sums = largest_sums(self.gamma[:, None, None], 0, self.largest_operand)
        _check_accumulator(self.name, sums, self.bias)


@dataclass
class Layer:
    """A convolution, a transposed one or a pair of maps, and what follows before the next store.

    A "pair" reads two feature maps of one size: its weights are those of a 1x1 convolution over the
    channels of both, [out][map][1][in].
    """

    name: str  # the model's own path, "g_a.0"
    kind: str  # one of KINDS
    weight: np.ndarray  # int8 [out][kernel height][kernel width][in], -127..127
    bias: np.ndarray  # int32 [out]
    multiplier: np.ndarray  # uint16 [out]
    shift: np.ndarray  # uint8 [out]
    stride: int
    padding: int
    output_padding: int  # 0 but for "deconv"
    input: str  # storage of the input, a key of STORAGE_BYTES
    output: str  # storage of the output, a key of OUTPUT_RANGE
    lo: int  # clamp of what is stored: after the normalisation if there is one
    hi: int
    gdn: Gdn | None = None
    negative_slope: int = SLOPE_ONE  # of results below 0, in 1/65536; without a normalisation only
    # The results of a convolution, shuffle^2 a channel, become a square of pixels of that channel.
    shuffle: int = 1  # one of SHUFFLES
    # Which results of its network it reads, -1 for the network's input; None: the one before it.
    sources: tuple | None = None

    @property
    def sums(self):
        """Channels of the convolution's results."""
        return self.weight.shape[0]

    @property
    def out_channels(self):
        return len(self.gdn.gamma) if self.gdn else self.sums // self.shuffle**2

    @property
    def in_channels(self):
        return self.weight.shape[3]

    @property
    def activation_bits(self):
        """Of the array that can run it, 8 or 16."""
        wide = self.input in WIDE or self.gdn and self.gdn.operand_bits > 8
        return 16 if wide else 8

    @property
    def kernel(self):
        """(height, width)"""
        return self.weight.shape[1:3] if self.kind != "pair" else (1, 1)

    def __post_init__(self):
        require(self.kind in KINDS, self.name, f"unknown kind {self.kind!r}")
        require(
            self.weight.dtype == np.int8 and self.weight.ndim == 4 and self.weight.size > 0,
            self.name, "weight must be int8 [out][kernel height][kernel width][in]",
        )
        require((self.weight != -128).all(), self.name, "weights must be -127..127, not -128")
        require(self.stride in STRIDES, self.name, f"stride {self.stride} is not one of {STRIDES}")
        side = max(self.kernel)
        require(
            side <= LARGEST_KERNEL, self.name,
            f"a side of its kernel is {side}, the largest is {LARGEST_KERNEL}",
        )
        # More serves no model, and would let a small file ask for outputs of any size.
        require(
            0 <= self.padding < side, self.name, f"padding {self.padding} must be 0..{side - 1}"
        )
        if self.kind == "pair":
            require(
                self.weight.shape[1:3] == (2, 1) and self.stride == 1, self.name,
                "the weights of a pair must be [out][2][1][in], its stride 1",
            )
        limit = self.stride if self.kind == "deconv" else 1
        require(
            0 <= self.output_padding < limit, self.name,
            f"output_padding {self.output_padding} must be below {limit}",
        )
        require(self.input in STORAGE_BYTES, self.name, f"unknown input storage {self.input!r}")
        require(self.output in OUTPUT_RANGE, self.name, f"unknown output storage {self.output!r}")
        lowest, highest = OUTPUT_RANGE[self.output]
        require(
            lowest <= self.lo <= self.hi <= highest, self.name,
            f"clamp {self.lo}..{self.hi} does not fit {self.output}",
        )
        _check_requantiser(self, self.sums)
        if self.input not in WIDE:
            self.check_sums(*OPERAND_RANGE[self.input])
        require(
            0 <= self.negative_slope <= SLOPE_ONE, self.name,
            f"negative_slope must be 0..{SLOPE_ONE}",
        )
        if self.gdn:
            require(
                self.gdn.gamma.shape[1] == self.sums, self.gdn.name,
                f"has {self.gdn.gamma.shape[1]} channels, {self.name} before it {self.sums}",
            )
            require(
                self.negative_slope == SLOPE_ONE, self.name,
                "a normalisation leaves no place for negative_slope",
            )
        require(
            self.shuffle in SHUFFLES and self.sums % self.shuffle**2 == 0, self.name,
            f"shuffle {self.shuffle} is not one of {SHUFFLES} whose square divides its channels",
        )
        require(
            self.shuffle == 1 or self.kind == "conv" and not self.gdn, self.name,
            "only a convolution without a normalisation can be shuffled",
        )
        if self.sources is not None:
            require(
                len(self.sources) == (2 if self.kind == "pair" else 1), self.name,
                f"a {self.kind} cannot read {len(self.sources)} feature maps",
            )
        require(
            self.kind != "pair" or self.sources is not None, self.name,
            "a pair must name its sources",
        )

    def check_sums(self, lo, hi):
        """Raise `LitelicError` where sums could leave int32 for operands of `lo..hi`.

        Of a layer with a wide input only the network knows these: the layer before it stores
        nothing else.
        """
        step = self.stride if self.kind == "deconv" else 1
        _check_accumulator(self.name, largest_sums(self.weight, lo, hi, step), self.bias)

    def output_size(self, height, width):
        """(height, width) of the output for an input of that size."""
        sizes = []
        for size, kernel in zip((height, width), self.kernel):
            if self.kind != "deconv":
                sizes.append((size + 2 * self.padding - kernel) // self.stride + 1)
            else:
                grown = (size - 1) * self.stride - 2 * self.padding
                sizes.append(grown + kernel + self.output_padding)
        sizes = [size * self.shuffle for size in sizes]
        require(
            min(sizes) > 0, self.name,
            f"an input of {width}x{height} is smaller than the kernel",
        )
        return tuple(sizes)

    def macs(self, height, width):
        """True multiplications for an input of that size: neither inserted zeros nor lanes that
        pad the array are counted; taps on the zero border of the picture are, as is usual. Of
        sums, gates and copies only weights that are not zero count: the array skips the rest."""
        out_height, out_width = self.output_size(height, width)
        pixels = out_height * out_width // self.shuffle**2
        pixels = height * width if self.kind == "deconv" else pixels
        used = np.count_nonzero(self.weight)
        if self.weight[0, :, :, 0].size <= 2 and used <= self.sums * self.weight.shape[1]:
            gamma = np.count_nonzero(self.gdn.gamma) if self.gdn else 0
            return int(pixels * (used + gamma))
        count = pixels * self.weight.size
        if self.gdn:
            count += out_height * out_width * self.gdn.gamma.size
        return count


