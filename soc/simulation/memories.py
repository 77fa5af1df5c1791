"""The DRAMs that a simulated board can have (no Migen here).

Behind LiteDRAM's own controller. DDR3 has four times the controller's clock: both edges of four
clocks move eight words of the data bus, one burst, and one transfer of a controller's port. SDR has
twice the controller's clock and moves two words a cycle, of which transfers of a port are put
together (`soc/dram.py`).
"""

from dataclasses import dataclass

from litelic.host.errors import LitelicError

BURST = 8 # Words of a DDR3's data bus a cycle of the controller.
LEAST_PORT_BYTES = 16 # Of a port that link and accelerator get.
HALF_RATE_READ_LATENCY = 2 # Cycles of the controller, of LiteDRAM's `HalfRateGENSDRPHY`.


@dataclass(frozen=True)
class Memory:
    """Chips side by side on one data bus.

    width : of the data bus, in bits.
    chip  : name of the chip in `litedram.modules`, which has its geometry and its timings.
    chips : how many of them share command and address lines.
    text  : for people.
    words : of the data bus that a cycle of the controller moves.
    rate  : of the controller's clock to the chip's, as LiteDRAM writes it.
    """

    width: int
    chip: str
    chips: int
    text: str
    words: int = BURST
    rate: str = "1:4"

    @property
    def port_bytes(self):
        """Bytes a transfer of the controller's ports; `ArrayConfig.port_bytes` must agree."""
        return max(self.width * self.words // 8, LEAST_PORT_BYTES)

    @property
    def transfers(self):
        """Of the controller, a transfer of a port."""
        return self.port_bytes * 8 // (self.width * self.words)

    def module(self, sys_clk_freq):
        """LiteDRAM's description of a chip, its timings in cycles of `sys_clk_freq` (Hz)."""
        import litedram.modules

        return getattr(litedram.modules, self.chip)(sys_clk_freq, self.rate)

    def phy(self, module, sys_clk_freq):
        """LiteDRAM's model of the chips, with what a PHY has around them."""
        from litedram.phy.model import SDRAMPHYModel, get_sdram_phy_settings

        settings = get_sdram_phy_settings(module.memtype, self.width, sys_clk_freq)
        if module.memtype == "SDR":  # the settings are those of a PHY without a clock of its own
            settings.nphases = self.words
            settings.read_latency = HALF_RATE_READ_LATENCY
        return SDRAMPHYModel(module, settings, clk_freq=sys_clk_freq)


# A simulator holds its whole DRAM in the memory of the machine it runs on. Hence the smaller chip
# in the widest one: half the rows, the same timings.
MEMORIES = {
    "ddr3-x16": Memory(16, "MT41K128M16", 1, "DDR3 x16, 256 MB, as on an Arty"),
    "ddr3-x32": Memory(32, "MT41K128M16", 2, "DDR3 x32, 512 MB, two of an Arty's chips"),
    "ddr3-x64": Memory(64, "MT41K64M16", 4, "DDR3 x64, 512 MB, as wide as a KC705's"),
    "sdr-x16": Memory(16, "MT48LC16M16", 1, "SDR x16, 32 MB, as on a ULX3S", 2, "1:2"),
}
DEFAULT_MEMORY = "ddr3-x16"


def memory_named(name):
    """The `Memory` of that name. Raises `LitelicError` when there is none."""
    try:
        return MEMORIES[name]
    except KeyError:
        raise LitelicError(
            f"there is no memory {name!r}; choose one of {', '.join(MEMORIES)}") from None
