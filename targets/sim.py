#!/usr/bin/env python3
"""The board that everybody has: the SoC in Verilator, an Arty's DRAM or a wider one, a TCP link."""

import argparse
import os
import sys

from litelic.accel.config import ACTIVATION_BITS, ArrayConfig
from litelic.host.errors import LitelicError
from litelic.host.link.protocol import UDP_PORT
from litelic.soc.base import LiteLICSoC
from litelic.soc.board.options import (
    CPU_VARIANTS,
    DEFAULT_IP,
    DEFAULT_MAC,
    frequency,
    mac_address,
    parse_array,
)
from litelic.soc.builder import LiteLICBuilder
from litelic.soc.dram import DFIBuffer
from litelic.soc.link.ethernet_line import EthernetLine
from litelic.soc.link.serial_line import SerialLine
from litelic.soc.simulation import cache
from litelic.soc.simulation.memories import DEFAULT_MEMORY, MEMORIES, memory_named
from litelic.soc.simulation.platform import (
    SimulationCRG,
    SimulationEthernetPHY,
    SimulationPHY,
    SimulationPlatform,
    SimulationUART,
)

# A simulated board's time is much longer than a host's.
SILENCE_CYCLES  = 200_000  # of a session, after which another host may have the board
SILENCE_SECONDS = 2e-3     # in a frame, after which its rest will not come

# SimSoC -------------------------------------------------------------------------------------------

class SimSoC(LiteLICSoC):
    """LiteDRAM's own controller, with one of `MEMORIES`, against its model of DDR3 chips."""
    def __init__(self, sys_clk_freq=100e6, array=None, memory=DEFAULT_MEMORY, array_clk_ratio=1,
        with_ethernet=False, uart_baudrate=None, **kwargs):
        platform = SimulationPlatform()

        # DRAM -------------------------------------------------------------------------------------
        dram        = memory_named(memory)
        dram_module = dram.module(sys_clk_freq)
        dram_phy    = dram.phy(dram_module, sys_clk_freq)
        if dram_phy.settings.memtype == "SDR":
            dram_phy = DFIBuffer(dram_phy)

        # Link -------------------------------------------------------------------------------------
        pads         = platform.request("link")
        self.tcp_phy = tcp_phy = SimulationPHY(pads)
        self.serial  = serial = SerialLine(sys_clk_freq, silence_seconds=SILENCE_SECONDS)
        serial_phy   = tcp_phy
        if uart_baudrate:
            self.uart = serial_phy = SimulationUART(tcp_phy, sys_clk_freq, uart_baudrate)
        self.comb += [
            serial_phy.source.connect(serial.sink),
            serial.source.connect(serial_phy.sink),
        ]
        lines = [serial]
        if with_ethernet:
            lines.append(self._add_ethernet(platform, sys_clk_freq))
            kwargs["identification"] = {"mac": DEFAULT_MAC, "ip": DEFAULT_IP}

        # LiteLICSoC -------------------------------------------------------------------------------
        LiteLICSoC.__init__(self, platform, sys_clk_freq,
            target      = "sim",
            crg         = SimulationCRG(platform, array_clk_ratio > 1),
            dram_phy    = dram_phy,
            dram_module = dram_module,
            lines       = lines,
            array       = array,
            array_clk_freq = array_clk_ratio*sys_clk_freq if array_clk_ratio > 1 else None,
            **kwargs
        )
        self.comb += pads.idle.eq(
            self.link.idle & tcp_phy.empty & (self.uart.idle if uart_baudrate else 1))

        # A model needs no delays, and a short test finds what can be wrong with it.
        self.add_config("BIOS_NO_DELAYS")
        self.add_constant("MEMTEST_DATA_SIZE", 4096)

        # Its clock stands still when nothing will happen, so two of its seconds never pass.
        self.add_constant("LITELIC_SILENCE_CYCLES", SILENCE_CYCLES)

    def _add_ethernet(self, platform, sys_clk_freq):
        """The link on UDP; the harness answers at the other end of the wire."""
        pads = platform.request("ethernet")
        self.ethernet_phy = SimulationEthernetPHY(pads)
        self.ethernet = EthernetLine(self.ethernet_phy, sys_clk_freq,
            mac_address = mac_address(DEFAULT_MAC),
            ip_address  = DEFAULT_IP)
        self.comb += pads.idle.eq(self.ethernet.idle)
        platform.toolchain.ethernet = DEFAULT_IP, UDP_PORT
        return self.ethernet

# Build --------------------------------------------------------------------------------------------

