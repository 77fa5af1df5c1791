#!/usr/bin/env python3
"""Lattice Versa ECP5: an ECP5-45F, DDR3, gigabit Ethernet, UART over USB."""

from litedram import modules
from litedram.phy import ECP5DDRPHY
from liteeth.phy.ecp5rgmii import LiteEthPHYRGMII
from litex_boards.platforms import lattice_versa_ecp5

from litelic.accel.multipliers import ECP5
from litelic.soc.board.clocks import ECP5DDR3CRG
from litelic.soc.board.description import Board, Variant
from litelic.soc.board.main import main
from litelic.soc.board.soc import BoardSoC

# Versa SoC ----------------------------------------------------------------------------------------

class VersaSoC(BoardSoC):
    def __init__(self, options):
        platform = lattice_versa_ecp5.Platform(
            device    = options.variant,
            toolchain = options.toolchain)

        # Clocks, DRAM -----------------------------------------------------------------------------
        crg      = ECP5DDR3CRG(platform, options.sys_clk_freq, options.array_clk_freq)
        dram_phy = ECP5DDRPHY(platform.request("ddram"), sys_clk_freq=options.sys_clk_freq)
        self.comb += [
            crg.stop.eq(dram_phy.init.stop),
            crg.reset.eq(dram_phy.init.reset),
        ]

        # Ethernet ---------------------------------------------------------------------------------
        ethernet_phy = None
        if options.with_ethernet:
            ethernet_phy = LiteEthPHYRGMII(
                clock_pads = platform.request("eth_clocks", 0),
                pads       = platform.request("eth", 0))

        BoardSoC.__init__(self, BOARD, options, platform, crg,
            dram_phy     = dram_phy,
            dram_module  = getattr(modules, options.memory)(options.sys_clk_freq, "1:2"),
            ethernet_phy = ethernet_phy)

BOARD = Board(
    name            = "versa_ecp5",
    title           = "Versa ECP5",
    platform        = lattice_versa_ecp5.Platform,
    soc             = VersaSoC,
    variants        = {
        "LFE5UM5G": Variant("LFE5UM5G-45F", "4x4x4,input_depth=4096,weight_depth=1024"),
        "LFE5UM":   Variant("LFE5UM-45F",   "4x4x4,input_depth=4096,weight_depth=1024"),
    },
    toolchains      = ("trellis",),
    technology      = ECP5,
    sys_clk_freq    = 50e6,
    array_clk_ratio = 2,
    memories        = {"MT41K64M16": "DDR3 x16, 128 MB"},
    ethernet        = "gigabit, RGMII",
    loader          = "ecp5_versa",
    dram_side       = "left",
)

if __name__ == "__main__":
    main(BOARD)
