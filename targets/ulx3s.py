#!/usr/bin/env python3
"""Radiona ULX3S: an ECP5-85F, SDR SDRAM on 16 data lines, UART over USB."""

from litedram import modules
from litedram.phy import HalfRateGENSDRPHY
from litex.build.io import DDROutput
from litex.gen import LiteXModule
from litex.soc.cores.clock import ECP5PLL
from litex_boards.platforms import radiona_ulx3s
from migen import ClockDomain, ClockSignal, Signal

from litelic.accel.multipliers import ECP5
from litelic.host.errors import LitelicError
from litelic.soc.board.description import Board, Variant
from litelic.soc.board.main import main
from litelic.soc.board.soc import BoardSoC
from litelic.soc.dram import DFIBuffer

# CRG ----------------------------------------------------------------------------------------------

class CRG(LiteXModule):
    """System clock, the SDRAM's of twice that (at its pins half a period later), the array's."""
    def __init__(self, platform, sys_clk_freq, array_clk_freq=None):
        self.rst         = Signal()
        self.cd_sys      = ClockDomain()
        self.cd_sys2x    = ClockDomain(reset_less=True)
        self.cd_sys2x_ps = ClockDomain(reset_less=True)

        # # #

        # PLL --------------------------------------------------------------------------------------
        clk25 = platform.request("clk25")
        self.pll = pll = ECP5PLL()
        self.comb += pll.reset.eq(platform.request("rst") | self.rst)
        pll.register_clkin(clk25, 25e6)
        pll.create_clkout(self.cd_sys,      sys_clk_freq)
        pll.create_clkout(self.cd_sys2x,    2*sys_clk_freq, with_reset=False)
        pll.create_clkout(self.cd_sys2x_ps, 2*sys_clk_freq, phase=180, with_reset=False)
        if array_clk_freq:
            self.cd_array = ClockDomain(reset_less=True)
            pll.create_clkout(self.cd_array, array_clk_freq, with_reset=False)
        self.specials += DDROutput(1, 0, platform.request("sdram_clock"), ClockSignal("sys2x_ps"))

        # The ESP32 beside the FPGA resets it unless this pin is high.
        self.comb += platform.request("wifi_gpio0").eq(1)

# ULX3S SoC ----------------------------------------------------------------------------------------

class ULX3SSoC(BoardSoC):
    def __init__(self, options):
        platform = radiona_ulx3s.Platform(
            device    = BOARD.variant(options.variant).device,
            revision  = "2.0",
            toolchain = options.toolchain)
        if options.sys_clk_freq > BOARD.sys_clk_freq:
            raise LitelicError(
                f"--sys-clk-freq {options.sys_clk_freq}: the SDRAM has twice this clock, and "
                f"chips need more than two cycles of latency above {2*BOARD.sys_clk_freq/1e6:g} "
                f"MHz: choose {BOARD.sys_clk_freq/1e6:g} MHz or less")
        phy      = HalfRateGENSDRPHY(platform.request("sdram"), options.sys_clk_freq)
        BoardSoC.__init__(self, BOARD, options, platform,
            crg         = CRG(platform, options.sys_clk_freq, options.array_clk_freq),
            dram_phy    = DFIBuffer(phy),
            dram_module = getattr(modules, options.memory)(options.sys_clk_freq, "1:2"))

BOARD = Board(
    name            = "ulx3s",
    title           = "ULX3S",
    platform        = radiona_ulx3s.Platform,
    soc             = ULX3SSoC,
    variants        = {
        "85F": Variant("LFE5U-85F",
            "4x8x4,epilogue=2,input_depth=16384,middle_depth=4096,output_depth=8192"),
    },
    toolchains      = ("trellis",),
    technology      = ECP5,
    sys_clk_freq    = 50e6,
    array_clk_ratio = 2,
    memories        = {
        "MT48LC16M16": "SDR x16, 32 MB",
        "AS4C32M16":   "SDR x16, 64 MB",
        "AS4C16M16":   "SDR x16, 32 MB",
    },
    loader          = "ulx3s",
    related_clocks  = (("sys", "sys2x"),),
)

if __name__ == "__main__":
    main(BOARD)
