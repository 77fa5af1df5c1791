#!/usr/bin/env python3
"""AMD KC705: a Kintex-7 325T, DDR3 on 64 data lines, gigabit Ethernet, UART over USB."""

from litedram import modules
from litedram.phy import s7ddrphy
from liteeth.phy import LiteEthPHYGMII
from litex.soc.cores.clock import S7MMCM
from litex.soc.cores.xadc import XADC
from litex_boards.platforms import xilinx_kc705

from litelic.accel.multipliers import DSP48
from litelic.soc.board.clocks import XilinxDDR3CRG
from litelic.soc.board.description import Board, Variant
from litelic.soc.board.main import main
from litelic.soc.board.soc import BoardSoC

# KC705 SoC ----------------------------------------------------------------------------------------

class KC705SoC(BoardSoC):
    def __init__(self, options):
        platform = xilinx_kc705.Platform(toolchain=options.toolchain)
        pll = S7MMCM(speedgrade=-2)
        pll.register_clkin(platform.request("clk200"), 200e6)
        ethernet_phy = None
        if options.with_ethernet:
            ethernet_phy = LiteEthPHYGMII(
                clock_pads = platform.request("eth_clocks"),
                pads       = platform.request("eth"))
        BoardSoC.__init__(self, BOARD, options, platform,
            crg          = XilinxDDR3CRG(platform, pll, platform.request("cpu_reset"),
                options.sys_clk_freq, options.array_clk_freq, with_dqs=False),
            dram_phy     = s7ddrphy.K7DDRPHY(platform.request("ddram"),
                memtype      = "DDR3",
                nphases      = 4,
                sys_clk_freq = options.sys_clk_freq),
            dram_module  = getattr(modules, options.memory)(options.sys_clk_freq, "1:4"),
            ethernet_phy = ethernet_phy)

        # Temperature ------------------------------------------------------------------------------
        self.xadc = XADC()

BOARD = Board(
    name            = "kc705",
    title           = "KC705",
    platform        = xilinx_kc705.Platform,
    soc             = KC705SoC,
    variants        = {"k7-325": Variant("xc7k325t", "4x8x32,input_depth=4096")},
    toolchains      = ("vivado",),
    technology      = DSP48,
    sys_clk_freq    = 125e6,
    memories        = {"MT8JTF12864": "DDR3 x64, 1 GB, in its socket"},
    port_bytes      = 64,
    ethernet        = "gigabit, GMII",
    loader          = "kc705",
)

if __name__ == "__main__":
    main(BOARD)
