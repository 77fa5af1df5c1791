"""What a target says about its board."""

from dataclasses import dataclass

from litelic.host.errors import LitelicError


@dataclass(frozen=True)
class Variant:
    """One of the FPGAs that a board comes with, and what is built for it by default.

    device : the FPGA, a key of `devices.DEVICES`.
    array  : the default array, as `--array` takes it.
    cpu_variant : of the VexRiscv, one of `options.CPU_VARIANTS`.
    """

    device: str
    array: str
    cpu_variant: str = "standard"


@dataclass(frozen=True)
class Board:
    """A board.

    name      : short, as in `targets/NAME.py`.
    title     : for people.
    platform  : the class from litex-boards.
    soc       : soc(options) makes the `BoardSoC` of an `options.Options`.
    variants  : name -> Variant; the first is the default.
    toolchains : as LiteX calls them; the first is the default.
    technology : of the array's multipliers.
    sys_clk_freq : default, in Hz.
    array_clk_ratio : default of the array's clock over the system's, 1 or 2.
    memories  : name -> of what is soldered in; the first is the default. The name is that of a
                class of `litedram.modules`.
    port_bytes : of the DRAM ports that the array gets.
    ethernet  : in words, "" for a board without (or without one that is supported).
    slow_ethernet : its PHY's clock is slow (`soc.link.ethernet_core`).
    loader    : openFPGALoader's name of the board.
    flash_offset : of the bitstream in the flash, in bytes.
    bootloader : bitstreams go through one that writes them to the flash, where it wants them.
    dram_side : of the FPGA, on which the DRAM's pins are: "left" or "right".
    related_clocks : pairs of clock domains between which there are paths without synchronisers.
    """

    name: str
    title: str
    platform: type
    soc: type
    variants: dict
    toolchains: tuple
    technology: str
    sys_clk_freq: float
    memories: dict
    loader: str
    array_clk_ratio: int = 1
    port_bytes: int = 16
    ethernet: str = ""
    slow_ethernet: bool = False
    flash_offset: int = 0
    bootloader: bool = False
    dram_side: str = "right"
    related_clocks: tuple = ()

    def variant(self, name):
        """The `Variant` of that name; raises `LitelicError` for another."""
        try:
            return self.variants[name]
        except KeyError:
            raise LitelicError(
                f"{self.title} has no variant {name!r}; there are {', '.join(self.variants)}"
            ) from None
