"""Writes the tables of area in `docs/performance.md`. Run as `python -m litelic.host.area.page`."""

import argparse
import sys

from litelic.host.area import results, tables
from litelic.host.bench import page
from litelic.host.bench.places import checkout
from litelic.host.cli.status import exit_status

TABLES = {
    "area": tables.area,
    "area-timing": tables.timing,
    "area-goals": tables.goals,
    "area-commands": tables.commands,
}


def results_file():
    """The rows that have been measured."""
    return checkout() / "docs" / "results" / "area.json"


def update(rows, path=None):
    """Write the tables of area anew, and leave the page's others as they are."""
    page.update(rows, path, TABLES)


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    argparse.ArgumentParser(
        prog="litelic.host.area.page",
        description="Write the area of docs/performance.md from docs/results/area.json.",
    ).parse_args(argv)
    update(results.load(results_file()))


if __name__ == "__main__":
    sys.exit(main())
