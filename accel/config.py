"""The parameters of an array, shared by the hardware and by the planner (no Migen here)."""

from dataclasses import asdict, dataclass, fields

from litelic.host.errors import LitelicError

BEAT_BYTES = 16  # What weights, results and descriptors are counted in.
PORT_BYTES = (16, 32, 64)  # Widths of a DRAM port: 16 is the Arty's.
CHANNELS_A_GROUP = 4
ARRAY_CYCLES = 11  # from a word's address to its sum, besides one a level of the adder tree
EPILOGUE_CYCLES = 41  # from a sum to its place in the middle memory
ACTIVATION_BITS = (8, 16)
LARGEST_PIXELS = 128  # The width of the lane counters.
LARGEST_DEPTH = 32768  # The width of addresses inside the engine.


def _power_of_two(value):
    return value > 0 and value & (value - 1) == 0


@dataclass(frozen=True)
class ArrayConfig:
    """An array of `reduction` x `outputs` x `pixels` multipliers and its memories.

    reduction     : products summed a cycle for one result.
    outputs       : output channels computed together.
    pixels        : pixel lanes, each with its own operand, middle and output memory.
    epilogue      : results requantised a cycle; divides `pixels`.
    input_depth   : operands a pixel lane holds of one tile (there are two such halves).
    weight_depth  : words of `reduction` x `outputs` weights in the ring.
    middle_depth  : int16 values a pixel lane holds between a convolution and its normalisation.
    output_depth  : bytes a pixel lane holds of one finished tile (there are two such halves).
    port_bytes    : bytes a transfer of the DRAM ports: the memory controller's own width.
    activation_bits : 8, or 16 for programs whose activations have 16 bits (and 8-bit ones too).
    """

    reduction: int = 4
    outputs: int = 4
    pixels: int = 8
    epilogue: int = 2
    input_depth: int = 8192
    weight_depth: int = 2048
    middle_depth: int = 2048
    output_depth: int = 4096
    port_bytes: int = 16
    activation_bits: int = 8

    def __post_init__(self):
        for name, value in asdict(self).items():
            if not isinstance(value, int) or value < 1:
                raise LitelicError(f"array: {name} must be a whole number above 0, not {value!r}")
        if self.reduction not in (4, 8):
            raise LitelicError(f"array: reduction must be 4 or 8, not {self.reduction}")
        if self.reduction * self.outputs % BEAT_BYTES:
            raise LitelicError(
                f"array: reduction x outputs must be a multiple of {BEAT_BYTES}, "
                f"not {self.reduction} x {self.outputs}"
            )
        if self.pixels % self.epilogue:
            raise LitelicError(
                f"array: epilogue ({self.epilogue}) must divide pixels ({self.pixels})"
            )
        if self.pixels > LARGEST_PIXELS:
            raise LitelicError(f"array: pixels must be at most {LARGEST_PIXELS}, not {self.pixels}")
        if self.port_bytes not in PORT_BYTES:
            raise LitelicError(f"array: port_bytes must be 16, 32 or 64, not {self.port_bytes}")
        if self.activation_bits not in ACTIVATION_BITS:
            raise LitelicError(
                f"array: activation_bits must be 8 or 16, not {self.activation_bits}"
            )
        for name in ("input_depth", "weight_depth", "middle_depth", "output_depth"):
            depth = getattr(self, name)
            if not _power_of_two(depth) or not 64 <= depth <= LARGEST_DEPTH:
                raise LitelicError(
                    f"array: {name} must be a power of two, from 64 to {LARGEST_DEPTH}"
                )

    @property
    def macs(self):
        """Multiplications a cycle."""
        return self.reduction * self.outputs * self.pixels

    @property
    def operand_bits(self):
        """Of a signed operand: bytes of either sign, or any int16."""
        return 9 if self.activation_bits == 8 else 16

    @property
    def middle_bits(self):
        """Of a normalisation's operand, which is not negative."""
        return 8 if self.activation_bits == 8 else 15

    @property
    def channel_groups(self):
        """Slices of the output channels that share a register with their operands."""
        return [slice(n, n + CHANNELS_A_GROUP) for n in range(0, self.outputs, CHANNELS_A_GROUP)]

    @property
    def weight_beats(self):
        """DRAM beats a weight word."""
        return self.reduction * self.outputs // BEAT_BYTES

    @property
    def drain_cycles(self):
        """Cycles in which the sums of a result leave the array: results are no closer."""
        return self.outputs * self.pixels // self.epilogue

    @property
    def flush_cycles(self):
        """Cycles from the last word of a convolution until its normalisation may start."""
        levels = (self.reduction - 1).bit_length()
        return ARRAY_CYCLES + levels + self.drain_cycles + EPILOGUE_CYCLES

    @property
    def granule(self):
        """Operands that the loader writes a cycle: half a transfer of bytes, or one of int16."""
        return self.port_bytes // 2

    @property
    def bank(self):
        """Operands a word of an operand memory's bank: strips of a lane start at multiples."""
        return max(self.reduction, self.granule // 2)

    @property
    def shape(self):
        """`reduction`x`outputs`x`pixels`, as the command lines write it."""
        return f"{self.reduction}x{self.outputs}x{self.pixels}"

    def to_dict(self):
        return asdict(self)

    @classmethod
    def from_dict(cls, values):
        """Build from a mapping; keys that this version does not know are refused, those that it
        lacks (a board may be older) have their defaults."""
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise LitelicError(f"array: unknown parameters {', '.join(unknown)}")
        return cls(**values)

    @classmethod
    def parse(cls, text, port_bytes=16, activation_bits=8):
        """Build from a shape as `4x4x8` (reduction x outputs x pixels), from parameters as
        `reduction=4,outputs=4`, or from both, the shape first.

        An array that does not say otherwise has ports of `port_bytes`, and `activation_bits`.
        """
        shape, *rest = text.lower().split(",")
        given = {"port_bytes": port_bytes, "activation_bits": activation_bits}
        try:
            if "=" in shape:
                rest.insert(0, shape)
            else:
                given |= dict(zip(
                    ("reduction", "outputs", "pixels"), map(int, shape.split("x")), strict=True,
                ))
                divisors = [e for e in range(1, given["pixels"] // 4 + 1)
                            if given["pixels"] % e == 0]
                given["epilogue"] = max(divisors, default=1)
            given |= {name: int(value) for name, value in (item.split("=") for item in rest)}
        except ValueError:
            raise LitelicError(
                f"array {text!r}: write a shape (reduction x outputs x pixels), as 4x4x8, and "
                "name=number,name=number"
            ) from None
        return cls.from_dict(given)
