"""From a target's options to a bitstream, or to words about what is in the way."""

import contextlib
import functools
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from litelic.host.area import families, figures
from litelic.soc.board import blocks, ecp5, report, timing, tools, xilinx
from litelic.soc.builder import LiteLICBuilder

FAILED = "-TIMING-FAILED"  # in the name of a bitstream that misses a clock
TRIES = 3  # seeds, one after the other until one meets all clocks, where nobody said how many
ENDINGS = (".bit", ".svf", ".bin")


def generate(board, options, builder_arguments):
    """LiteX's part: Verilog, constraints, firmware. Returns the builder."""
    soc = board.soc(options)
    if options.toolchain == "openxc7":
        xilinx.generate_only(soc.platform)
    if options.toolchain == "vivado":
        xilinx.add_gate(soc.platform)
    builder = LiteLICBuilder(soc, **builder_arguments)
    with _quiet(Path(builder.output_dir) / "litex.log"):
        builder.build(build_name=board.name, run=False)
    return builder


@contextlib.contextmanager
def _quiet(path):
    """LiteX's lines about every signal, in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        yield


def bitstream(board, options, output, failed=False):
    """Where the bitstream is: `output`/gateware/NAME.bit."""
    return Path(output) / "gateware" / f"{board.name}{FAILED if failed else ''}.bit"


def build(board, options, builder, first_seed, seeds, allow_failure, command):
    """Make the bitstream and `report.json`; returns the report. Raises `LitelicError`.

    seeds : so many are tried, and the best is taken; None: up to `TRIES`, until one is good.
    """
    folder = Path(builder.gateware_dir)
    for old in (board.name, board.name + FAILED):
        for ending in ENDINGS:
            (folder / f"{old}{ending}").unlink(missing_ok=True)
    described = report.described(board, options, command)
    makers = {"trellis": _ecp5, "vivado": _vivado, "openxc7": _openxc7}
    return makers[options.toolchain](
        board, builder, folder, described, _rounds(first_seed, seeds), allow_failure)


def _rounds(first, count):
    """Lists of seeds, each placed and routed together; one is only begun if none was good yet."""
    if count is None:
        return [[seed] for seed in range(first, first + TRIES)]
    return [list(range(first, first + count))]


# Toolchains ---------------------------------------------------------------------------------------


def _ecp5(board, builder, folder, described, rounds, allow_failure):
    platform = builder.soc.platform
    described["tools"] = [tools.version(names) for names in (tools.YOSYS, tools.NEXTPNR_ECP5)]
    say("Yosys: Verilog to netlist, two minutes ...")
    counts = ecp5.synthesise(board.name, folder, other_sources(board, platform))
    total = figures.resources(_counted(counts, families.ECP5), families.ECP5)
    described = report.with_resources(described, total, blocks.of_netlist(
        (folder / f"{board.name}.json").read_text(), families.ECP5))
    netlist = ecp5.plan(board.name, folder, platform.device, board.dram_side)
    place = functools.partial(
        ecp5.place, board.name, folder, netlist, platform.device, board.related_clocks)
    results, configurations = _place_all(rounds, place)
    seed = timing.best(results)
    done = report.with_timing(described, results, seed)
    report.write(done, Path(builder.output_dir) / "report.json")
    say(f"\n{report.summary(done)}\n")
    if not allow_failure:
        timing.gate(results, seed)
    name = board.name + ("" if timing.met(results[seed]) else FAILED)
    for path in ecp5.pack(configurations[seed], folder, name):
        say(str(path))
    return done


def _place_all(rounds, place):
    """{seed: clocks}, {seed: configuration}; as many seeds at a time as there are processors."""
    results, configurations = {}, {}
    at_once = min(max(map(len, rounds)), os.cpu_count() or 1)
    together = f", {at_once} at a time" if at_once > 1 else ""
    say(f"nextpnr: place and route, a quarter of an hour or more a seed{together} ...")
    for seeds in rounds:
        _place_round(seeds, place, at_once, results, configurations)
        if any(timing.met(results[seed]) for seed in seeds):
            break
    return results, configurations


def _place_round(seeds, place, at_once, results, configurations):
    pool = ThreadPoolExecutor(at_once)
    try:
        placed = {seed: pool.submit(place, seed) for seed in seeds}
        for seed in seeds:
            try:
                configurations[seed], results[seed] = placed[seed].result()
                say(f"  seed {seed}")
            except tools.TooLong as error:
                say(f"  seed {seed}: {error}")
                results[seed] = []
            for clock in results[seed]:
                say(f"    {clock.name}: {clock.reached:.2f} MHz of {clock.asked:.2f}"
                    f"{'' if clock.met else ', MISSED'}")
    finally:
        pool.shutdown(cancel_futures=True)


def other_sources(board, platform):
    """Verilog beside what LiteX generates: the CPU."""
    return [path for path, *_ in platform.sources if Path(path).name != f"{board.name}.v"]


def _counted(counts, family):
    """Without the cells that are no logic: pads, clocks, DDR registers."""
    return {cell: count for cell, count in counts.items() if cell in family.costs}


def _vivado(board, builder, folder, described, rounds, allow_failure):
    path = tools.vivado()
    described["tools"] = [xilinx.vivado_version(path)]
    say("Vivado: Verilog to bitstream ...")
    clocks = xilinx.run_vivado(path, board.name, folder, allow_failure)
    done = report.with_timing(described, {0: clocks}, 0)
    report.write(done, Path(builder.output_dir) / "report.json")
    say(f"\n{report.summary(done)}\n")
    if not timing.met(clocks):
        for ending in ENDINGS:
            made = folder / f"{board.name}{ending}"
            if made.exists() and allow_failure:
                os.replace(made, folder / f"{board.name}{FAILED}{ending}")
            made.unlink(missing_ok=True)
        if not allow_failure:
            timing.gate({0: clocks}, 0)
    return done


def _openxc7(board, builder, folder, described, rounds, allow_failure):
    platform = builder.soc.platform
    device, family = platform.toolchain.device, platform.toolchain.family_name
    described["tools"] = [tools.version(tools.YOSYS)]
    say("Yosys: Verilog to netlist ...")
    counts = xilinx.synthesise(board.name, folder, other_sources(board, platform))
    described = report.with_resources(described, xilinx.resources(counts), blocks.of_netlist(
        (folder / f"{board.name}.json").read_text(), families.ARTIX7))
    report.write(described, Path(builder.output_dir) / "report.json")
    say(f"\n{report.summary(described)}\n")
    found = xilinx.check_openxc7(device, family)
    place = functools.partial(xilinx.place, board.name, folder, device, found)
    results, configurations = _place_all(rounds, place)
    seed = timing.best(results)
    done = report.with_timing(described, results, seed)
    report.write(done, Path(builder.output_dir) / "report.json")
    say(f"\n{report.summary(done)}\n")
    if not allow_failure:
        timing.gate(results, seed)
    name = board.name + ("" if timing.met(results[seed]) else FAILED)
    say(str(xilinx.pack(configurations[seed], folder, name, device, family, found)))
    return done


def say(text):
    print(text, flush=True, file=sys.stdout)
