#!/usr/bin/env python3
"""Digilent Nexys Video: an Artix-7 200T, DDR3, gigabit Ethernet, UART over USB."""

from litedram import modules
from litedram.phy import s7ddrphy
from liteeth.phy.s7rgmii import LiteEthPHYRGMII
from litex.soc.cores.clock import S7MMCM
from litex.soc.cores.xadc import XADC
from litex_boards.platforms import digilent_nexys_video

from litelic.accel.multipliers import DSP48
from litelic.soc.board.clocks import XilinxDDR3CRG
from litelic.soc.board.description import Board, Variant
from litelic.soc.board.main import main
from litelic.soc.board.soc import BoardSoC

# Nexys Video SoC ----------------------------------------------------------------------------------

class NexysVideoSoC(BoardSoC):
    def __init__(self, options):
        platform = digilent_nexys_video.Platform(toolchain=options.toolchain)
        pll = S7MMCM(speedgrade=-1)
        pll.register_clkin(platform.request("clk100"), 100e6)
        ethernet_phy = None
        if options.with_ethernet:
            ethernet_phy = LiteEthPHYRGMII(
                clock_pads = platform.request("eth_clocks"),
                pads       = platform.request("eth"))
        BoardSoC.__init__(self, BOARD, options, platform,
            crg          = XilinxDDR3CRG(platform, pll, ~platform.request("cpu_reset"),
                options.sys_clk_freq, options.array_clk_freq),
            dram_phy     = s7ddrphy.A7DDRPHY(platform.request("ddram"),
                memtype      = "DDR3",
                nphases      = 4,
                sys_clk_freq = options.sys_clk_freq),
            dram_module  = getattr(modules, options.memory)(options.sys_clk_freq, "1:4"),
            ethernet_phy = ethernet_phy)

        # Temperature ------------------------------------------------------------------------------
        self.xadc = XADC()

BOARD = Board(
    name            = "nexys_video",
    title           = "Nexys Video",
    platform        = digilent_nexys_video.Platform,
    soc             = NexysVideoSoC,
    variants        = {"a7-200": Variant("xc7a200t", "4x4x32,input_depth=4096")},
    toolchains      = ("vivado",),
    technology      = DSP48,
    sys_clk_freq    = 100e6,
    memories        = {"MT41K256M16": "DDR3 x16, 512 MB"},
    ethernet        = "gigabit, RGMII",
    loader          = "nexysVideo",
)

if __name__ == "__main__":
    main(BOARD)
