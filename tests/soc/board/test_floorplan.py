"""The floorplan: every block on a site of its own, those that belong together side by side."""

import json
import random

import pytest

from litelic.accel.places import EPILOGUE, WEIGHTS
from litelic.soc.board.devices import DEVICES
from litelic.soc.board.floorplan import (
    BLOCK_RAM,
    CPU,
    DIES,
    LEFT,
    MULTIPLIER,
    REST,
    RIGHT,
    floorplan,
    place_of,
    with_floorplan,
)

DIE = DIES["LFE5U-85F"]
SITES = {site: place for place, site in (DIE.multipliers() | DIE.block_rams()).items()}


def design(lanes, multipliers, rams, weights=29, rest=20):
    """The blocks of a netlist, as synthesis names them."""
    cells = {
        f"lane{m}_product_{i // 4}_{i % 4}": MULTIPLIER
        for m in range(lanes) for i in range(multipliers)
    }
    for m in range(lanes):
        cells |= {f"lane{m}_block" + (f"_{i}" if i else ""): BLOCK_RAM for i in range(rams)}
        cells |= {f"lane{m}_memory.0.{i}": BLOCK_RAM for i in range(4)}
    cells |= {f"weights_block_{i}": BLOCK_RAM for i in range(weights)}
    cells |= {f"epilogue_memory_{i}.0.0": BLOCK_RAM for i in range(4)}
    cells |= {f"VexRiscv.execute_MUL_{i}": MULTIPLIER for i in range(4)}
    cells |= {f"VexRiscv.cache.{i}": BLOCK_RAM for i in range(10)}
    return cells | {f"storage_{i}.0.0": BLOCK_RAM for i in range(rest)}


def spread(plan, prefix):
    """Width and height of what some cells take of the die."""
    places = [SITES[site] for name, site in plan.items() if name.startswith(prefix)]
    return [max(values) - min(values) for values in zip(*places)]


@pytest.mark.parametrize("name", DIES)
def test_as_many_sites_as_the_data_sheet_has(name):
    die, device = DIES[name], DEVICES[name]
    assert len(die.multipliers()) == device.dsps and len(die.block_rams()) == device.block_rams
    sites = {*die.multipliers().values(), *die.block_rams().values()}
    assert len(sites) == device.dsps + device.block_rams


@pytest.mark.parametrize("name, place", [
    ("lane0_product_3_1", "lane0"), ("lane12_block_3", "lane12"), ("lane3_memory.0.1", "lane3"),
    ("weights_block", WEIGHTS), ("epilogue_memory_1.0.0", EPILOGUE),
    ("VexRiscv.RegFilePlugin_regFile.0.0", CPU), ("storage_13.0.0", REST), ("rom.0.1", REST),
    ("lanes_block", REST), ("plane0_block", REST),
])
def test_places(name, place):
    assert place_of(name) == place


@pytest.mark.parametrize("dram", (LEFT, RIGHT))
@pytest.mark.parametrize("lanes, multipliers, rams", ((4, 32, 12), (8, 16, 14), (2, 64, 20)))
def test_blocks_stand_together(lanes, multipliers, rams, dram):
    cells = design(lanes, multipliers, rams)
    plan = floorplan(cells, DIE, dram)
    assert set(plan) == {name for name in cells if place_of(name) != REST}
    assert len(set(plan.values())) == len(plan)
    assert all(("MULT" in site) == (cells[name] == MULTIPLIER) for name, site in plan.items())
    for m in range(lanes):
        width, _ = spread(plan, f"lane{m}_")
        assert width <= 126 / lanes + 18  # two columns of blocks more than its share
    cpu = [SITES[site][0] for name, site in plan.items() if name.startswith("VexRiscv")]
    assert max(cpu) < 63 if dram == LEFT else min(cpu) > 63


def test_products_of_a_channel_are_neighbours():
    plan = floorplan(design(4, 32, 12), DIE)
    for m in range(4):
        for n in range(8):
            assert spread(plan, f"lane{m}_product_{n}_") == [5, 0]


def test_what_has_no_site_is_left_to_the_placer(seed):
    """Of a design that is too large, no site is given twice."""
    chance = random.Random(seed)
    cells = design(8, 32, 40, weights=60)
    plan = floorplan(dict(chance.sample(list(cells.items()), len(cells))), DIE)
    kinds = [cells[name] for name in plan]
    assert kinds.count(MULTIPLIER) == 156 and kinds.count(BLOCK_RAM) == 208
    assert len(set(plan.values())) == len(plan)
    assert plan == floorplan(cells, DIE)  # in whatever order a netlist has them


def test_a_design_without_an_array():
    plan = floorplan(design(0, 0, 0, weights=0), DIE)
    assert {place_of(name) for name in plan} == {CPU}


def test_the_netlist_gets_attributes():
    cells = {
        name: {"type": kind, "attributes": {"src": "x.v"}, "connections": {}}
        for name, kind in design(1, 32, 12).items()
    }
    cells["lut"] = {"type": "LUT4", "attributes": {}}
    netlist = {"modules": {"top": {"cells": cells}, "other": {"cells": {}}}}
    found = json.loads(with_floorplan(json.dumps(netlist), "top", DIE, RIGHT))
    planned = {
        name: cell["attributes"].pop("BEL")
        for name, cell in found["modules"]["top"]["cells"].items() if "BEL" in cell["attributes"]
    }
    assert found == netlist
    assert planned == floorplan(design(1, 32, 12), DIE)
