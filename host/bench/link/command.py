"""`make bench-link`: measures lines and networks, writes docs/results/link.json and its tables."""

import argparse

from litelic.host import results_file
from litelic.host.bench import page
from litelic.host.bench.link import cases, measure, tables
from litelic.host.bench.machine import revision
from litelic.host.bench.places import checkout
from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.status import exit_status
from litelic.host.errors import LitelicError

SEED = 1
ROWS = [*cases.LINES, *cases.STREAMS, *cases.NETWORKS]
FIELDS = {
    "line": {"write", "read", "alone", "beside", "size", "clock_hz", "array", "memory",
             "line_bytes_per_s"},
    "stream": {"send", "compute", "fetch", "chain", "pictures", "height", "width", "line",
               "model", "clock_hz", "array", "memory"},
    "network": {"bytes", "seconds", "wrong", "transfers", "requests", "resent", "passed", "lost",
                "doubled", "late", "damaged", "faults"},
}


def results_path():
    return checkout() / "docs" / "results" / "link.json"


def key_of(row):
    return row["kind"], row["name"]


def check(row):
    """Raise `LitelicError` for a row that is not whole, or that a wrong byte came through for."""
    missing = FIELDS[row["kind"]] - set(row)
    if missing or row.get("wrong"):
        raise LitelicError(f"the row {row['name']} lacks {sorted(missing)}, or bytes were wrong: "
                           "measure it again")


def load():
    """The rows measured so far."""
    return results_file.load(results_path(), check, key_of, "rows of the link")


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m litelic.host.bench.link",
        description="Measure the link in simulation: beside a computing accelerator, with streams "
        "of pictures, and through bad networks.")
    parser.add_argument("names", nargs="*", metavar="ROW",
                        help=f"of {'; '.join(ROWS)} (default: all)")
    parser.add_argument("--transfers", type=options.whole_number(1), default=1000, metavar="N",
                        help="there and back, of a network (default: %(default)s)")
    args = parser.parse_args(argv)
    names = args.names or ROWS
    for name in names:
        if name not in ROWS:
            raise LitelicError(f"there is no row {name!r}; --help names them")
    for name in names:
        if name in cases.LINES:
            row = _line(name)
        elif name in cases.STREAMS:
            row = _stream(name)
        else:
            row = _network(name, args.transfers)
        check(row)
        rows = results_file.merged(load(), row, key_of)
        rows.sort(key=lambda row: ROWS.index(row["name"]))
        results_file.write(results_path(), rows)
        print(tables.in_words(row), flush=True)
    page.update(load(), makers=tables.TABLES)


def _about(name, kind):
    return {"kind": kind, "name": name, "revision": revision(),
            "command": f'python -m litelic.host.bench.link "{name}"'}


def _line(name):
    line = cases.LINES[name]
    return _about(name, "line") | measure.speed(line) | {
        "size": line.size, "clock_hz": line.options["sys_clk_freq"], "array": line.array,
        "memory": line.memory, "line_bytes_per_s": line.bytes_per_s,
    }


def _stream(name):
    case = cases.STREAMS[name]
    return _about(name, "stream") | measure.stream(case) | {
        "pictures": case.pictures, "height": case.height, "width": case.width,
        "model": case.model, "line": case.line.text, "clock_hz": case.line.options["sys_clk_freq"],
        "array": case.line.array, "memory": case.line.memory,
    }


def _network(name, transfers):
    faults = cases.NETWORKS[name]
    with Progress() as progress:
        found = measure.through(faults, transfers, SEED, progress)
    row = _about(name, "network") | found | {"faults": vars(faults)}
    row["command"] += f" --transfers {transfers}"
    return row
