"""LiteX's Builder with LiteLIC's firmware in place of the BIOS and of its libraries."""

import os
import subprocess

from litex.soc.integration import export, soc_core
from litex.soc.integration import soc as litex_soc
from litex.soc.integration.builder import Builder

import litelic.firmware
from litelic.host.errors import LitelicError

# LiteLIC Builder ----------------------------------------------------------------------------------

class LiteLICBuilder(Builder):
    """Builds a `LiteLICSoC`.

    The firmware takes from LiteX only the start-up code, the DRAM's initialisation and the memory
    test, and needs neither picolibc nor compiler-rt: it compiles in two seconds.
    """
    def __init__(self, soc, **kwargs):
        Builder.__init__(self, soc, **kwargs)
        self.software_packages  = []
        self.software_libraries = []

    def build(self, **kwargs):
        namespace = Builder.build(self, **kwargs)
        analyzer  = getattr(self.soc, "analyzer", None)
        if analyzer is not None:
            analyzer.export_csv(namespace, os.path.join(self.output_dir, "analyzer.csv"))
        return namespace

    def add_software_package(self, name, src_dir=None):
        if name == "bios":
            name, src_dir = "firmware", os.path.dirname(litelic.firmware.__file__)
        Builder.add_software_package(self, name, src_dir)

    def _get_variables_contents(self):
        try:
            variables = dict(export.get_cpu_mak(self.soc.cpu, self.compile_software))
        except OSError:
            raise LitelicError(
                "the firmware needs a RISC-V compiler: install gcc-riscv64-unknown-elf"
            ) from None
        litex_software = os.path.join(os.path.dirname(litex_soc.__file__), "..", "software")
        variables["LITEX_SOFTWARE"]     = os.path.abspath(litex_software)
        variables["FIRMWARE_DIRECTORY"] = os.path.dirname(litelic.firmware.__file__)
        variables["INCLUDE_DIRECTORY"]  = self.include_dir
        return "\n".join(f"{name} = {value}" for name, value in variables.items()) + "\n"

    def _check_meson(self):
        pass  # It would build picolibc.

    def _generate_rom_software(self, compile_bios=True):
        makefile = os.path.join(os.path.dirname(litelic.firmware.__file__), "Makefile")
        run = subprocess.run(
            ["make", "--no-print-directory", f"-j{os.cpu_count()}", "-f", makefile],
            cwd=os.path.join(self.software_dir, "firmware"),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        if run.returncode:
            raise LitelicError(f"the firmware did not compile:\n{run.stdout}")

    def _initialize_rom_software(self):
        self.soc.init_rom(name="rom", contents=soc_core.get_mem_data(
            os.path.join(self.software_dir, "firmware", "firmware.bin"),
            data_width = self.soc.bus.data_width,
            endianness = self.soc.cpu.endianness,
        ))
