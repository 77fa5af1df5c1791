"""The command line of `make bench`."""

import argparse
import itertools
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from litelic.host.atomic import make_folder
from litelic.host.bench import float_time, machine, page, results
from litelic.host.bench.measure import Task, TimedBoard, measure
from litelic.host.bench.places import results_file
from litelic.host.bench.rows import ROWS, select
from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.status import exit_status
from litelic.host.engines import summary
from litelic.host.engines.board import BoardEngine
from litelic.host.errors import LitelicError
from litelic.host.link.board import SIMULATION_PATIENCE
from litelic.host.link.simulator import Simulator
from litelic.host.report import floor, print_layers, print_total


@contextmanager
def open_board(setup):
    """Start the simulated board of a `Setup`, and yield it as a `TimedBoard`."""
    simulator = Simulator(
        setup.config, setup.clock_hz, memory=setup.memory, array_clk_ratio=setup.array_clk_ratio
    )
    with simulator, TimedBoard.open(
        simulator.url, patience=SIMULATION_PATIENCE
    ) as board:
        yield board


def run(rows, keep):
    """Measure `rows`, board by board; calls `keep(entry)` after each. Returns the entries."""
    entries, tasks, revision = [], {}, machine.revision()
    with Progress() as progress:
        by_board = sorted(rows, key=lambda row: repr(row.setup))
        for setup, group in itertools.groupby(by_board, lambda row: row.setup):
            group = list(group)
            for row in group:
                place = _place(row)
                if place not in tasks:
                    tasks[place] = Task(*place, progress)
                # Before the simulator runs: both want this machine for themselves.
                tasks[place].float_time(row.direction)
            progress.wipe()
            board_name = (
                f"{setup.array}, {setup.activation_bits}-bit activations, {setup.memory}, "
                f"{setup.clock_hz / 1e6:g} MHz"
            )
            print(f"Starting the simulated board {board_name} ...", flush=True)
            with open_board(setup) as board:
                print(f"It answers: {summary(board.info)}", flush=True)
                for row in group:
                    started = time.monotonic()
                    task = tasks[_place(row)]
                    engine = BoardEngine(board, task.program, progress)
                    entry = measure(row, task, engine, board, revision)
                    progress.wipe()
                    keep(entry)
                    entries.append(entry)
                    _show(row, entry, time.monotonic() - started)
    return entries


def _place(row):
    """What rows must have in common to share a `Task`."""
    return row.model, row.width, row.height, row.setup.activation_bits


def _show(row, entry, seconds):
    print(f"\n{row.name} ({seconds:.0f} s)")
    print_layers(entry["layers"])
    print_total(row.direction, entry, f"{floor(entry['frames_per_s'], 2)} frames/s, "
                f"{entry['dram_bytes'] / entry['dram_minimum']:.2f} times the least DRAM traffic")
    if entry["float_pytorch"]:
        float_seconds, threads = (entry["float_pytorch"][key] for key in ("seconds", "threads"))
        print(f"float PyTorch on this CPU: {float_seconds:.3g} s, threads: {threads}")
    if not entry["bit_exact"]:
        print("The result DIFFERS from the golden model's.")
    sys.stdout.flush()


def _list(rows):
    for row in rows:
        print(f"{row.name}{' (quick)' if row.quick else ''}")


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="litelic.host.bench",
        description="Measure whole codecs on simulated boards; each row is kept as it is finished.",
    )
    parser.add_argument("--row", action="append", default=[], metavar="TEXT",
                        help="only rows with TEXT in their name; may be given several times")
    parser.add_argument("--quick", action="store_true",
                        help="only the rows that take under ten minutes together")
    parser.add_argument("--list", action="store_true", help="print the rows' names, and end")
    parser.add_argument("--output", type=Path, metavar="FILE",
                        help="results (default: docs/results/engine.json, and docs/performance.md "
                             "is written anew)")
    args = parser.parse_args(argv)
    rows = select(args.row, args.quick)
    if args.list:
        _list(rows)
        return
    path = args.output or results_file()
    make_folder(path.parent)
    options.check_place(path)
    results.load(path)  # What cannot be kept is found before the work.
    if not float_time.available():
        print("torch is not installed (make install-test does it): no time of float PyTorch")
    order = [tuple(row.key[name] for name in results.KEY) for row in ROWS]

    def keep(entry):
        entries = results.store(path, entry, order)
        if args.output is None:
            page.update(entries)

    entries = run(rows, keep)
    wrong = [entry["command"] for entry in entries if not entry["bit_exact"]]
    if wrong:
        raise LitelicError(
            f"results differ from the golden model's in {len(wrong)} of {len(entries)} rows: "
            + "; ".join(wrong)
        )
