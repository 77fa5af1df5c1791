"""The slowest paths of an ECP5 build, in groups, from the SDF file that nextpnr leaves.

nextpnr prints one path a clock. What is worth changing shows only when all endpoints that are
nearly as slow are seen together, by the names that their registers have without numbers. Run as
`python -m litelic.soc.board.paths build/ecpix5-85F/gateware/seed1.sdf`.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from litelic.host.cli.status import exit_status
from litelic.host.errors import LitelicError

CLOCK_PINS = {"CLK", "CLKA", "CLKB", "CLK0", "CLK1", "WCK", "SCLK", "CLKI"}
DEPTH = 10_000  # of Python's stack: a path is a few hundred calls deep

_DELAY = r"\(\d*:\d*:(-?\d*)\)"
_IOPATH = re.compile(rf"\(IOPATH (?:\((?:pos|neg)edge (\S+)\)|(\S+)) (\S+) {_DELAY}")
_SETUP = re.compile(rf"\(SETUPHOLD \(\w+ (\S+)\) \(\w+ (\S+)\) {_DELAY}")
_WIRE = re.compile(rf"\(INTERCONNECT (\S+) (\S+) {_DELAY}")
_KIND = re.compile(r"_(TRELLIS_FF|LUT4|CCU2C|PFUMX|L6MUX21)_.*")

# File ---------------------------------------------------------------------------------------------


@dataclass
class Design:
    """Delays in ps. A pin is (cell, port)."""

    inside: dict = field(default_factory=dict)  # output pin -> [(input pin, delay)]
    setups: dict = field(default_factory=dict)  # input pin -> (clock pin, setup)
    wires: dict = field(default_factory=dict)  # input pin -> (output pin, delay)


def read(lines):
    """The `Design` of the lines of an SDF file."""
    design, cell = Design(), ""
    for line in lines:
        line = line.strip()
        if line.startswith("(INSTANCE"):
            cell = _plain(line[len("(INSTANCE") : -1].strip())
        elif found := _WIRE.match(line):
            source, sink = (tuple(_plain(pin).rsplit("/", 1)) for pin in found.group(1, 2))
            design.wires[sink] = source, int(found[3])
        elif found := _IOPATH.match(line):
            pin = cell, found[1] or found[2]
            design.inside.setdefault((cell, found[3]), []).append((pin, int(found[4])))
        elif found := _SETUP.match(line):
            pin, setup = (cell, found[1]), int(found[3])
            if pin not in design.setups or design.setups[pin][1] < setup:
                design.setups[pin] = (cell, found[2]), setup
    return design


def _plain(name):
    return name.replace("\\", "")


# Timing -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TimedPath:
    """From a register to a register of the same clock; times in ps, the setup included."""

    clock: str
    start: str
    end: str
    time: int
    wire: int
    hops: int


def paths_of(design):
    """The slowest `TimedPath` to each input of a register, the slowest first."""
    sys.setrecursionlimit(max(DEPTH, sys.getrecursionlimit()))
    arrivals = {}
    found = []
    for pin, (clock_pin, setup) in design.setups.items():
        clock = _clock_of(design, clock_pin)
        arrival = _at_input(design, pin, arrivals).get(clock)
        if clock and arrival:
            time, wire, hops, start = arrival
            found.append(TimedPath(clock, start, f"{pin[0]}/{pin[1]}", time + setup, wire, hops))
    return sorted(found, key=lambda path: -path.time)


def _clock_of(design, pin):
    return "/".join(design.wires[pin][0]) if pin in design.wires else None


def _at_input(design, pin, arrivals):
    """{clock: (time, of it in wires, wires, where it began)} of the latest signals at an input."""
    if pin not in design.wires:
        return {}
    source, delay = design.wires[pin]
    return {
        clock: (time + delay, wire + delay, hops + 1, start)
        for clock, (time, wire, hops, start) in _at_output(design, source, arrivals).items()
    }


def _at_output(design, pin, arrivals):
    if pin in arrivals:
        return arrivals[pin]
    arrivals[pin] = latest = {}  # A loop ends here.
    for before, delay in design.inside.get(pin, ()):
        if before[1] in CLOCK_PINS:
            coming = {_clock_of(design, before): (0, 0, 0, pin[0])}
        else:
            coming = _at_input(design, before, arrivals)
        for clock, (time, *rest) in coming.items():
            if clock not in latest or latest[clock][0] < time + delay:
                latest[clock] = time + delay, *rest
    return latest


# Groups -------------------------------------------------------------------------------------------


def groups_of(paths, share):
    """[(slowest TimedPath, how many)] of each pair of start and end, numbers in their names aside.

    Only paths count that take `share` of the time of their clock's slowest one, or more.
    """
    slowest, groups = {}, {}
    for path in paths:
        worst = slowest.setdefault(path.clock, path.time)
        if path.time >= share * worst:
            groups.setdefault((path.clock, _family(path.start), _family(path.end)), []).append(path)
    return sorted(
        ((group[0], len(group)) for group in groups.values()),
        key=lambda group: (group[0].clock, -group[0].time),
    )


def _family(name):
    cell, _, port = name.partition("/")
    return re.sub(r"\d+", "#", _KIND.sub("", cell) + (f"/{port}" if port else ""))


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(prog="litelic.soc.board.paths", description=__doc__)
    parser.add_argument("file", type=Path, metavar="SDF", help="seedN.sdf of a build's gateware/")
    parser.add_argument("--share", type=float, default=0.85, metavar="F",
                        help="of the slowest path's time, from which on paths are shown "
                        "(default: %(default)s)")
    parser.add_argument("--groups", type=int, default=20, metavar="N",
                        help="most groups shown of a clock (default: %(default)s)")
    args = parser.parse_args(argv)
    try:
        with open(args.file) as lines:
            paths = paths_of(read(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise LitelicError(f"cannot read {args.file}: {error}") from None
    if not paths:
        raise LitelicError(f"{args.file} has no paths: it is no SDF file of nextpnr")
    shown = {}
    for path, count in groups_of(paths, args.share):
        if path.clock not in shown:
            print(f"{path.clock}: {1e6 / path.time:.1f} MHz")
            print("      ns  wires  hops  ends")
        shown[path.clock] = shown.get(path.clock, 0) + 1
        if shown[path.clock] <= args.groups:
            print(f"{path.time / 1e3:8.2f} {path.wire / 1e3:6.2f} {path.hops:5d} {count:5d}  "
                  f"{_family(path.start)} -> {_family(path.end)}")


if __name__ == "__main__":
    sys.exit(main())
