"""What a build says of itself: `report.json`, and a screen of it."""

import json

from litelic.host.area.families import RESOURCES
from litelic.host.atomic import write_atomically
from litelic.host.bench import machine
from litelic.soc.board import timing
from litelic.soc.board.devices import DEVICES

TITLES = {
    "luts": "LUTs", "ffs": "FFs", "block_rams": "block RAMs", "dsps": "DSPs",
}
SHOWN = ("luts", "ffs", "block_rams", "dsps")
SOURCES = (*machine.SOURCES, "pyproject.toml")


def described(board, options, command):
    """What was built, of a `Board` and its `Options`."""
    array = options.array
    clock = options.array_clk_freq or options.sys_clk_freq
    return {
        "board": board.name, "variant": options.variant,
        "device": board.variant(options.variant).device, "toolchain": options.toolchain,
        "memory": options.memory, "ethernet": options.with_ethernet,
        "cpu_variant": options.cpu_variant,
        "array": array.shape if array else None,
        "array_parameters": array.to_dict() if array else None,
        "macs": array.macs if array else 0,
        "sys_clk_mhz": options.sys_clk_freq / 1e6, "array_clk_mhz": clock / 1e6,
        "peak_gops": 2 * array.macs * clock / 1e9 if array else 0,
        "command": command, "revision": machine.revision(SOURCES),
    }


def with_resources(report, total, blocks):
    """The report with {resource: amount} of all, and of each block."""
    device = DEVICES[report["device"]]
    return report | {
        "resources": {name: total[name] for name in RESOURCES},
        "available": {name: getattr(device, name) for name in SHOWN},
        "blocks": blocks,
    }


def with_timing(report, results, seed):
    """The report with what {seed: [Clock]} reached, and which seed the bitstream is of."""
    return report | {
        "seed": seed,
        "timing_met": timing.met(results[seed]),
        "clocks": [clock.to_dict() for clock in results[seed]],
        "seeds": {
            str(number): {clock.name: clock.reached for clock in clocks} or None
            for number, clocks in sorted(results.items())
        },
        "seeds_met": sum(timing.met(clocks) for clocks in results.values()),
    }


def write(report, path):
    write_atomically(path, (json.dumps(report, indent=1, allow_nan=False) + "\n").encode())


def summary(report):
    """The report as text that fits a screen."""
    lines = [
        f"{report['board']} {report['variant']} ({report['device']}), array "
        f"{report['array'] or 'none'}: {report['macs']} MACs, {report['peak_gops']:.1f} GOP/s peak",
        "",
    ]
    if "resources" in report:
        lines += _table(
            ["", *(TITLES[name] for name in SHOWN)],
            [[block, *(f"{values[name]:g}" for name in SHOWN)]
             for block, values in report["blocks"].items()]
            + [["all", *(f"{report['resources'][name]:g}" for name in SHOWN)],
               ["of", *(f"{report['available'][name]:g}" for name in SHOWN)],
               ["", *(f"{100*report['resources'][name]/report['available'][name]:.0f} %"
                      for name in SHOWN)]])
    if "clocks" in report:
        lines += ["", *_table(
            ["clock", "asked, MHz", "reached", "slack, ns", ""],
            [[clock["name"], f"{clock['asked']:.2f}", f"{clock['reached']:.2f}",
              f"{clock['slack_ns']:+.2f}", "met" if clock["met"] else "MISSED"]
             for clock in report["clocks"]]),
            "", f"seed {report['seed']}; {report['seeds_met']} of {len(report['seeds'])} "
            "seeds meet every clock"]
    return "\n".join(lines)


def _table(titles, rows):
    rows = [titles, *rows]
    widths = [max(len(row[n]) for row in rows) for n in range(len(titles))]
    return [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]
