"""Writes the tables of `docs/performance.md` from the results.

A table lies between two comments, `<!-- table NAME -->` and `<!-- end NAME -->`; everything else
in the page is written by hand. Run as `python -m litelic.host.bench.page`.
"""

import argparse
import re
import sys

from litelic.host.atomic import write_atomically
from litelic.host.bench import results, tables
from litelic.host.bench.places import page_file, results_file
from litelic.host.cli.status import exit_status
from litelic.host.errors import LitelicError

TABLES = {
    "codecs": tables.codecs,
    "machines": tables.machines,
    "layers": tables.layers,
    "traffic": tables.traffic,
    "paper": tables.paper,
    "demo": tables.demo,
    "commands": tables.commands,
}


def render(text, entries, makers=None):
    """The page's text with its tables made from `entries`; `makers` has what makes each of them."""
    for name, make in (makers or TABLES).items():
        begin, end = f"<!-- table {name} -->", f"<!-- end {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise LitelicError(f"the page must have one pair of comments {begin} and {end}")
        replacement = f"{begin}\n{make(entries)}\n{end}"
        text = pattern.sub(lambda _, made=replacement: made, text)
    return text


def update(entries, path=None, makers=None):
    """Write the page's tables anew, or those of `makers`."""
    path = path or page_file()
    try:
        text = path.read_text()
    except OSError as e:
        raise LitelicError(f"cannot read {path}: {e.strerror}; take it from the repository") from e
    write_atomically(path, render(text, entries, makers).encode())


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    argparse.ArgumentParser(
        prog="litelic.host.bench.page",
        description="Write the tables of docs/performance.md from docs/results/engine.json.",
    ).parse_args(argv)
    update(results.load(results_file()))


if __name__ == "__main__":
    sys.exit(main())
