"""The DRAMs that a simulated board can have (no Migen here).

All are DDR3 behind LiteDRAM's own controller at a quarter of the DRAM's clock. Both edges of four
clocks move eight words of the data bus: one burst, and one transfer of a controller's port.
"""

from dataclasses import dataclass

from litelic.host.errors import LitelicError

BURST = 8 # Words of the data bus a cycle of the controller.


@dataclass(frozen=True)
class Memory:
    """Chips side by side on one data bus.

    width : of the data bus, in bits.
    chip  : name of the chip in `litedram.modules`, which has its geometry and its timings.
    chips : how many of them share command and address lines.
    text  : for people.
    """

    width: int
    chip: str
    chips: int
    text: str

    @property
    def port_bytes(self):
        """Bytes a transfer of the controller's ports; `ArrayConfig.port_bytes` must agree."""
        return self.width * BURST // 8

    def module(self, sys_clk_freq):
        """LiteDRAM's description of a chip, its timings in cycles of `sys_clk_freq` (Hz)."""
        import litedram.modules

        return getattr(litedram.modules, self.chip)(sys_clk_freq, "1:4")


# A simulator holds its whole DRAM in the memory of the machine it runs on. Hence the smaller chip
# in the widest one: half the rows, the same timings.
MEMORIES = {
    "ddr3-x16": Memory(16, "MT41K128M16", 1, "DDR3 x16, 256 MB, as on an Arty"),
    "ddr3-x32": Memory(32, "MT41K128M16", 2, "DDR3 x32, 512 MB, two of an Arty's chips"),
    "ddr3-x64": Memory(64, "MT41K64M16", 4, "DDR3 x64, 512 MB, as wide as a KC705's"),
}
DEFAULT_MEMORY = "ddr3-x16"


def memory_named(name):
    """The `Memory` of that name. Raises `LitelicError` when there is none."""
    try:
        return MEMORIES[name]
    except KeyError:
        raise LitelicError(
            f"there is no memory {name!r}; choose one of {', '.join(MEMORIES)}") from None
