"""ECP5: Yosys, nextpnr and ecppack, from what LiteX generates to a bitstream."""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

from litelic.host.area import families, figures
from litelic.host.errors import LitelicError
from litelic.soc.board import tools
from litelic.soc.board.timing import Clock

PACKAGES = {"381": "CABGA381", "554": "CABGA554", "756": "CABGA756", "285": "CSFBGA285"}
ARCHITECTURES = {"lfe5u": "", "lfe5um": "um-", "lfe5um5g": "um5g-"}

SEED_SECONDS = 3600  # of place and route; some seeds go on for ever
FASTEST = 8  # speed grade
SLOWER = {8: 1, 7: 1.15, 6: 1.3}  # what is asked of the fastest, for a grade's own to be enough

# Verilog to netlist -------------------------------------------------------------------------------


def synthesise(name, folder, sources):
    """The netlist `NAME.json` and the cells of it, {type: count}.

    name    : of the design and of its files.
    folder  : where LiteX has written it; everything happens there, by relative names, since the
              builds of Yosys from PyPI see few other folders.
    sources : other Verilog files, which are copied there.
    """
    files = " ".join(sources_in(name, folder, sources))
    family = families.ECP5
    # no_rw_check: in memories of this module nothing that is read from a word in the cycle in which
    # it is written is used (LiteX's FIFOs and memories; docs/engine.md for the accelerator's), so
    # LUTs need not see to it. The CPU's are modules of their own.
    # reprocess_after: see host/area/measure.py.
    script = "; ".join([
        f"read_verilog {files}", f"read_verilog -lib {' '.join(family.cells)}",
        f"hierarchy -top {name}", "setattr -unset reprocess_after",
        f"setattr -mod -set no_rw_check 1 {name}", f"synth_ecp5 -abc9 -nowidelut -top {name}",
        "tee -q -o stat.json stat -json", f"write_json {name}.json",
    ])
    once(folder, f"{name}.json", [script], [*files.split(), "*.init"],
        lambda: tools.run(tools.YOSYS, ["-q", "-l", "yosys.log", "-p", script], folder,
            "yosys-output.log"))
    return figures.cells((folder / "stat.json").read_text())


# Netlist to configuration -------------------------------------------------------------------------


def place(name, folder, device, seed):
    """Place and route with a seed: the file of the configuration, the `timing.Clock`s.

    The tools decide with the delays of the fastest grade, and the routed design is then timed with
    those of the device's own: routes do not depend on the grade, only their delays do. With slower
    grades' own, router1 finds it cheap to rip up other routes, and does not come to an end.
    """
    kind, size, rest = device.lower().split("-")
    package = next((full for digits, full in PACKAGES.items() if digits in rest), None)
    if package is None:
        raise LitelicError(f"{device}: its package is none of {', '.join(PACKAGES.values())}")
    grade = int(rest[0])
    common = [
        f"--{ARCHITECTURES[kind]}{size.rstrip('f')}k", "--package", package, "--seed", str(seed),
        # The gate is ours: it has to know the clocks of all seeds.
        "--timing-allow-fail", "--detailed-timing-report",
    ]
    routed, result, report = (f"seed{seed}{end}" for end in (".json", ".config", "-timing.json"))
    constraints, faster = f"{name}-routing.lpf", SLOWER[grade]
    (folder / constraints).write_text(scaled((folder / f"{name}.lpf").read_text(), faster))
    routing = [
        *common, "--speed", str(FASTEST), "--json", f"{name}.json", "--lpf", constraints,
        # The analytic placer leaves a quarter less wire than the default one, and routes.
        "--placer", "static", "--router", "router1", "--write", routed,
        "--report", f"seed{seed}-routing.json",
    ]
    once(folder, routed, routing, [f"{name}.json", constraints],
        lambda: tools.run(tools.NEXTPNR_ECP5, routing, folder, f"seed{seed}.log", SEED_SECONDS))
    timing = [
        *common, "--speed", str(grade), "--json", routed, "--lpf", f"{name}.lpf", "--no-pack",
        "--no-place", "--textcfg", result, "--report", report,
    ]
    once(folder, result, timing, [routed, f"{name}.lpf"],
        lambda: tools.run(tools.NEXTPNR_ECP5, timing, folder, f"seed{seed}-timing.log"))
    names = clock_names((folder / f"{name}.json").read_text())
    asked = {
        net: value["constraint"] / faster
        for net, value in _fmax((folder / f"seed{seed}-routing.json").read_text()).items()
    }
    return folder / result, clocks((folder / report).read_text(), asked, names)


