#!/usr/bin/env python3
"""OrangeCrab r0.2.1: an ECP5-85F, DDR3, UART on two pins of its header (GPIO 0: RX, 1: TX)."""

from litedram import modules
from litedram.phy import ECP5DDRPHY
from litex.gen import LiteXModule
from litex_boards.platforms import gsd_orangecrab
from migen import ClockDomainsRenamer, Signal
from migen.genlib.cdc import MultiReg
from migen.genlib.misc import WaitTimer

from litelic.accel.multipliers import ECP5
from litelic.soc.board.clocks import ECP5DDR3CRG
from litelic.soc.board.description import Board, Variant
from litelic.soc.board.main import main
from litelic.soc.board.soc import BoardSoC

CLOCK_FREQ = 48e6

# Bootloader Button --------------------------------------------------------------------------------

class BootloaderButton(LiteXModule):
    """A button that is held for a second starts the FPGA anew, with its bootloader."""
    def __init__(self, pressed, reset_n):
        held = Signal()
        self.specials += MultiReg(pressed, held, "por")
        self.timer = ClockDomainsRenamer("por")(WaitTimer(int(CLOCK_FREQ)))
        self.comb += [
            self.timer.wait.eq(held),
            reset_n.eq(~self.timer.done),
        ]

# OrangeCrab SoC -----------------------------------------------------------------------------------

class OrangeCrabSoC(BoardSoC):
    def __init__(self, options):
        platform = gsd_orangecrab.Platform(
            revision  = "0.2",
            device    = options.variant,
            toolchain = options.toolchain)
        platform.add_extension(gsd_orangecrab.feather_serial)

        # Clocks -----------------------------------------------------------------------------------
        pressed = ~platform.request("usr_btn")
        crg = ECP5DDR3CRG(platform.request("clk48"), CLOCK_FREQ, pressed,
            options.sys_clk_freq, options.array_clk_freq,
            init_clk_freq = 24e6,
            both_sides    = True)
        self.bootloader_button = BootloaderButton(pressed, platform.request("rst_n"))

        # DRAM -------------------------------------------------------------------------------------
        pads = platform.request("ddram")
        dram_phy = ECP5DDRPHY(pads,
            sys_clk_freq = options.sys_clk_freq,
            dm_remapping = {0: 1, 1: 0},
            cmd_delay    = 0 if options.sys_clk_freq > 64e6 else 100)
        dram_phy.settings.rtt_nom = "disabled"  # The lines are short, and the chip stays cooler.
        self.comb += [
            pads.vccio.eq(2**len(pads.vccio) - 1),
            pads.gnd.eq(0),
            crg.stop.eq(dram_phy.init.stop),
            crg.reset.eq(dram_phy.init.reset),
        ]

        BoardSoC.__init__(self, BOARD, options, platform, crg,
            dram_phy    = dram_phy,
            dram_module = getattr(modules, options.memory)(options.sys_clk_freq, "1:2"))

BOARD = Board(
    name            = "orangecrab",
    title           = "OrangeCrab",
    platform        = gsd_orangecrab.Platform,
    soc             = OrangeCrabSoC,
    variants        = {"85F": Variant("LFE5U-85F", "4x8x4,epilogue=2")},
    toolchains      = ("trellis",),
    technology      = ECP5,
    sys_clk_freq    = 75e6,
    array_clk_ratio = 2,
    memories        = {
        "MT41K64M16":  "DDR3 x16, 128 MB",
        "MT41K128M16": "DDR3 x16, 256 MB",
        "MT41K256M16": "DDR3 x16, 512 MB",
        "MT41K512M16": "DDR3 x16, 1 GB",
    },
    loader          = "orangeCrab",
    bootloader      = True,
)

if __name__ == "__main__":
    main(BOARD)
