"""Boards by name: what a layer's time depends on, for the cycle model and for the benchmark."""

from dataclasses import dataclass

from litelic.accel.config import ArrayConfig
from litelic.host.errors import LitelicError
from litelic.host.planner.cycles import Timing
from litelic.soc.simulation.memories import memory_named


@dataclass(frozen=True)
class Setup:
    """A simulated board.

    array    : as `ArrayConfig.parse` reads it; ports as wide as those of the memory.
    memory   : a key of `memories.MEMORIES`.
    clock_hz : of the whole system; the DRAM's own is four times that.
    array_clk_ratio : the array's clock over the system's, 1 or 2.
    activation_bits : of the array and of the program, 8 or 16.
    """

    array: str
    memory: str
    clock_hz: int
    array_clk_ratio: int = 1
    activation_bits: int = 8

    @property
    def array_clock_hz(self):
        """Cycles are counted with this clock."""
        return self.clock_hz * self.array_clk_ratio

    @property
    def config(self):
        """The `ArrayConfig`."""
        port_bytes = memory_named(self.memory).port_bytes
        return ArrayConfig.parse(self.array, port_bytes, self.activation_bits)

    @property
    def timing(self):
        """The cycle model's `Timing`."""
        transfers = memory_named(self.memory).transfers
        return Timing.of(self.clock_hz, self.array_clock_hz, transfers)


ARTY = Setup("4x4x8", "ddr3-x16", 100_000_000)
ARTY_FAST = Setup("4x4x8", "ddr3-x16", 100_000_000, array_clk_ratio=2)
ARTY_16_BITS = Setup("4x4x8", "ddr3-x16", 100_000_000, activation_bits=16)
WIDE_1024 = Setup("4x4x64", "ddr3-x64", 200_000_000)  # as many MACs as X-LIC's public demo
WIDE_2048 = Setup("4x8x64", "ddr3-x64", 200_000_000)

# As the targets of these names build them by default, and the OrangeCrab as the ECPIX-5; their
# Ethernet and their UART aside.
ECPIX5 = Setup("4x8x4,epilogue=2", "ddr3-x16", 75_000_000, array_clk_ratio=2)
ULX3S = Setup(
    "4x8x4,epilogue=2,input_depth=16384,middle_depth=4096,output_depth=8192", "sdr-x16", 50_000_000,
    array_clk_ratio=2,
)

BOARDS = {
    "arty": ARTY, "arty-fast": ARTY_FAST, "arty-16-bits": ARTY_16_BITS, "wide-1024": WIDE_1024,
    "wide-2048": WIDE_2048, "ecpix5": ECPIX5, "orangecrab": ECPIX5, "ulx3s": ULX3S,
}


def board_named(name):
    """The `Setup` of that name. Raises `LitelicError` for a name that none has."""
    if name not in BOARDS:
        raise LitelicError(f"there is no board {name!r}; known are {', '.join(BOARDS)}")
    return BOARDS[name]


def describe(setup):
    """A setup in words."""
    clock = f"{setup.clock_hz / 1e6:g} MHz"
    if setup.array_clk_ratio > 1:
        clock += f", its array {setup.array_clock_hz / 1e6:g} MHz"
    return f"{setup.config.macs} MACs ({setup.array}), {setup.memory}, {clock}"
