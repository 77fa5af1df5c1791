"""`litelic bench-link`: how fast, and how reliable, the line to a board is."""

import json
from pathlib import Path

from litelic.host.cli import options
from litelic.host.cli.progress import Progress

MB = 1e6


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "bench-link", help="measure the line to a board",
        description="Measure the line to a board: round trips, and random bytes to its DRAM and "
        "back, each of which is compared. The board's program has to be sent again afterwards. "
        "Of a simulated board, throughput is also given by its own clock: the rest measures the "
        "simulation.",
    )
    parser.add_argument(
        "--size", type=options.whole_number(1, 1 << 32), default=1 << 20, metavar="BYTES",
        help="of a transfer (default: %(default)s)",
    )
    parser.add_argument(
        "--repeat", type=options.whole_number(1, 10_000), default=5, metavar="N",
        help="transfers each way (default: %(default)s)",
    )
    parser.add_argument(
        "--pings", type=options.whole_number(1, 1_000_000), default=100, metavar="N",
        help="round trips (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options.add_engine(parser, golden=False)
    parser.set_defaults(run=run)


def run(args):
    from litelic.host import engines
    from litelic.host.atomic import write_atomically
    from litelic.host.link.measure import measure

    if args.json:
        options.check_place(args.json)
    with (
        Progress() as progress,
        engines.open_board(
            port=args.port, sim=args.sim, progress=progress, access=options.access(args)
        ) as board,
    ):
        figures = measure(board, args.size, args.repeat, args.pings, progress)
        name, simulated = board.name, board.info.target == "sim"
    found = figures.to_dict()
    print(f"link:     {name}")
    print(f"latency:  {_three(found['latency_s'], 1e-3)} ms, {args.pings} round trips")
    transfers = f"{args.repeat} x {args.size} bytes"
    for way in ("write", "read"):
        print(f"{way + ':':<9} {_three(found[f'{way}_bytes_per_s'], MB)} MB/s, {transfers}")
    for way in ("write", "read") if simulated else ():
        rates = found[f"board_{way}_bytes_per_s"]
        print(f"{way + ':':<9} {_three(rates, MB)} MB/s by the simulated board's clock")
    print(f"lost:     {figures.resent} of {figures.requests} requests were sent again; every byte "
          "came back as it was sent")
    if args.json:
        text = json.dumps({"link": name} | found, indent=1) + "\n"
        write_atomically(args.json, text.encode())


def _three(values, unit):
    return ", ".join(f"{name} {values[name] / unit:.3f}" for name in ("min", "median", "max"))
