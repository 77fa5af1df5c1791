"""The SoC of a board: what all boards have in common behind their clocks and their DRAM's PHY."""

from litex.soc.cores.uart import RS232PHY

from litelic.host.bench.machine import revision
from litelic.soc.base import LiteLICSoC
from litelic.soc.board.options import mac_text
from litelic.soc.link.ethernet_line import EthernetLine
from litelic.soc.link.serial_line import SerialLine

# Board SoC ----------------------------------------------------------------------------------------

class BoardSoC(LiteLICSoC):
    """A `LiteLICSoC` with the link on a UART and, if the options say so, on UDP.

    Parameters
    ----------
    board, options : description.Board, options.Options

    ethernet_phy : Module or None
        LiteEth's PHY, with its clocks in `crg`.

    The others are those of `LiteLICSoC`.
    """
    def __init__(self, board, options, platform, crg, dram_phy, dram_module, ethernet_phy=None,
        **kwargs):
        self.uart   = uart = RS232PHY(
            platform.request("serial"), options.sys_clk_freq, options.uart_baudrate)
        self.serial = serial = SerialLine(options.sys_clk_freq)
        self.comb  += [
            uart.source.connect(serial.sink),
            serial.source.connect(uart.sink),
        ]
        lines = [serial]
        more  = {"revision": revision(), "memory": options.memory}
        if ethernet_phy is not None:
            self.ethernet = EthernetLine(ethernet_phy, options.sys_clk_freq,
                mac_address = options.eth_mac,
                ip_address  = options.eth_ip)
            lines.append(self.ethernet)
            more |= {"mac": mac_text(options.eth_mac), "ip": options.eth_ip}
        LiteLICSoC.__init__(self, platform, options.sys_clk_freq,
            target         = board.name,
            crg            = crg,
            dram_phy       = dram_phy,
            dram_module    = dram_module,
            lines          = lines,
            array          = options.array,
            array_clk_freq = options.array_clk_freq,
            cpu_variant    = options.cpu_variant,
            technology     = board.technology,
            identification = more,
            secret         = options.secret,
            with_analyzer  = options.with_analyzer,
            **(options.soc_arguments | kwargs)
        )
        if ethernet_phy is not None:
            self.ethernet_phy = ethernet_phy
            self._constrain_ethernet(platform, ethernet_phy)

    def _constrain_ethernet(self, platform, phy):
        """The PHY's clocks, and that nothing but FIFOs lies between them and the system's."""
        rx, tx = phy.crg.cd_eth_rx.clk, phy.crg.cd_eth_tx.clk
        platform.add_period_constraint(rx, 1e9/phy.rx_clk_freq)
        others = [rx]
        if tx is not rx:
            platform.add_period_constraint(tx, 1e9/phy.tx_clk_freq)
            others.append(tx)
        platform.add_false_path_constraints(self.crg.cd_sys.clk, *others)
