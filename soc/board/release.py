"""`make boards`: builds the released configurations, holds them to their budgets, writes the page.

A budget is the report of the last release, in `docs/results/boards/`: no resource may grow or
shrink by more than `TOLERANCE`, and `SEEDS_MET` of `SEEDS` seeds meet every clock. Run as
`python -m litelic.soc.board.release`.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from litelic.host.bench import page
from litelic.host.bench.places import checkout
from litelic.host.bench.places import results_file as bench_results
from litelic.host.cli.status import exit_status
from litelic.host.errors import LitelicError
from litelic.soc.board import report, tables

RELEASED = {  # name -> target and what it is given
    "ecpix5": ("ecpix5", ()),
    "orangecrab": ("orangecrab", ()),
    "ulx3s": ("ulx3s", ()),
}
SEEDS, SEEDS_MET = 3, 2
TOLERANCE = 0.15


def reports_folder():
    return checkout() / "docs" / "results" / "boards"


def build(name):
    """Build a configuration as a user does; returns its report. Raises `LitelicError`."""
    target, arguments = RELEASED[name]
    folder = checkout()
    output = Path("build") / "boards" / name  # as a user says it, and as the report has it
    run = subprocess.run([
        sys.executable, str(folder / "targets" / f"{target}.py"), "--build", "--seeds", str(SEEDS),
        "--output-dir", str(output), *arguments,
    ], cwd=folder)
    if run.returncode:
        raise LitelicError(f"{name} was not built")
    return json.loads((folder / output / "report.json").read_text())


def regressions(found, budget):
    """What of a report is worse than its budget (or suspiciously better), in words."""
    words = []
    if found["seeds_met"] < SEEDS_MET:
        words.append(f"{found['seeds_met']} of {len(found['seeds'])} seeds meet every clock, "
                     f"{SEEDS_MET} are wanted")
    words += [
        f"{clock['name']} reaches {clock['reached']:.2f} MHz of {clock['asked']:.2f}"
        for clock in found["clocks"] if not clock["met"]
    ]
    if budget is None:
        return words
    for name, title in report.TITLES.items():
        now, before = found["resources"][name], budget["resources"][name]
        if abs(now - before) > TOLERANCE * before:
            words.append(f"{title}: {now:g}, {before:g} at the last release")
    for clock in ("sys_clk_mhz", "array_clk_mhz", "macs"):
        if found[clock] < budget[clock]:
            words.append(f"{clock}: {found[clock]:g}, {budget[clock]:g} at the last release")
    return words


def load():
    """{name: report} of what has been released."""
    found = {}
    for name in RELEASED:
        path = reports_folder() / f"{name}.json"
        if path.exists():
            found[name] = json.loads(path.read_text())
    return found


def write_page():
    """Write the tables of docs/boards.md."""
    from litelic.host.bench import results

    entries = results.load(bench_results())
    page.update(load(), checkout() / "docs" / "boards.md", {
        "boards": lambda reports: tables.boards(reports, entries),
        "board-clocks": tables.clocks,
        "board-blocks": tables.blocks,
        "board-commands": tables.commands,
    })


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="litelic.soc.board.release",
        description="Build the released boards and compare them with their budgets.")
    parser.add_argument("names", nargs="*", metavar="NAME", default=[],
                        help=f"one of {', '.join(RELEASED)} (default: all)")
    parser.add_argument("--release", action="store_true",
                        help="keep the reports as new budgets, and write docs/boards.md anew")
    parser.add_argument("--page", action="store_true", help="only write docs/boards.md anew")
    args = parser.parse_args(argv)
    if unknown := sorted(set(args.names) - set(RELEASED)):
        raise LitelicError(f"{', '.join(unknown)}: known are {', '.join(RELEASED)}")
    if args.page:
        write_page()
        return
    budgets, worse = load(), []
    for name in args.names or RELEASED:
        found = build(name)
        words = regressions(found, None if args.release else budgets.get(name))
        worse += [f"{name}: {text}" for text in words]
        if args.release and not words:
            reports_folder().mkdir(parents=True, exist_ok=True)
            report.write(found, reports_folder() / f"{name}.json")
    if args.release:
        write_page()
    if worse:
        raise LitelicError("\n".join(["not as released:", *worse]))
    print("all as released")


if __name__ == "__main__":
    sys.exit(main())
