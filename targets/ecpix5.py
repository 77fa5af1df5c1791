#!/usr/bin/env python3
"""LambdaConcept ECPIX-5: an ECP5-85F, DDR3, gigabit Ethernet, UART over USB."""

from litedram import modules
from litedram.phy import ECP5DDRPHY
from liteeth.phy.ecp5rgmii import LiteEthPHYRGMII
from litex_boards.platforms import lambdaconcept_ecpix5

from litelic.accel.multipliers import ECP5
from litelic.soc.board.clocks import ECP5DDR3CRG
from litelic.soc.board.description import Board, Variant
from litelic.soc.board.main import main
from litelic.soc.board.soc import BoardSoC

# ECPIX-5 SoC --------------------------------------------------------------------------------------

class ECPIX5SoC(BoardSoC):
    def __init__(self, options):
        platform = lambdaconcept_ecpix5.Platform(
            device    = options.variant,
            toolchain = options.toolchain)

        # Clocks, DRAM -----------------------------------------------------------------------------
        crg      = ECP5DDR3CRG(platform.request("clk100"), 100e6, ~platform.request("rst_n"),
            options.sys_clk_freq, options.array_clk_freq)
        dram_phy = ECP5DDRPHY(platform.request("ddram"), sys_clk_freq=options.sys_clk_freq)
        self.comb += [
            crg.stop.eq(dram_phy.init.stop),
            crg.reset.eq(dram_phy.init.reset),
        ]

        # Ethernet ---------------------------------------------------------------------------------
        ethernet_phy = None
        if options.with_ethernet:
            ethernet_phy = LiteEthPHYRGMII(
                clock_pads = platform.request("eth_clocks"),
                pads       = platform.request("eth"),
                rx_delay   = 0)

        BoardSoC.__init__(self, BOARD, options, platform, crg,
            dram_phy     = dram_phy,
            dram_module  = getattr(modules, options.memory)(options.sys_clk_freq, "1:2"),
            ethernet_phy = ethernet_phy)

BOARD = Board(
    name            = "ecpix5",
    title           = "ECPIX-5",
    platform        = lambdaconcept_ecpix5.Platform,
    soc             = ECPIX5SoC,
    variants        = {"85F": Variant("LFE5UM5G-85F", "4x8x4,epilogue=2")},
    toolchains      = ("trellis",),
    technology      = ECP5,
    sys_clk_freq    = 75e6,
    array_clk_ratio = 2,
    memories        = {"MT41K256M16": "DDR3 x16, 512 MB"},
    ethernet        = "gigabit, RGMII",
    loader          = "ecpix5",
    dram_side       = "left",
)

if __name__ == "__main__":
    main(BOARD)
