"""The integer program in memory: plain data, checked on construction.

Field meanings and ranges are those of `docs/numerics.md`. A program knows nothing of the array
it will run on: weights are in their natural order, and `host/planner` packs them for an array.
"""

from dataclasses import dataclass, field

import numpy as np

from litelic.host.errors import LitelicError

STORAGE_BYTES = {"int8": 1, "uint8": 1, "centred": 1, "int16": 2, "wide": 2}
# What the array sees of each storage; of "wide" it sees what the layer before it can have stored.
OPERAND_RANGE = {
    "int8": (-128, 127), "uint8": (0, 255), "centred": (-128, 127), "int16": (-256, 255),
}
OUTPUT_RANGE = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
_STORED = {"wide": "int16"}  # input storage -> output storage, where they differ
FUNCTIONS = ("reciprocal", "multiply", "rsqrt", "sqrt")
OPERAND_BITS = (8, 15)  # of a normalisation
STRIDES = (1, 2, 4)
LARGEST_KERNEL = 255  # its longer side


def _require(condition, name, message):
    if not condition:
        raise LitelicError(f"layer {name}: {message}")


def _check_requantiser(layer, channels):
    for field_name, dtype in (("bias", np.int32), ("multiplier", np.uint16), ("shift", np.uint8)):
        values = getattr(layer, field_name)
        _require(
            values.dtype == dtype and values.shape == (channels,), layer.name,
            f"{field_name} must be {np.dtype(dtype).name}[{channels}], "
            f"not {values.dtype}{list(values.shape)}",
        )
    _require((layer.shift <= 47).all(), layer.name, "shifts must be at most 47")


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
    _require((reach < 2**31).all(), name, "the accumulator would need more than 32 bits")


@dataclass
class Gdn:
    """A normalisation fused behind its convolution (numerics, section 5). `bias` is beta."""

    name: str
    function: str  # one of FUNCTIONS
    operand_shift: int
    gamma: np.ndarray  # int8 [C][C], 0..127, [output][input]
    bias: np.ndarray  # int32 [C]
    multiplier: np.ndarray  # uint16 [C]
    shift: np.ndarray  # uint8 [C]
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
        _require(self.function in FUNCTIONS, self.name, f"unknown function {self.function!r}")
        _require(
            self.gamma.dtype == np.int8 and self.gamma.shape == (channels, channels), self.name,
            "gamma must be a square int8 matrix",
        )
        _require((self.gamma >= 0).all(), self.name, "gamma must not be negative")
        _require(0 <= self.operand_shift <= 31, self.name, "operand_shift must be 0..31")
        _require(0 <= self.output_shift <= 63, self.name, "output_shift must be 0..63")
        _require(self.operand_bits in OPERAND_BITS, self.name, "operand_bits must be 8 or 15")
        _check_requantiser(self, channels)
        sums = largest_sums(self.gamma[:, None, None], 0, self.largest_operand)
        _check_accumulator(self.name, sums, self.bias)


