"""The tile walker against nested loops."""

import random
from types import SimpleNamespace

import pytest
from migen import Signal

from litelic.accel.walk import Axis, TileWalker
from tests.accel.streams import pulse, read_fields, simulate, write_fields

STEPS = (
    "y", "x", "address", "pitch", "tile_rows", "tile_pitch", "tile_bytes", "lane_rows",
    "lane_pitch", "lane_bytes",
)
ROW = ("y", "x", "row_address", "lane", "first_row", "last_row")


def random_walk(chance):
    walk = {name: chance.randint(0, 300) for name in STEPS}
    walk["y"] = chance.randint(-40, 40)
    walk["x"] = chance.randint(-400, 400)
    walk["address"] = chance.randint(-400, 1 << 20)
    walk["rows"] = chance.randint(1, 4)
    walk["tiles"] = (chance.randint(1, 3), chance.randint(1, 3))  # rows, columns
    walk["lanes"] = (chance.randint(1, 3), chance.randint(1, 3))
    return walk


def expected_tiles(w):
    """For every tile the list of what its rows must look like."""
    for tile_line in range(w["tiles"][0]):
        for tile_column in range(w["tiles"][1]):
            rows = []
            for lane_line in range(w["lanes"][0]):
                for lane_column in range(w["lanes"][1]):
                    lane = lane_line * w["lanes"][1] + lane_column
                    address = w["address"] + tile_line * w["tile_pitch"]
                    address += lane_line * w["lane_pitch"]
                    for row in range(w["rows"]):
                        rows.append([
                            w["y"] + tile_line * w["tile_rows"] + lane_line * w["lane_rows"] + row,
                            w["x"] + tile_column * w["tile_bytes"] + lane_column * w["lane_bytes"],
                            (address + row * w["pitch"]) % 2**32, lane, int(row == 0),
                            0,
                        ])
            rows[-1][-1] = 1
            yield [tuple(row) for row in rows]


@pytest.mark.parametrize("seed", range(6), indirect=True)
def test_visits_every_row_in_order(seed):
    chance = random.Random(seed)
    fields = SimpleNamespace(**{f"in_{name}": Signal(32) for name in STEPS})
    tiles, lanes, rows = Signal(32), Signal(32), Signal(32)
    dut = TileWalker(tiles, lanes, Axis(fields, "in", rows))

    def bench():
        for _ in range(3):  # walks, one after the other
            walk = random_walk(chance)
            yield from write_fields(fields, {f"in_{name}": walk[name] for name in STEPS})
            yield rows.eq(walk["rows"])
            yield tiles.eq(walk["tiles"][1] | walk["tiles"][0] << 16)
            yield lanes.eq(walk["lanes"][1] | walk["lanes"][0] << 16)
            for _ in range(chance.randrange(1, 4)):
                yield
            yield from pulse(dut.start)
            yield
            visited = []  # a list a tile
            while not (yield dut.done):
                proceed, advance = chance.random() < 0.5, chance.random() < 0.6
                yield dut.proceed.eq(proceed)
                yield dut.advance.eq(advance)
                yield
                assert (yield dut.at_tile) + (yield dut.valid) <= 1
                if proceed and (yield dut.at_tile):
                    visited.append([])
                if advance and (yield dut.valid):
                    visited[-1].append((yield from read_fields(dut, ROW)))
            yield dut.proceed.eq(0)
            yield dut.advance.eq(0)
            assert visited == list(expected_tiles(walk))

    simulate(dut, bench())