def scaled(constraints, factor):
    """The text of an LPF with all frequencies times `factor`."""
    return re.sub(
        r'(FREQUENCY \w+ "[^"]+") ([\d.]+)',
        lambda match: f"{match[1]} {float(match[2]) * factor:.4f}", constraints)


def _fmax(text):
    """{net: its clock's figures} of nextpnr's JSON report."""
    try:
        return {
            net: {name: float(value[name]) for name in ("constraint", "achieved")}
            for net, value in json.loads(text)["fmax"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise LitelicError(
            f"nextpnr's report cannot be read ({e!r}); install the version of constraints.txt"
        ) from e


def clocks(text, asked, names):
    """The `timing.Clock`s of nextpnr's JSON report.

    asked : {net: MHz}: frequencies behind a PLL are known only where the netlist was packed.
    names : {net: clock domain}.
    """
    reached, paths = _fmax(text), worst_paths(text)
    if set(reached) != set(asked):
        only = ", ".join(sorted(set(reached) ^ set(asked)))
        raise LitelicError(f"nextpnr's reports name different clocks: {only}")
    return sorted(
        (Clock(readable(net, names), asked[net], reached[net]["achieved"], paths.get(net, ""))
         for net in reached),
        key=lambda clock: clock.name,
    )


def worst_paths(text):
    """{clock net: its slowest path, from which cell to which, in ns}."""
    found = {}
    for path in json.loads(text).get("critical_paths", []):
        before, behind = (path[end].split() for end in ("from", "to"))
        if before != behind or len(before) != 2 or not path["path"]:
            continue
        steps = path["path"]
        total = sum(step["delay"] for step in steps)
        wires = sum(step["delay"] for step in steps if step["type"] == "routing")
        found[before[1]] = (
            f"{steps[0]['from']['cell']} to {steps[-1]['to']['cell']}: {total:.2f} ns, "
            f"{wires:.2f} of them wires"
        )
    return found


def clock_names(text):
    """{net: clock domain} of a netlist that Yosys wrote as JSON.

    A net has many names, of which nextpnr takes any; those of clock domains end in `_clk`. Of the
    system's clock only those inside of the CPU may be left.
    """
    domains, nets = {}, {}
    domain_of = re.compile(r"(\w+)_clk").fullmatch
    for module in json.loads(text)["modules"].values():
        for name, net in module["netnames"].items():
            if len(net["bits"]) == 1:
                (bit,) = net["bits"]
                nets[name] = bit
                if match := domain_of(name):
                    domains[bit] = min(match[1], domains.get(bit, match[1]))
                elif name.startswith("VexRiscv.") and name.endswith(".clk"):
                    domains.setdefault(bit, "sys")
    return {name: domains[bit] for name, bit in nets.items() if bit in domains}


def readable(net, names):
    """The clock domain, or the net's name without what the tools put around it."""
    plain = net.removeprefix("$glbnet$")
    plain = plain.split("$eclk")[0].removesuffix("$TRELLIS_IO_IN")
    return names.get(plain, plain)


# Configuration to bitstream -----------------------------------------------------------------------


def pack(configuration, folder, name):
    """Write NAME.bit and NAME.svf; return their paths."""
    bit, svf = folder / f"{name}.bit", folder / f"{name}.svf"
    tools.run(tools.ECPPACK, [
        "--compress", "--bit", f"{name}.bit.new", "--svf", f"{name}.svf.new", configuration.name,
    ], folder, "ecppack.log")
    os.replace(folder / f"{name}.svf.new", svf)
    os.replace(folder / f"{name}.bit.new", bit)
    return bit, svf


# What has been done already -----------------------------------------------------------------------


def sources_in(name, folder, sources):
    """Names of the Verilog files, all of them in `folder` then."""
    for path in map(Path, sources):
        if path.parent != folder:
            shutil.copy(path, folder)
    return [*(Path(path).name for path in sources), f"{name}.v"]


def once(folder, result, words, patterns, make):
    """Run `make`, unless `result` was made of the same words and files already."""
    inputs = [*words, tools.version(tools.YOSYS)]
    for path in sorted({path for pattern in patterns for path in folder.glob(pattern)}):
        inputs.append(hashlib.sha256(_undated(path.read_bytes())).hexdigest())
    key = hashlib.sha256("\n".join(inputs).encode()).hexdigest()
    note = folder / f"{result}.key"
    if (folder / result).exists() and note.exists() and note.read_text() == key:
        return
    note.unlink(missing_ok=True)
    make()
    note.write_text(key)


def _undated(content):
    """Without the comments in which LiteX writes the time of day."""
    return b"\n".join(line for line in content.split(b"\n") if not line.startswith(b"//"))
