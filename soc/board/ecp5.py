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
from litelic.soc.board.floorplan import DIES, with_floorplan
from litelic.soc.board.timing import Clock

PACKAGES = {"381": "CABGA381", "554": "CABGA554", "756": "CABGA756", "285": "CSFBGA285"}
ARCHITECTURES = {"lfe5u": "", "lfe5um": "um-", "lfe5um5g": "um5g-"}

SEED_SECONDS = 3600  # of place and route; some seeds go on for ever

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


def plan(name, folder, device, dram):
    """Give the netlist's blocks their sites: the name of the netlist that has them.

    device : as LiteX's platforms have it, "LFE5U-85F-6BG381C"; where there is no floorplan for the
             FPGA, it is the netlist that was there.
    dram   : the side on which the DRAM's pins are.
    """
    die = DIES.get(device.rsplit("-", 1)[0])
    if die is None:
        return f"{name}.json"
    planned = f"{name}-planned.json"
    text = with_floorplan((folder / f"{name}.json").read_text(), name, die, dram)
    (folder / planned).write_text(text)
    return planned


def place(name, folder, netlist, device, related, seed):
    """Place and route with a seed: the file of the configuration, the `timing.Clock`s.

    related : pairs of clock domains, as of `Board`.
    """
    kind, size, rest = device.lower().split("-")
    package = next((full for digits, full in PACKAGES.items() if digits in rest), None)
    if package is None:
        raise LitelicError(f"{device}: its package is none of {', '.join(PACKAGES.values())}")
    result, report = f"seed{seed}.config", f"seed{seed}.json"
    command = [
        f"--{ARCHITECTURES[kind]}{size.rstrip('f')}k", "--package", package, "--speed", rest[0],
        "--seed", str(seed), "--json", netlist, "--lpf", f"{name}.lpf",
        # The static placer leaves far less wire than the default one, and router2 finds a way
        # in its dense places, where router1 rips up the same connections again and again. Once
        # everything is routed it does so for what is too slow, which detours had made of a tenth
        # of the clock.
        "--placer", "static", "--router", "router2", "--tmg-ripup",
        # The gate is ours: it has to know the clocks of all seeds.
        "--timing-allow-fail", "--detailed-timing-report",
        "--textcfg", result, "--report", report, "--sdf", f"seed{seed}.sdf",  # for `paths`
    ]
    once(folder, result, command, [netlist, f"{name}.lpf"],
        lambda: _run_nextpnr(command, folder, f"seed{seed}.log"))
    names = clock_names((folder / f"{name}.json").read_text())
    return folder / result, clocks((folder / report).read_text(), names, related)


def _run_nextpnr(command, folder, log):
    """Raises `tools.TooLong` with the clocks that keep the router busy, as far as one can tell."""
    try:
        tools.run(tools.NEXTPNR_ECP5, command, folder, log, SEED_SECONDS)
    except tools.TooLong as error:
        missed = re.findall(
            r"Max frequency for clock +'([^']+)': ([\d.]+) MHz \(FAIL at ([\d.]+) MHz\)",
            (folder / log).read_text(errors="replace"))
        words = ", ".join(f"{net} {reached} MHz of {asked}" for net, reached, asked in missed)
        raise tools.TooLong(
            f"{error}; before routing it had put {words}: ask for a lower clock (--sys-clk-freq)"
            if missed else str(error)) from None


def clocks(text, names, related=()):
    """The `timing.Clock`s of nextpnr's JSON report; `names` is {net: clock domain}.

    Paths between two `related` domains are as clocks of their own: edges of both coincide, so the
    faster one's period is what there is.
    """
    try:
        found = {
            net: (float(value["constraint"]), float(value["achieved"]))
            for net, value in json.loads(text)["fmax"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise LitelicError(
            f"nextpnr's report cannot be read ({e!r}); install the version of constraints.txt"
        ) from e
    paths = worst_paths(text)
    domains = [
        Clock(readable(net, names), asked, reached, paths.get((net, net), (0, ""))[1])
        for net, (asked, reached) in found.items()
    ]
    asked = {clock.name: clock.asked for clock in domains}
    between = [
        Clock(f"{before} to {behind}", max(asked[before], asked[behind]), 1e3 / delay, words)
        for (before, behind), (delay, words) in (
            (tuple(readable(net, names) for net in nets), path) for nets, path in paths.items()
        )
        if before != behind and {before, behind} in map(set, related)
    ]
    return sorted(domains + between, key=lambda clock: clock.name)


def worst_paths(text):
    """{(clock net, clock net): (ns, in words)} of the slowest paths from one to the other."""
    found = {}
    for path in json.loads(text).get("critical_paths", []):
        before, behind = (path[end].split() for end in ("from", "to"))
        if len(before) != 2 or len(behind) != 2 or not path["path"]:
            continue
        steps = path["path"]
        total = sum(step["delay"] for step in steps)
        wires = sum(step["delay"] for step in steps if step["type"] == "routing")
        found[before[1], behind[1]] = total, (
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
    """Without the comments in which LiteX writes the time of day, and its tree, in any order."""
    branch = "└───".encode()
    return b"\n".join(
        line for line in content.split(b"\n") if not line.startswith(b"//") and branch not in line
    )
