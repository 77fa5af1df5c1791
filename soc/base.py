"""The SoC that every target builds: CPU, firmware, DRAM, link, accelerator."""

from litedram.core.controller import ControllerSettings
from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCCore

from litelic.accel.config import PORT_BYTES
from litelic.accel.multipliers import GENERIC
from litelic.host.errors import LitelicError
from litelic.soc.dram import CPUPort, PortBuffer, WidePort
from litelic.soc.link.frame_link import FrameLink
from litelic.soc.refresher import Refresher

GATEWARE_VERSION = "0.1.0"

# LiteLIC SoC --------------------------------------------------------------------------------------

class LiteLICSoC(SoCCore):
    """VexRiscv with its firmware in ROM, a LiteDRAM that holds data only, the link, the array.

    A target brings what depends on the board:

    Parameters
    ----------
    target : str
        The board's short name; the host reads it.

    crg : Module
        Clocks and resets.

    dram_phy, dram_module :
        LiteDRAM's PHY and memory description.

    lines : [SerialLine or UDPLine]
        To hosts; each is also a submodule of the target's.

    array : litelic.accel.config.ArrayConfig or None
        The accelerator; None leaves it out. Its `port_bytes` must be those of the DRAM controller
        (16 for one that is narrower), otherwise a `LitelicError` names both.

    array_clk_freq : int or None
        Hz of the clock domain `array`, without a reset, which `crg` then provides; None: the system
        clock drives the array as well.

    cpu_variant : str
        Of the VexRiscv, as LiteX calls it: "standard", or the smaller "lite" and "minimal".

    technology : str
        What the array's multipliers are made of, one of `litelic.accel.multipliers.TECHNOLOGIES`.

    identification : dict
        More of what the board says about itself: `key=value` in the answer to HELLO.

    secret : bytes or None
        16 bytes that a host must know to begin a session.

    with_analyzer : bool
        A LiteScope on the accelerator's streams, which the host reaches over the link.
    """
    def __init__(self, platform, sys_clk_freq, target, crg, dram_phy, dram_module, lines,
        array=None, array_clk_freq=None, technology=GENERIC, identification=None,
        secret=None, with_analyzer=False, cpu_variant="standard", **kwargs):
        # SoCCore ----------------------------------------------------------------------------------
        # The only serial line is the link, so there is no console: the firmware's text goes there.
        # The ROM shrinks to the firmware's size when its contents are known.
        kwargs.update(
            cpu_type             = "vexriscv",
            cpu_variant          = cpu_variant,
            integrated_rom_size  = 0x8000,
            integrated_sram_size = 0x2000,
            integrated_main_ram_size = 0,
            with_uart            = False,
            timer_uptime         = True,
            ident                = f"LiteLIC on {target}",
            ident_version        = False,
        )
        self.crg = crg
        SoCCore.__init__(self, platform, sys_clk_freq, **kwargs)

        # DRAM -------------------------------------------------------------------------------------
        self.ddrphy = dram_phy
        self.add_sdram("sdram", phy=dram_phy, module=dram_module, with_soc_interconnect=False,
            controller_settings=ControllerSettings(refresh_cls=Refresher))
        self._add_cpu_port(dram_phy, dram_module.geom_settings)
        self.port_bytes = self._port_bytes(array)
        self.dram_transfers = 8*self.port_bytes//self.sdram.crossbar.controller.data_width

        # Link -------------------------------------------------------------------------------------
        self.link = FrameLink(lines, self.get_dram_port("write"), self.get_dram_port("read"))

        # Accelerator ------------------------------------------------------------------------------
        if array is not None:
            from litelic.accel.accelerator import Accelerator
            self.accelerator = Accelerator(array, self.get_dram_port,
                cd_array   = "array" if array_clk_freq else "sys",
                technology = technology)
            self.irq.add("accelerator")

        # Analyzer ---------------------------------------------------------------------------------
        if with_analyzer:
            self._add_analyzer()

        # Identification ---------------------------------------------------------------------------
        parameters = array.to_dict() if array is not None else {}
        self.add_constant("LITELIC_TARGET",   target)
        self.add_constant("LITELIC_LINES",    len(lines))
        if secret is not None:
            for n in range(4):
                word = int.from_bytes(secret[4*n:4*(n + 1)], "little")
                self.add_constant(f"LITELIC_SECRET_{n}", word)
        self.add_constant("LITELIC_GATEWARE", GATEWARE_VERSION)
        self.add_constant("LITELIC_ARRAY_CLOCK", int(array_clk_freq or sys_clk_freq))
        self.add_constant("LITELIC_ARRAY",    ",".join(f"{k}={v}" for k, v in parameters.items()))
        more = {"dram_transfers": self.dram_transfers} | (identification or {})
        self.add_constant("LITELIC_MORE_INFO",
            "".join(f"{key}={value}\\n" for key, value in more.items()))

    def _add_cpu_port(self, phy, geometry):
        address_bits  = geometry.bankbits + geometry.rowbits + geometry.colbits
        region        = SoCRegion(
            origin = self.mem_map["main_ram"],
            size   = 2**address_bits*phy.settings.nranks*phy.settings.databits//8,
            mode   = "rwx")
        self.cpu_port = CPUPort(self.sdram.crossbar.get_port(), self.bus.data_width, region.origin)
        self.bus.add_slave("main_ram", self.cpu_port.bus, region)

    def _add_analyzer(self):
        from litelic.soc.analyzer import StreamAnalyzer
        if not hasattr(self, "accelerator"):
            raise LitelicError(
                "the analyzer looks at the accelerator's streams, and this build has no "
                "accelerator: choose an --array, or leave --with-analyzer out")
        self.analyzer = StreamAnalyzer(self.accelerator.engine, self.sys_clk_freq)
        self.add_constant("LITELIC_ANALYZER_BYTES", self.csr.paging)

    def _port_bytes(self, array):
        """Of the ports that link and accelerator get, which the array's must be."""
        own = self.sdram.crossbar.controller.data_width//8
        # Wider transfers are put together: an SDR memory moves 2 bytes, or 4 at twice the clock.
        needed = max(own, PORT_BYTES[0])
        if array is not None and array.port_bytes != needed:
            raise LitelicError(
                f"the array has ports of {8*array.port_bytes} bits (port_bytes={array.port_bytes}) "
                f"and the DRAM controller ports of {8*own}: build the array with "
                f"port_bytes={needed}, or choose another memory")
        return needed

    def get_dram_port(self, mode):
        """A native port of `port_bytes`, `mode` is "read" or "write"."""
        port   = self.sdram.crossbar.get_port(mode=mode)
        if self.dram_transfers > 1:
            wide             = WidePort(port, 8*self.port_bytes)
            port             = wide.port
            self.submodules += wide
        buffer = PortBuffer(port)
        self.submodules += buffer
        return buffer.port
