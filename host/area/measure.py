"""One array through synthesis, or through place and route, as a row."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from litelic.host.area import figures, sources, tools
from litelic.host.bench import machine

# What the figures depend on, besides the tools.
SOURCES = ("accel", "host/golden", "constraints.txt")
DEVICE, PACKAGE = "LFE5U-85F", "CABGA381"
GRADES = (6, 7, 8)
PLACED_GRADE = max(GRADES)
ROUTERS = ("router1", "router2")
CLOCK_RATIO = 2  # The array's clock to the bus clock's, in what is asked of place and route.


def synthesise(config, family, folder):
    """The row of the engine alone, its ports as pins."""
    revision = machine.revision(SOURCES)  # before the tools run: they take their time
    files = sources.engine_sources(config, family)
    report = run_yosys(files, sources.ENGINE, family, folder, "stat.json")
    counts = figures.cells(report.read_text())
    return {
        "kind": "synthesis",
        **_described(config, family),
        **figures.resources(counts, family),
        "cells": counts,
        "tools": [tools.version(tools.YOSYS)],
        "command": _command(config, family),
        "revision": revision,
    }


def place(config, family, folder, seed, grade, clock_mhz, router):
    """The row of the engine in its frame (`sources.frame`), placed and routed on an ECP5-85F.

    The tools decide with the delays of the fastest grade, and the routed design is then timed with
    those of `grade`: routes do not depend on the grade, only their delays do. With grade 6's own,
    router1 does not come to an end (docs/performance.md).
    """
    revision = machine.revision(SOURCES)
    files = sources.engine_sources(config, family)
    files["frame.v"] = sources.frame(files["engine.v"])
    netlist = run_yosys(files, sources.FRAME, family, folder, "netlist.json")
    asked = {"array_clk": clock_mhz, "sys_clk": clock_mhz / CLOCK_RATIO}
    name = f"seed{seed}-{clock_mhz:g}MHz-{router}"
    constraints = netlist.parent / f"{name}.lpf"
    constraints.write_text("".join(
        f'FREQUENCY PORT "{clock}" {mhz:g} MHZ;\n' for clock, mhz in asked.items()
    ))
    routed = _nextpnr(
        netlist, f"{name}-routed", PLACED_GRADE, "--write",
        ["--lpf", constraints.name, "--seed", str(seed), "--router", router],
    )
    report = _nextpnr(
        routed, f"{name}-grade{grade}", grade, "--report",
        ["--lpf", constraints.name, "--no-pack", "--no-place"],
    )
    return {
        "kind": "place",
        **_described(config, family),
        "device": f"{DEVICE}-{grade}{PACKAGE}", "grade": grade, "placed_grade": PLACED_GRADE,
        "seed": seed, "router": router,
        "asked_mhz": asked, "reached_mhz": figures.clocks(report.read_text()),
        "tools": [tools.version(names) for names in (tools.YOSYS, tools.NEXTPNR_ECP5)],
        "command": f"{_command(config, family)} --place --grade {grade} --seed {seed} "
                   f"--clock {clock_mhz:g} --router {router}",
        "revision": revision,
    }


def _nextpnr(design, name, grade, option, arguments):
    """The path of what nextpnr writes for `option`, beside `design`; kept from run to run."""
    result = design.parent / f"{name}.json"
    if not result.exists():
        unfinished = result.with_suffix(".unfinished")
        tools.run(tools.NEXTPNR_ECP5, [
            "--85k", "--package", PACKAGE, "--speed", str(grade), "--json", design.name,
            "--lpf-allow-unconstrained", "--timing-allow-fail", option, unfinished.name, *arguments,
        ], design.parent, f"{name}.log")
        os.replace(unfinished, result)
    return result


def _described(config, family):
    return {
        "family": family.name, "array": config.shape, "macs": config.macs,
        "port_bytes": config.port_bytes, "array_parameters": config.to_dict(),
    }


def _command(config, family):
    return (f"python -m litelic.host.area --array {config.shape} --family {family.name} "
            f"--port-bytes {config.port_bytes}")


def run_yosys(files, top, family, folder, wanted):
    """The path of `wanted` (`stat.json` or `netlist.json`) of the synthesis of `top`.

    Syntheses are kept in `folder`, one a state of the sources, the tool and its options.
    """
    sources = " ".join(name for name in sorted(files) if name.endswith(".v"))
    declarations = f"read_verilog -lib {' '.join(family.cells)}; " if family.cells else ""
    # Without `setattr`, Yosys may read a module again, behind the synthesis, for the sake of an
    # instantiated cell: `hierarchy` leaves a note with it, which flattening carries along.
    script = (
        f"read_verilog {sources}; {declarations}"
        f"hierarchy -top {top}; setattr -unset reprocess_after; "
        f"{family.synthesis} -top {top}; tee -q -o stat.json stat -json; write_json netlist.json"
    )
    key = "\n".join([script, tools.version(tools.YOSYS), *(files[name] for name in sorted(files))])
    key = hashlib.sha256(key.encode()).hexdigest()[:16]
    folder = Path(folder)
    finished = folder / f"{family.name}-{top}-{key}"
    if not finished.exists():
        work = Path(tempfile.mkdtemp(prefix="unfinished-", dir=folder))
        for name, text in files.items():
            (work / name).write_text(text)
        tools.run(tools.YOSYS, ["-q", "-l", "yosys.log", "-p", script], work, "output.log")
        shutil.rmtree(finished, ignore_errors=True)
        os.replace(work, finished)
    return finished / wanted
