"""7 series: Vivado, or Yosys and nextpnr-xilinx, from what LiteX generates to a bitstream.

Neither Vivado nor nextpnr-xilinx could be run where this was written: docs/boards.md says what was
checked of it.
"""

import re
import subprocess
from pathlib import Path

from litex.build.xilinx.yosys_nextpnr import XilinxYosysNextpnrToolchain
from litex.build.yosys_nextpnr_toolchain import YosysNextPNRToolchain

from litelic.host.area import families, figures
from litelic.host.errors import LitelicError
from litelic.soc.board import tools
from litelic.soc.board.ecp5 import once, sources_in
from litelic.soc.board.timing import Clock

CLOCKS_FILE = "clocks.txt"
ALLOW = "LITELIC_ALLOW_TIMING_FAILURE"  # in the environment of Vivado

# Vivado -------------------------------------------------------------------------------------------

# Before the bitstream is written: a line a clock, and no bitstream if a path is too slow.
GATE = """
set clocks [open CLOCKS_FILE w]
set worst 0
foreach clock [get_clocks] {
    set path [get_timing_paths -quiet -to $clock -max_paths 1]
    if {[llength $path] > 0} {
        set slack [get_property SLACK $path]
        puts $clocks "[get_property NAME $clock] [get_property PERIOD $clock] $slack"
        if {$slack < $worst} {set worst $slack}
    }
}
close $clocks
if {$worst < 0 && ![info exists ::env(ALLOW)]} {quit}
"""


def add_gate(platform):
    """Make Vivado's script end before the bitstream when a clock is missed."""
    gate = GATE.replace("CLOCKS_FILE", CLOCKS_FILE).replace("ALLOW", ALLOW)
    # LiteX formats the commands.
    platform.toolchain.bitstream_commands.append(gate.replace("{", "{{").replace("}", "}}"))


def run_vivado(path, name, folder, allow_failure):
    """Run LiteX's script for Vivado; returns the `timing.Clock`s. Raises `LitelicError`."""
    (folder / CLOCKS_FILE).unlink(missing_ok=True)
    arguments = ["-mode", "batch", "-source", f"{name}.tcl"]
    tools.run_program(path, "Vivado", arguments, folder, "vivado-output.log",
        {ALLOW: "1"} if allow_failure else {})
    try:
        return vivado_clocks((folder / CLOCKS_FILE).read_text())
    except FileNotFoundError:
        raise LitelicError(
            f"Vivado ended without timing; the whole log is {folder / 'vivado-output.log'}"
        ) from None


def vivado_clocks(text):
    """The `timing.Clock`s of lines `name period slack`, in ns."""
    clocks = []
    for line in text.splitlines():
        name, period, slack = line.rsplit(maxsplit=2)
        period, slack = float(period), float(slack)
        clocks.append(Clock(name, 1e3/period, 1e3/(period - slack)))
    return sorted(clocks, key=lambda clock: clock.name)


def vivado_version(path):
    run = subprocess.run([path, "-version"], capture_output=True, text=True)
    return (run.stdout.splitlines() or ["Vivado of an unknown version"])[0]


# Yosys and nextpnr-xilinx -------------------------------------------------------------------------


class GeneratingToolchain(XilinxYosysNextpnrToolchain):
    """LiteX's, as far as Verilog and constraints: its last step ends the program without tools."""

    def finalize(self):
        self._check_properties()
        self._pre_packer_opts = {name: "" for name in self._pre_packer_cmd}
        YosysNextPNRToolchain.finalize(self)

    @property
    def family_name(self):
        self._check_properties()
        return self._xc7family


def generate_only(platform):
    """Let `platform` generate for openXC7 whether or not its tools are there."""
    platform.toolchain = GeneratingToolchain("openxc7")


def synthesise(name, folder, sources):
    """The netlist `NAME.json` with pads and clock buffers; {cell type: count}."""
    files = " ".join(sources_in(name, folder, sources))
    script = "; ".join([
        f"read_verilog {files}", f"hierarchy -top {name}",
        f"synth_xilinx -flatten -abc9 -family xc7 -top {name}",
        "tee -q -o stat.json stat -json", f"write_json {name}.json",
    ])
    once(folder, f"{name}.json", [script], [*files.split(), "*.init"],
        lambda: tools.run(tools.YOSYS, ["-q", "-l", "yosys.log", "-p", script], folder,
            "yosys-output.log"))
    return figures.cells((folder / "stat.json").read_text())


def check_openxc7(device, family):
    """Paths of the tools; raises a `LitelicError` that says how to get what is missing."""
    found, absent = tools.openxc7(device, family)
    if absent:
        raise LitelicError(
            "the netlist is made, but there is no way to a bitstream without\n"
            + "".join(f"  {text}\n" for text in absent)
            + "The openXC7 project has them (https://github.com/openXC7/toolchain-installer); or "
            "use --toolchain vivado")
    return found


def place(name, folder, device, found, seed):
    """Place and route: the file of the configuration, the `timing.Clock`s."""
    result, log = f"seed{seed}.fasm", f"seed{seed}.log"
    tools.run_program(found["nextpnr-xilinx"], "nextpnr-xilinx", [
        "--chipdb", str(found["chipdb"]), "--xdc", f"{name}.xdc", "--json", f"{name}.json",
        "--fasm", result, "--seed", str(seed), "--timing-allow-fail",
    ], folder, log)
    return folder / result, log_clocks((folder / log).read_text(errors="replace"))


def log_clocks(text):
    """The `timing.Clock`s that nextpnr's log names last."""
    pattern = (r"Max frequency for clock\s+'?([^':]+)'?: ([\d.]+) MHz "
               r"\((?:PASS|FAIL) at ([\d.]+) MHz\)")
    found = {name: Clock(name, float(asked), float(reached))
             for name, reached, asked in re.findall(pattern, text)}
    return [found[name] for name in sorted(found)]


def pack(configuration, folder, name, device, family, found):
    """Write NAME.bit; return its path."""
    database = Path(found["prjxray"]).parents[1]
    tools.run_program(found["fasm2frames"], "fasm2frames", [
        "--part", device, "--db-root", str(database), configuration.name, f"{name}.frames",
    ], folder, "fasm2frames.log")
    tools.run_program(found["xc7frames2bit"], "xc7frames2bit", [
        "--part_file", str(found["prjxray"]), "--part_name", device, "--frm_file", f"{name}.frames",
        "--output_file", f"{name}.bit",
    ], folder, "xc7frames2bit.log")
    return folder / f"{name}.bit"


def resources(counts):
    """{resource: amount} of {cell type: count}, pads and clocks aside."""
    family = families.ARTIX7
    return figures.resources({c: n for c, n in counts.items() if c in family.costs}, family)
