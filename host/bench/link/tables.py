"""The tables of the link in docs/performance.md."""

import math
import statistics

from litelic.host.bench.link import cases
from litelic.host.bench.tables import NONE_YET, table
from litelic.host.report import floor

MB = 1e6


def slowest(row, way):
    """Share of the line that the slowest transfer had."""
    return min(row[way]) / row["line_bytes_per_s"]


def loss(row):
    """Share of its speed that the accelerator lost: the median of the runs beside, over that of
    those alone. None of a board without one."""
    if not row["alone"]:
        return None
    return statistics.median(row["beside"]) / statistics.median(row["alone"]) - 1


def in_words(row):
    """A row in a line, for the terminal."""
    if row["kind"] == "network":
        return (f"{row['name']} loss: {row['transfers']} transfers, {row['bytes']} bytes, "
                f"{row['wrong']} wrong, {row['resent']} copies of {row['requests']} requests")
    if row["kind"] == "stream":
        return f"{row['name']}: {_percent(share(row))} of its slowest stage, {slowest_stage(row)}"
    lost = loss(row)
    return ", ".join([
        row["name"],
        *(f"{way} {_percent(slowest(row, way))} of the line" for way in ("write", "read")),
        *([] if lost is None else [f"accelerator slower by {_up(100 * lost)} %"]),
    ])


def lines(rows):
    """How fast each line is."""
    rows = [row for row in rows if row["kind"] == "line"]
    if not rows:
        return NONE_YET
    titles = ("line", "system clock", "array, computing", "transfer", "write: MB/s, of the line",
              "read: MB/s, of the line", "the accelerator loses")
    return table(titles, [_line(row) for row in rows])


def _line(row):
    lost = loss(row)
    return (
        cases.LINES[row["name"]].text, f"{row['clock_hz'] / 1e6:g} MHz",
        row["array"] if row["alone"] else "none", f"{row['size'] >> 10} KiB",
        *(f"{floor(min(row[way]) / MB, 2)}, {_percent(slowest(row, way))}"
          for way in ("write", "read")),
        "-" if lost is None else f"{_up(100 * lost)} %",
    )


def slowest_stage(row):
    """Of a stream: "send", "compute" or "fetch"."""
    return max(("send", "compute", "fetch"), key=row.get)


def share(row):
    """Of a stream: how fast all of it is, of its slowest stage alone."""
    return row["pictures"] * row[slowest_stage(row)] / row["chain"]


def streams(rows):
    """How much of its slowest stage a stream reaches."""
    rows = [row for row in rows if row["kind"] == "stream"]
    if not rows:
        return NONE_YET
    titles = ("line", "array", "model", "pictures", "send", "compute", "fetch", "all of a picture",
              "of the slowest stage")
    return table(titles, [
        (
            row["line"], row["array"], row["model"],
            f"{row['pictures']} of {row['width']}x{row['height']}",
            *(_milliseconds(row[stage], row) for stage in ("send", "compute", "fetch")),
            _milliseconds(row["chain"] / row["pictures"], row), _percent(share(row)),
        )
        for row in rows
    ])


def _milliseconds(cycles, row):
    return f"{1e3 * cycles / row['clock_hz']:.2f} ms"


def networks(rows):
    """What came through bad networks."""
    rows = [row for row in rows if row["kind"] == "network"]
    if not rows:
        return NONE_YET
    titles = ("lost", "doubled", "late", "with a flipped bit", "transfers", "bytes", "wrong bytes",
              "requests", "sent again", "goodput, MB/s")
    return table(titles, [
        (
            *(f"{100 * row['faults'][name]:g} %" for name in ("loss", "double", "reorder", "flip")),
            f"{row['transfers']:,}", f"{row['bytes']:,}", str(row["wrong"]),
            f"{row['requests']:,}", f"{row['resent']:,}",
            floor(row["bytes"] / row["seconds"] / MB, 3),
        )
        for row in rows
    ])


def commands(rows):
    """What was run."""
    if not rows:
        return NONE_YET
    return table(("revision", "command"),
                 [(row["revision"], f"`{row['command']}`") for row in rows])


def _up(value):
    """Of a loss in words: rounded against ourselves."""
    return f"{math.ceil(100 * value) / 100:.2f}"


def _percent(share):
    return f"{floor(100 * share, 1)} %"


TABLES = {
    "link": lines, "link-streams": streams, "link-networks": networks, "link-commands": commands,
}
