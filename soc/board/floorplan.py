"""Where an ECP5's multipliers and block RAMs stand, as attributes of a netlist that nextpnr reads.

A placer that moves everything at once finds good places for LUTs, and hardly any for what fits into
a few rows of the die only: it scatters a lane's multipliers over all of it, and a CPU's into the
four corners. The array has an order of its own, which is all that is needed: lanes stand side by
side as stripes across all rows, weights between them, and the CPU beside the DRAM's pins.
"""

import json
import re
from dataclasses import dataclass

from scipy.optimize import linear_sum_assignment

from litelic.accel.places import EPILOGUE, LANE, WEIGHTS

MULTIPLIER, BLOCK_RAM = "MULT18X18D", "DP16KD"
CPU, REST = "cpu", "rest"
CPU_CELLS = ("VexRiscv",)
LEFT, RIGHT = "left", "right"

# Die ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Die:
    """Rows and columns of an FPGA in which there are multipliers and block RAMs (Project Trellis).

    columns : x of the first tile of each group of four multipliers, or of four block RAMs.
    multiplier_rows, ram_rows : y.
    """

    columns: tuple
    multiplier_rows: tuple
    ram_rows: tuple

    def multipliers(self):
        """{(x, y): name} of all sites, group by group, up one column and down the next."""
        return {
            (x + dx, y): f"X{x + dx}/Y{y}/MULT18_{dx}"
            for i, x in enumerate(self.columns)
            for y in self.multiplier_rows[:: -1 if i % 2 else 1]
            for dx in (0, 1, 4, 5)
        }

    def block_rams(self):
        """{(x, y): name} of all sites."""
        return {
            (x + 2 * i, y): f"X{x + 2 * i}/Y{y}/EBR{i}"
            for x in self.columns for y in self.ram_rows for i in range(4)
        }


DIES = dict.fromkeys(("LFE5U-85F", "LFE5UM-85F", "LFE5UM5G-85F"), Die(
    columns=(4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114),
    multiplier_rows=(10, 34, 58), ram_rows=(22, 46, 70, 82),
))

# Netlist to sites ---------------------------------------------------------------------------------


def place_of(name):
    """The place that a cell's name tells: a lane, the weights, the epilogue, the CPU, the rest."""
    place = name.split("_")[0]
    lane = re.fullmatch(LANE.format(r"(\d+)"), place)
    if lane or place in (WEIGHTS, EPILOGUE):
        return place
    return CPU if name.startswith(CPU_CELLS) else REST


def floorplan(cells, die, dram=RIGHT):
    """{cell: site} of a netlist's multipliers and block RAMs.

    cells : {name: MULTIPLIER or BLOCK_RAM}.
    dram  : the side on which the DRAM's pins are.

    What there are no sites for, and what has no place in the plan, is left to the placer.
    """
    groups = {}
    for name in sorted(cells, key=_natural):
        groups.setdefault((place_of(name), cells[name]), []).append(name)
    multipliers = die.multipliers()
    if dram == LEFT:
        multipliers = dict(reversed(multipliers.items()))
    found, centres = {}, {}

    # Lanes: multipliers as they come in their columns, memories in the rows between them.
    lanes = sorted({p for p, _ in groups} - {WEIGHTS, EPILOGUE, CPU, REST}, key=_natural)
    middle, lowest = _centre(multipliers)[1], max(die.multiplier_rows)
    array = []
    for lane in lanes:
        names = groups.get((lane, MULTIPLIER), [])
        taken = list(multipliers)[: len(names)]
        found.update((name, multipliers.pop(site)) for name, site in zip(names, taken))
        array += taken
        if taken:
            centres[lane] = _centre(taken)[0], middle
    # What all lanes share: below the middle of the array.
    if array:
        centres[WEIGHTS] = _centre(array)[0], lowest
        centres[EPILOGUE] = _centre(array)[0], max(die.ram_rows)
    centres[CPU] = die.columns[0 if dram == LEFT else -1], lowest
    found |= _nearest(dict.fromkeys(groups.get((CPU, MULTIPLIER), []), centres[CPU]), multipliers)
    return found | _nearest({
        name: centre
        for place, centre in centres.items() for name in groups.get((place, BLOCK_RAM), [])
    }, die.block_rams())


def _nearest(wanted, sites):
    """{cell: site}, with the least sum of squared distances to where the cells are `wanted`."""
    cells, places = list(wanted), list(sites)
    distances = [
        [(x - wanted[cell][0]) ** 2 + (y - wanted[cell][1]) ** 2 for x, y in places]
        for cell in cells
    ]
    if not cells or not places:
        return {}
    return {cells[i]: sites[places[j]] for i, j in zip(*linear_sum_assignment(distances))}


def _natural(name):
    """A key that sorts numbers in names by their values."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _centre(sites):
    return tuple(sum(place) / len(sites) for place in zip(*sites))


# Netlist ------------------------------------------------------------------------------------------


def with_floorplan(text, top, die, dram):
    """A netlist that Yosys wrote as JSON, with the sites of its blocks in it."""
    netlist = json.loads(text)
    cells = netlist["modules"][top]["cells"]
    kinds = {name: cell["type"] for name, cell in cells.items()}
    blocks = {name: kind for name, kind in kinds.items() if kind in (MULTIPLIER, BLOCK_RAM)}
    for name, site in floorplan(blocks, die, dram).items():
        cells[name]["attributes"]["BEL"] = site
    return json.dumps(netlist)
