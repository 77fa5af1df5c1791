"""What the tools print, as numbers."""

import json
from collections import Counter

from litelic.host.area.families import RESOURCES
from litelic.host.area.sources import CLOCKS
from litelic.host.errors import LitelicError


def cells(text):
    """{cell type: count} from the JSON of Yosys' `stat` on a flat design."""
    try:
        statistics = json.loads(text)["design"]["num_cells_by_type"]
    except (ValueError, KeyError, TypeError) as e:
        raise LitelicError(
            f"Yosys' statistics cannot be read ({e!r}); install the version of constraints.txt"
        ) from e
    return dict(sorted(statistics.items()))


def resources(counts, family):
    """{resource: amount} of {cell type: count}; a cell that is not known is an error."""
    unknown = sorted(set(counts) - set(family.costs))
    if unknown:
        raise LitelicError(
            f"{family.title}: what do {', '.join(unknown)} take? Add them to host/area/families.py"
        )
    total = Counter()
    for cell, count in counts.items():
        for resource, amount in family.costs[cell].items():
            total[resource] += amount * count
    return {resource: total[resource] for resource in RESOURCES}


def clocks(text):
    """{clock: MHz reached} from nextpnr's JSON report; its nets are named after the pins."""
    try:
        found = json.loads(text)["fmax"]
        reached = {
            clock: round(values["achieved"], 2)
            for clock in CLOCKS for net, values in found.items() if clock in net
        }
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise LitelicError(
            f"nextpnr's report cannot be read ({e!r}); install the version of constraints.txt"
        ) from e
    missing = [clock for clock in CLOCKS if clock not in reached]
    if missing:
        raise LitelicError(f"nextpnr's report says nothing of {', '.join(missing)}; "
                           "install the version of constraints.txt")
    return reached
