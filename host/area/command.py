"""The command line of `make area` and `make area-long`."""

import argparse
from pathlib import Path

from litelic.accel.config import PORT_BYTES, ArrayConfig
from litelic.host.area import measure, page, results
from litelic.host.area.families import FAMILIES
from litelic.host.area.tables import GOAL_ARRAY, GOAL_MHZ, GOAL_SEEDS
from litelic.host.atomic import make_folder
from litelic.host.bench.places import checkout
from litelic.host.cli import options
from litelic.host.cli.status import exit_status
from litelic.host.errors import LitelicError

PLACED_MHZ = GOAL_MHZ[measure.PLACED_GRADE]
ARRAYS = ("4x4x2", "4x4x4", "4x4x8", "4x4x16")  # 32 to 256 MACs


def _positive(text):
    value = float(text)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is no frequency from 1 to 1000 MHz")
    return value


def _parser():
    parser = argparse.ArgumentParser(
        prog="litelic.host.area",
        description="Synthesise the engine alone, and place and route it; each row is kept as it "
                    "is finished.",
    )
    parser.add_argument("--array", action="append", metavar="RxOxP",
                        help="reduction x outputs x pixels; may be given several times (default: "
                             f"{', '.join(ARRAYS)}; with --place {GOAL_ARRAY})")
    parser.add_argument("--port-bytes", type=int, choices=PORT_BYTES, default=16,
                        help="width of the DRAM ports in bytes (default: 16)")
    parser.add_argument("--family", action="append", choices=FAMILIES,
                        help="may be given several times (default: all)")
    parser.add_argument("--place", action="store_true",
                        help="place and route on an ECP5-85F, for the clocks it reaches")
    parser.add_argument("--seed", action="append", type=int,
                        help=f"of place and route (default: 1 to {GOAL_SEEDS})")
    parser.add_argument("--grade", action="append", type=int, choices=measure.GRADES,
                        help="speed grade whose delays the result is timed with (default: "
                             f"{' and '.join(str(grade) for grade in GOAL_MHZ)})")
    parser.add_argument("--clock", type=_positive, metavar="MHZ", default=PLACED_MHZ,
                        help="of the array, asked of place and route; half of that is asked of the "
                             f"bus (default: {PLACED_MHZ})")
    parser.add_argument("--router", choices=measure.ROUTERS, default="router1",
                        help="router1 for final figures (default), router2 for quick ones")
    parser.add_argument("--folder", type=Path, help="where tools work (default: build/area)")
    parser.add_argument("--output", type=Path, metavar="FILE",
                        help="rows (default: docs/results/area.json, and docs/performance.md is "
                             "written anew)")
    return parser


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    args = _parser().parse_args(argv)
    shapes = args.array or ([GOAL_ARRAY] if args.place else ARRAYS)
    configs = [ArrayConfig.parse(shape, args.port_bytes) for shape in shapes]
    names = args.family or (["ecp5"] if args.place else list(FAMILIES))
    if args.place and names != ["ecp5"]:
        raise LitelicError("only the family ecp5 can be placed and routed: nextpnr-ecp5 does that")
    families = [FAMILIES[name] for name in names]
    path = args.output or page.results_file()
    folder = (args.folder or checkout() / "build" / "area").resolve()
    for place in (path.parent, folder):
        make_folder(place)
    options.check_place(path)
    results.load(path)  # What cannot be kept is found before the work.
    for family in families:
        for config in configs:
            for row in _rows(args, config, family, folder):
                rows = results.store(path, row)
                _show(row)
                if args.output is None:
                    page.update(rows)


def _rows(args, config, family, folder):
    if not args.place:
        yield measure.synthesise(config, family, folder)
        return
    for seed in args.seed or range(1, GOAL_SEEDS + 1):
        for grade in args.grade or GOAL_MHZ:
            yield measure.place(config, family, folder, seed, grade, args.clock, args.router)


def _show(row):
    name = f"{row['family']} {row['array']} ({row['macs']} MACs)"
    if row["kind"] == "synthesis":
        print(f"{name}: {row['luts']:,} LUTs ({row['luts'] / row['macs']:.1f} a MAC), "
              f"{row['ffs']:,} FFs, {row['block_rams']:g} block RAMs, {row['dsps']:g} DSPs",
              flush=True)
    else:
        clocks = ", ".join(f"{clock} {mhz:.1f} MHz" for clock, mhz in row["reached_mhz"].items())
        print(f"{name}, grade {row['grade']}, seed {row['seed']}: {clocks}", flush=True)