@dataclass
class Layer:
    """A convolution or transposed convolution, and what follows it before the next store."""

    name: str  # the model's own path, "g_a.0"
    kind: str  # "conv" | "deconv"
    weight: np.ndarray  # int8 [out][kernel height][kernel width][in], -127..127
    bias: np.ndarray  # int32 [out]
    multiplier: np.ndarray  # uint16 [out]
    shift: np.ndarray  # uint8 [out]
    stride: int
    padding: int
    output_padding: int  # 0 for "conv"
    input: str  # storage of the input, a key of STORAGE_BYTES
    output: str  # storage of the output, a key of OUTPUT_RANGE
    lo: int  # clamp of what is stored: after the normalisation if there is one
    hi: int
    gdn: Gdn | None = None

    @property
    def out_channels(self):
        return self.weight.shape[0]

    @property
    def in_channels(self):
        return self.weight.shape[3]

    @property
    def activation_bits(self):
        """Of the array that can run it, 8 or 16."""
        wide = self.input == "wide" or self.gdn and self.gdn.operand_bits > 8
        return 16 if wide else 8

    @property
    def kernel(self):
        """(height, width)"""
        return self.weight.shape[1:3]

    def __post_init__(self):
        _require(self.kind in ("conv", "deconv"), self.name, f"unknown kind {self.kind!r}")
        _require(
            self.weight.dtype == np.int8 and self.weight.ndim == 4 and self.weight.size > 0,
            self.name, "weight must be int8 [out][kernel height][kernel width][in]",
        )
        _require((self.weight != -128).all(), self.name, "weights must be -127..127, not -128")
        _require(self.stride in STRIDES, self.name, f"stride {self.stride} is not one of {STRIDES}")
        side = max(self.kernel)
        _require(
            side <= LARGEST_KERNEL, self.name,
            f"a side of its kernel is {side}, the largest is {LARGEST_KERNEL}",
        )
        # More serves no model, and would let a small file ask for outputs of any size.
        _require(
            0 <= self.padding < side, self.name, f"padding {self.padding} must be 0..{side - 1}"
        )
        limit = self.stride if self.kind == "deconv" else 1
        _require(
            0 <= self.output_padding < limit, self.name,
            f"output_padding {self.output_padding} must be below {limit}",
        )
        _require(self.input in STORAGE_BYTES, self.name, f"unknown input storage {self.input!r}")
        _require(self.output in OUTPUT_RANGE, self.name, f"unknown output storage {self.output!r}")
        lowest, highest = OUTPUT_RANGE[self.output]
        _require(
            lowest <= self.lo <= self.hi <= highest, self.name,
            f"clamp {self.lo}..{self.hi} does not fit {self.output}",
        )
        _check_requantiser(self, self.out_channels)
        if self.input != "wide":
            self.check_sums(*OPERAND_RANGE[self.input])
        if self.gdn:
            _require(
                len(self.gdn.gamma) == self.out_channels, self.gdn.name,
                f"has {len(self.gdn.gamma)} channels, {self.name} before it {self.out_channels}",
            )

    def check_sums(self, lo, hi):
        """Raise `LitelicError` where sums could leave int32 for operands of `lo..hi`.

        Of a layer that reads `wide`, only the program knows these: the layer before it stores
        nothing else.
        """
        step = self.stride if self.kind == "deconv" else 1
        _check_accumulator(self.name, largest_sums(self.weight, lo, hi, step), self.bias)

    def output_size(self, height, width):
        """(height, width) of the output for an input of that size."""
        sizes = []
        for size, kernel in zip((height, width), self.kernel):
            if self.kind == "conv":
                sizes.append((size + 2 * self.padding - kernel) // self.stride + 1)
            else:
                grown = (size - 1) * self.stride - 2 * self.padding
                sizes.append(grown + kernel + self.output_padding)
        _require(
            min(sizes) > 0, self.name,
            f"an input of {width}x{height} is smaller than the kernel",
        )
        return tuple(sizes)

    def macs(self, height, width):
        """True multiplications for an input of that size: neither inserted zeros nor lanes that
        pad the array are counted; taps on the zero border of the picture are, as is usual."""
        out_height, out_width = self.output_size(height, width)
        pixels = out_height * out_width if self.kind == "conv" else height * width
        count = pixels * self.weight.size
        if self.gdn:
            count += out_height * out_width * self.gdn.gamma.size
        return count


@dataclass
class EntropyTable:
    """Integer probabilities of one latent channel.

    `cdf[0] = 0 < cdf[1] < ... < cdf[-1] = 2^16`: symbol `k` (0-based) is the latent `offset + k`
    with probability `(cdf[k+1] - cdf[k]) / 2^16`; the last symbol is the escape.
    """

    offset: int
    cdf: np.ndarray  # uint32 [symbols + 1], the escape included

    def __post_init__(self):
        cdf = self.cdf
        ok = cdf.dtype == np.uint32 and cdf.ndim == 1 and len(cdf) >= 2
        ok = ok and cdf[0] == 0 and cdf[-1] == 1 << 16 and (np.diff(cdf.astype(np.int64)) > 0).all()
        if not ok:
            raise LitelicError("an entropy table must rise strictly from 0 to 65536")


@dataclass
class Program:
    """A compiled model."""

    name: str
    analysis: list  # of Layer, picture -> latents
    synthesis: list  # of Layer, latents -> picture
    entropy: list  # of EntropyTable, one a latent channel
    metadata: dict = field(default_factory=dict)  # strings: where it came from
    # uint8 [latent channels], at least 1: the synthesis reads each latent times its channel's.
    latent_factors: np.ndarray | None = None  # None: all 1

    @property
    def latent_channels(self):
        return self.analysis[-1].out_channels

    @property
    def activation_bits(self):
        """Of the array that can run it, 8 or 16."""
        return max(layer.activation_bits for layer in self.analysis + self.synthesis)

    @property
    def downsampling(self):
        """Pixels of the picture a latent, in each direction."""
        factor = 1
        for layer in self.analysis:
            factor *= layer.stride
        return factor

    def __post_init__(self):
        for layers in (self.analysis, self.synthesis):
            if not layers:
                raise LitelicError(f"program {self.name}: it has no layers")
            for before, after in zip(layers, layers[1:]):
                _require(
                    before.out_channels == after.in_channels, after.name,
                    f"takes {after.in_channels} channels, "
                    f"{before.name} gives {before.out_channels}",
                )
                _require(
                    before.output == _STORED.get(after.input, after.input), after.name,
                    f"reads {after.input}, {before.name} stores {before.output}",
                )
        for layer in self.analysis:
            # `downsampling` relies on it.
            _require(layer.kind == "conv", layer.name, "analysis has convolutions only")
        first, last = self.analysis[0], self.synthesis[-1]
        _require(first.in_channels == 3, first.name, "a picture has 3 channels")
        _require(first.input in ("uint8", "centred"), first.name, "a picture is stored as bytes")
        _require(last.out_channels == 3, last.name, "a picture has 3 channels")
        _require(last.output == "uint8", last.name, "a picture is stored as uint8")
        _require(self.analysis[-1].output == "int16", self.analysis[-1].name, "latents are int16")
        entry = self.synthesis[0]
        _require(_STORED.get(entry.input, entry.input) == "int16", entry.name, "latents are int16")
        _require(
            self.synthesis[0].in_channels == self.latent_channels, self.synthesis[0].name,
            f"takes {self.synthesis[0].in_channels} latents, analysis gives {self.latent_channels}",
        )
        layers = self.analysis + self.synthesis
        for before, after in zip(layers, layers[1:]):
            if after.input == "wide":
                after.check_sums(before.lo, before.hi)
        if self.latent_factors is None:
            self.latent_factors = np.ones(self.latent_channels, np.uint8)
        factors = self.latent_factors
        _require(
            factors.dtype == np.uint8 and factors.shape == (self.latent_channels,)
            and (factors > 0).all(), entry.name,
            f"factors of latents must be 1..255, uint8[{self.latent_channels}]",
        )
        _require(
            entry.input != "wide" or (factors == 1).all(), entry.name,
            "factors of latents must be 1 where they are read as wide",
        )
        if len(self.entropy) != self.latent_channels:
            raise LitelicError(
                f"program {self.name}: {len(self.entropy)} entropy tables for "
                f"{self.latent_channels} latent channels"
            )

    def check_latents(self, latents):
        """Raise `LitelicError` for latents, int16, with which sums of the synthesis could leave
        int32: such as the analysis never gives, from a damaged or hostile file."""
        last = self.analysis[-1]
        if self.synthesis[0].input != "wide" or latents.size == 0:
            return
        if latents.min() < last.lo or latents.max() > last.hi:
            raise LitelicError(
                f"a latent lies outside of {last.lo}..{last.hi}, which program {self.name} never "
                "gives: the coded picture is damaged, or another program made it; fetch it again"
            )

    def synthesis_input(self, latents):
        """What the first layer of the synthesis reads of `latents`: int16 [h][w][channels], both.

        Raises `LitelicError` as `check_latents` does.
        """
        self.check_latents(latents)
        product = latents.astype(np.int32) * self.latent_factors.astype(np.int32)
        return product.clip(*OUTPUT_RANGE["int16"]).astype(np.int16)
