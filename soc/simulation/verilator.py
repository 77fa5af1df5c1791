"""From a finished SoC to a program that simulates it, without litex_sim and what it depends on."""

import os
import shutil
import subprocess
from ipaddress import IPv4Address
from pathlib import Path

from litelic.host.errors import LitelicError

HARNESS = Path(__file__).with_name("harness.cpp")
BINARY  = "simulator"  # beside the Verilog and the files that initialise its memories

# Verilator Toolchain ------------------------------------------------------------------------------

class VerilatorToolchain:
    """Stands in for a LiteX toolchain; `platform.build` ends here.

    `trace` compiles waveforms in, for `simulator --trace FILE`; it costs speed even when unused.
    `array_clk_ratio`: cycles of the array's own clock in a cycle of the system clock; 1: no such.
    `ethernet`: (IP address, UDP port) of a board that has Ethernet, None of one that has not.
    """
    support_mixed_language = False

    def __init__(self):
        self.trace = False
        self.array_clk_ratio = 1
        self.ethernet = None

    def build(self, platform, fragment, build_dir="build", build_name="sim", run=True, **kwargs):
        os.makedirs(build_dir, exist_ok=True)
        platform.finalize(fragment)
        verilog = platform.get_verilog(fragment, name=build_name)
        here = os.getcwd()
        os.chdir(build_dir)
        try:
            verilog.write(f"{build_name}.v")
        finally:
            os.chdir(here)
        if run:
            sources = [filename for filename, *_ in platform.sources]
            self._compile(Path(build_dir), build_name, [f"{build_name}.v", *sources])
        return verilog.ns

    def _compile(self, build_dir, build_name, sources):
        for tool, package in (("verilator", "verilator"), ("g++", "g++"), ("make", "make")):
            if shutil.which(tool) is None:
                raise LitelicError(f"the simulation needs {tool}: install {package}")
        defines = {"ARRAY_CLK_RATIO": self.array_clk_ratio, "ETHERNET": 0}
        if self.ethernet:
            address, port = self.ethernet
            defines |= {"ETHERNET": 1, "BOARD_IP": int(IPv4Address(address)), "BOARD_PORT": port}
        command = [
            "verilator", "--cc", "--exe", "--build", "-j", str(os.cpu_count()),
            "--top-module", build_name, "--prefix", "Vsim", "-o", f"../{BINARY}.new",
            # --flatten and -O2 gave the fastest simulation and the shortest build.
            "-O3", "--flatten", "--x-assign", "fast", "--x-initial", "fast", "--noassert",
            # Migen writes its combinational logic with non-blocking assignments.
            "-Wno-fatal", "-Wno-lint", "-Wno-COMBDLY",
            "-CFLAGS", " ".join(["-std=c++17", *(f"-D{n}={v}" for n, v in defines.items())]),
            "-MAKEFLAGS", "OPT_FAST=-O2 OPT_SLOW=-O0 OPT_GLOBAL=-O2",
            *(["--trace"] if self.trace else []),
            *sources, str(HARNESS),
        ]
        run = subprocess.run(
            command, cwd=build_dir,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        (build_dir / "verilator.log").write_text(run.stdout)
        if run.returncode:
            raise LitelicError(f"Verilator failed:\n{run.stdout[-4000:]}")
        # Only a whole program has this name.
        os.replace(build_dir / f"{BINARY}.new", build_dir / BINARY)
