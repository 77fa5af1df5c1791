"""Clocks that several boards make alike."""

from litex.gen import LiteXModule
from litex.soc.cores.clock import ECP5PLL, S7IDELAYCTRL
from migen import ClockDomain, If, Instance, Signal
from migen.genlib.resetsync import AsyncResetSynchronizer

# ECP5 with DDR3 -----------------------------------------------------------------------------------

class ECP5DDR3CRG(LiteXModule):
    """System clock, the DDR3 PHY's, and the array's, of the board's oscillator.

    The PHY's initialisation stops and resets the clocks that come behind its edge clock: `stop` and
    `reset` are to be connected to it.

    Parameters
    ----------
    clock : Signal
        The oscillator's, of `clock_freq`.

    reset : expression
        The board's reset button, high when pressed.

    init_clk_freq : float
        Of the PHY's initialisation: some 25 MHz, what the PLL can make.

    both_sides : bool
        The DRAM's pins are on the left and on the right of the FPGA.
    """
    def __init__(self, clock, clock_freq, reset, sys_clk_freq, array_clk_freq=None,
        init_clk_freq=25e6, both_sides=False):
        self.rst        = Signal()
        self.stop       = Signal()
        self.reset      = Signal()
        self.cd_por     = ClockDomain(reset_less=True)
        self.cd_init    = ClockDomain()
        self.cd_sys     = ClockDomain()
        self.cd_sys2x   = ClockDomain()
        self.cd_sys2x_i = ClockDomain(reset_less=True)

        # # #

        # Power-on reset ---------------------------------------------------------------------------
        por_left = Signal(16, reset=2**16 - 1)
        self.comb     += self.cd_por.clk.eq(clock)
        self.sync.por += If(por_left != 0, por_left.eq(por_left - 1))

        # PLL --------------------------------------------------------------------------------------
        self.pll = pll = ECP5PLL()
        self.comb += pll.reset.eq((por_left != 0) | reset | self.rst)
        pll.register_clkin(clock, clock_freq)
        pll.create_clkout(self.cd_sys2x_i, 2*sys_clk_freq, with_reset=False)
        pll.create_clkout(self.cd_init, init_clk_freq)

        # Edge clock -------------------------------------------------------------------------------
        edge = self.cd_sys2x_i.clk
        if both_sides:
            edge = Signal()
            self.specials += Instance("ECLKBRIDGECS",
                i_CLK0   = self.cd_sys2x_i.clk,
                i_SEL    = 0,
                o_ECSOUT = edge)
        self.specials += [
            Instance("ECLKSYNCB",
                i_ECLKI = edge,
                i_STOP  = self.stop,
                o_ECLKO = self.cd_sys2x.clk),
            Instance("CLKDIVF",
                p_DIV     = "2.0",
                i_ALIGNWD = 0,
                i_CLKI    = self.cd_sys2x.clk,
                i_RST     = self.reset,
                o_CDIVX   = self.cd_sys.clk),
            AsyncResetSynchronizer(self.cd_sys, ~pll.locked | self.reset),
            AsyncResetSynchronizer(self.cd_sys2x, ~pll.locked | self.reset),
        ]

        # Array ------------------------------------------------------------------------------------
        if array_clk_freq:
            self.cd_array = ClockDomain(reset_less=True)
            pll.create_clkout(self.cd_array, array_clk_freq, with_reset=False)

# Xilinx 7 series with DDR3 ------------------------------------------------------------------------

class XilinxDDR3CRG(LiteXModule):
    """System clock, the DDR3 PHY's, its delay line's and the array's, of a PLL.

    Parameters
    ----------
    pll : S7PLL or S7MMCM
        With the board's oscillator registered.

    reset : expression
        The board's reset button, high when pressed.

    with_dqs : bool
        The PHY of an Artix-7 also wants the DRAM's clock a quarter of a period later.
    """
    def __init__(self, platform, pll, reset, sys_clk_freq, array_clk_freq=None, with_dqs=True):
        self.rst       = Signal()
        self.cd_sys    = ClockDomain()
        self.cd_sys4x  = ClockDomain(reset_less=True)
        self.cd_idelay = ClockDomain()

        # # #

        self.pll = pll
        self.comb += pll.reset.eq(reset | self.rst)
        pll.create_clkout(self.cd_sys,    sys_clk_freq)
        pll.create_clkout(self.cd_sys4x,  4*sys_clk_freq, with_reset=False)
        if with_dqs:
            self.cd_sys4x_dqs = ClockDomain(reset_less=True)
            pll.create_clkout(self.cd_sys4x_dqs, 4*sys_clk_freq, phase=90, with_reset=False)
        pll.create_clkout(self.cd_idelay, 200e6)
        if array_clk_freq:
            self.cd_array = ClockDomain(reset_less=True)
            pll.create_clkout(self.cd_array, array_clk_freq, with_reset=False)
            # Crossings are FIFOs and synchronisers: no path between the two has to meet a clock.
            platform.add_false_path_constraints(self.cd_sys.clk, self.cd_array.clk)
        # The SoC can reset the PLL, from a register with the system clock.
        platform.add_false_path_constraints(self.cd_sys.clk, pll.clkin)

        self.idelayctrl = S7IDELAYCTRL(self.cd_idelay)
