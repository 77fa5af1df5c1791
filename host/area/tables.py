"""The tables of area in `docs/performance.md`, as Markdown, from the rows that were measured."""

import math
import statistics

from litelic.host.area.families import FAMILIES
from litelic.host.bench.tables import NONE_YET, table

GOAL_ARRAY = "4x4x8"
GOAL_MHZ = {8: 150, 6: 110}  # grade of an ECP5: of the array's clock
GOAL_SEEDS = 3


def area(rows):
    """A line a synthesis."""
    titles = (
        "family", "array", "MACs", "port", "LUTs", "of them memory", "carry cells", "FFs",
        "block RAMs", "DSPs", "LUTs a MAC", "DSPs a MAC",
    )
    return table(titles, [
        (
            FAMILIES[row["family"]].title, row["array"], str(row["macs"]),
            f"{8 * row['port_bytes']} bits", f"{row['luts']:,}", f"{row['lutrams']:,}",
            f"{row['carry']:,}", f"{row['ffs']:,}", f"{row['block_rams']:g}", f"{row['dsps']:g}",
            f"{row['luts'] / row['macs']:.1f}", f"{row['dsps'] / row['macs']:.2f}",
        )
        for row in _of(rows, "synthesis")
    ])


def timing(rows):
    """A line for the seeds of one array, grade and clock asked for."""
    titles = ("array", "device", "router", "asked, array / bus", "seeds", "array clock, each seed",
              "median", "bus clock, median")
    return table(titles, [
        (
            group[0]["array"], group[0]["device"], group[0]["router"],
            " / ".join(f"{group[0]['asked_mhz'][clock]:g}" for clock in ("array_clk", "sys_clk")),
            ", ".join(str(row["seed"]) for row in group),
            ", ".join(str(_mhz(row["reached_mhz"]["array_clk"])) for row in group),
            f"{_mhz(_median(group, 'array_clk'))} MHz", f"{_mhz(_median(group, 'sys_clk'))} MHz",
        )
        for group in _groups(rows)
    ])


def goals(rows):
    """A line a goal: what is measured, and whether that is it."""
    titles = ("goal", "measured", "reached")
    lines = []
    for family in FAMILIES.values():
        found = [
            row for row in _of(rows, "synthesis")
            if row["family"] == family.name and row["port_bytes"] == 16
        ]
        of_macs = "" if family.dsps_per_mac == 1 else f"{family.dsps_per_mac:g} x "
        lines.append(_goal(
            f"{family.title}: DSPs = {of_macs}MACs",
            ", ".join(f"{row['dsps']:g} for {row['macs']}" for row in found),
            found and all(row["dsps"] == family.dsps_per_mac * row["macs"] for row in found),
        ))
        luts = [row["luts"] / row["macs"] for row in found]
        same = len({(row["revision"], *row["tools"]) for row in found}) == 1
        lines.append(_goal(
            f"{family.title}: LUTs a MAC fall as the array grows",
            ", ".join(f"{value:.1f} at {row['macs']}" for value, row in zip(luts, found))
            + ("" if same or not found else " (of different revisions or tools)"),
            same and len(luts) > 1 and all(a > b for a, b in zip(luts, luts[1:])),
        ))
    for grade, wanted in GOAL_MHZ.items():
        groups = [
            group for group in _groups(rows)
            if (group[0]["array"], group[0]["grade"], group[0]["router"])
            == (GOAL_ARRAY, grade, "router1")
        ]
        best = max(groups, key=lambda g: _median(g, "array_clk"), default=None)
        seeds = len(best) if best else 0
        measured = ""
        if best:
            measured = f"{_mhz(_median(best, 'array_clk'))} MHz, {_plural(seeds, 'seed')}"
        lines.append(_goal(
            f"ECP5-85F grade {grade}, {GOAL_ARRAY}: array clock of {wanted} MHz, median of "
            f"{GOAL_SEEDS} seeds",
            measured,
            seeds >= GOAL_SEEDS and _median(best, "array_clk") >= wanted,
        ))
    return table(titles, lines)


def commands(rows):
    """How each row is measured again, with which sources and tools it was."""
    titles = ("revision", "tools", "command")
    lines = [
        (row["revision"], ", ".join(tool.split(" (")[0] for tool in row["tools"]),
         f"`{row['command']}`")
        for row in rows
    ]
    return table(titles, lines) if lines else NONE_YET


def _plural(count, noun):
    return f"{count} {noun}{'s' * (count != 1)}"


def _goal(text, measured, reached):
    return text, measured or "not measured", ("yes" if reached else "**no**") if measured else ""


def _of(rows, kind):
    return [row for row in rows if row["kind"] == kind]


def _groups(rows):
    """Placed rows that differ in their seed only, of one revision and the same tools."""
    groups = {}
    for row in _of(rows, "place"):
        key = (row["array"], row["port_bytes"], row["device"], row["router"],
               *row["asked_mhz"].values(), row["revision"], *row["tools"])
        groups.setdefault(key, []).append(row)
    return list(groups.values())


def _mhz(clock):
    """Whole MHz that are reached: no clock looks faster than it is."""
    return math.floor(clock)


def _median(group, clock):
    return statistics.median(row["reached_mhz"][clock] for row in group)
