#!/usr/bin/env python3
"""Digilent Arty A7: an Artix-7 35T or 100T, DDR3, 100 Mb Ethernet, UART over USB."""

from litedram import modules
from litedram.phy import s7ddrphy
from liteeth.phy.mii import LiteEthPHYMII
from litex.soc.cores.clock import S7PLL
from litex.soc.cores.xadc import XADC
from litex_boards.platforms import digilent_arty
from migen import ClockDomain

from litelic.accel.multipliers import DSP48
from litelic.soc.board.clocks import XilinxDDR3CRG
from litelic.soc.board.description import Board, Variant
from litelic.soc.board.main import main
from litelic.soc.board.soc import BoardSoC

# CRG ----------------------------------------------------------------------------------------------

class CRG(XilinxDDR3CRG):
    """Those of `XilinxDDR3CRG`, and the 25 MHz that the Ethernet PHY wants."""
    def __init__(self, platform, sys_clk_freq, array_clk_freq=None):
        pll = S7PLL(speedgrade=-1)
        pll.register_clkin(platform.request("clk100"), 100e6)
        XilinxDDR3CRG.__init__(self, platform, pll, ~platform.request("cpu_reset"),
            sys_clk_freq, array_clk_freq)
        self.cd_eth = ClockDomain()
        pll.create_clkout(self.cd_eth, 25e6)
        self.comb += platform.request("eth_ref_clk").eq(self.cd_eth.clk)

# Arty SoC -----------------------------------------------------------------------------------------

class ArtySoC(BoardSoC):
    def __init__(self, options):
        platform = digilent_arty.Platform(
            variant   = options.variant,
            toolchain = options.toolchain)
        ethernet_phy = None
        if options.with_ethernet:
            ethernet_phy = LiteEthPHYMII(
                clock_pads = platform.request("eth_clocks"),
                pads       = platform.request("eth"))
        BoardSoC.__init__(self, BOARD, options, platform,
            crg          = CRG(platform, options.sys_clk_freq, options.array_clk_freq),
            dram_phy     = s7ddrphy.A7DDRPHY(platform.request("ddram"),
                memtype      = "DDR3",
                nphases      = 4,
                sys_clk_freq = options.sys_clk_freq),
            dram_module  = getattr(modules, options.memory)(options.sys_clk_freq, "1:4"),
            ethernet_phy = ethernet_phy)

        # Temperature ------------------------------------------------------------------------------
        self.xadc = XADC()

BOARD = Board(
    name            = "arty",
    title           = "Arty A7",
    platform        = digilent_arty.Platform,
    soc             = ArtySoC,
    variants        = {
        "a7-35":  Variant("xc7a35t", "4x4x2", cpu_variant="minimal"),
        "a7-100": Variant("xc7a100t", "4x4x16,input_depth=4096"),
    },
    toolchains      = ("vivado", "openxc7"),
    technology      = DSP48,
    sys_clk_freq    = 100e6,
    memories        = {"MT41K128M16": "DDR3 x16, 256 MB"},
    ethernet        = "100 Mb, MII",
    slow_ethernet   = True,
    loader          = "arty",
)

if __name__ == "__main__":
    main(BOARD)