def build(config, build_dir):
    """Build the simulator of a `cache.SimulationConfig` in `build_dir`."""
    array = ArrayConfig.from_dict(config.array) if config.array else None
    soc   = SimSoC(config.sys_clk_freq, array, config.memory, config.array_clk_ratio,
        with_ethernet=config.ethernet, uart_baudrate=config.uart_baudrate,
        with_analyzer=config.analyzer, cpu_variant=config.cpu_variant)
    soc.platform.toolchain.trace           = config.trace
    soc.platform.toolchain.array_clk_ratio = config.array_clk_ratio
    LiteLICBuilder(soc, output_dir=str(build_dir)).build(build_name="sim")

def parse_port(text):
    """A TCP port; 0 is any that is free."""
    if not (text.isascii() and text.isdigit() and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)

def baudrate(text):
    """Of a UART."""
    if not (text.isascii() and text.isdigit() and 9600 <= int(text) <= 10_000_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed from 9600 to 10000000")
    return int(text)

def main():
    parser = argparse.ArgumentParser(description="LiteLIC in simulation.")
    parser.add_argument("--build", action="store_true",
        help="Build the simulator, if it is not there yet, and print its path.")
    parser.add_argument("--run", action="store_true",
        help="Build it and run it until Ctrl+C.")
    parser.add_argument("--array", default="4x4x8",
        help="Accelerator: reduction x outputs x pixels, or name=number,..., or none "
             "(default: 4x4x8).")
    parser.add_argument("--activation-bits", default=8, type=int, choices=ACTIVATION_BITS,
        help="Width of the accelerator's activations; with 16 it runs 8-bit programs as well "
             "(default: 8).")
    parser.add_argument("--sys-clk-freq", default=100e6, type=frequency,
        help="System clock frequency, which decides the DRAM's timing (default: 100e6).")
    parser.add_argument("--memory", default=DEFAULT_MEMORY, choices=MEMORIES,
        help="DRAM: " + "; ".join(f"{name}: {memory.text}" for name, memory in MEMORIES.items()) +
             " (default: %(default)s).")
    parser.add_argument("--array-clk-ratio", default=1, type=int, choices=(1, 2),
        help="Clock of the array over the system clock (default: 1, the same clock).")
    parser.add_argument("--cpu-variant", default=CPU_VARIANTS[0], choices=CPU_VARIANTS,
        help="Of the VexRiscv (default: %(default)s).")
    parser.add_argument("--with-analyzer", action="store_true",
        help="A LiteScope on the accelerator's streams (docs/boards.md).")
    parser.add_argument("--with-ethernet", action="store_true",
        help="The board has Ethernet too: it is reached by UDP, at a port that --run prints.")
    parser.add_argument("--uart-baudrate", default=0, type=baudrate,
        help="The board's serial line is a UART at that speed, and the TCP port is a host's UART "
             "(default: bytes as fast as they come).")
    parser.add_argument("--byte-cycles", default=1, type=float, metavar="N",
        help="Cycles of the system clock that a byte takes on the Ethernet: 8 for 100 Mb/s at "
             "100 MHz, 0.6 for 1 Gb/s at 75 MHz (default: %(default)s).")
    parser.add_argument("--port", default=0, type=parse_port,
        help="TCP port on the loopback interface (default: any that is free).")
    parser.add_argument("--udp-port", default=0, type=parse_port,
        help="UDP port there, with --with-ethernet (default: any that is free).")
    parser.add_argument("--build-dir", default=None,
        help="Folder for simulators (default: build/ in the checkout, or the user's cache).")
    parser.add_argument("--trace", default=None, metavar="FILE",
        help="Build with waveforms, and with --run write them to FILE (VCD).")
    args = parser.parse_args()
    if not (args.build or args.run):
        parser.error("say --build or --run")

    try:
        array  = parse_array(args.array, memory_named(args.memory).port_bytes,
            args.activation_bits)
        config = cache.SimulationConfig(array.to_dict() if array else None, args.sys_clk_freq,
            args.memory, args.array_clk_ratio, args.trace is not None, args.with_analyzer,
            args.with_ethernet, args.uart_baudrate, args.cpu_variant)
        with cache.locked(config, args.build_dir) as (binary, folder):
            if not binary.exists():
                build(config, folder)
    except LitelicError as error:
        sys.exit(f"litelic: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    print(binary, flush=True)
    if args.run:
        trace = ["--trace", os.path.abspath(args.trace)] if args.trace else []
        udp   = [
            "--udp-port", str(args.udp_port), "--byte-cycles", str(args.byte_cycles),
        ] if args.with_ethernet else []
        os.execv(binary, [str(binary), "--port", str(args.port), *udp, *trace])

if __name__ == "__main__":
    main()
