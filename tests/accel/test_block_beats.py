"""Beats of blocks against nested loops."""

import random

import pytest
from litex.gen import LiteXModule
from migen import Signal

from litelic.accel.block_beats import BlockBeats
from litelic.accel.config import BEAT_BYTES
from litelic.accel.fetch import Descriptor
from litelic.accel.walk import Axis, TileWalker
from tests.accel.streams import pulse, read_fields, simulate, write_fields
from tests.accel.test_store import CONFIG, Layout

FIELDS = ("lane", "address", "offset", "low", "high")


class Walk(LiteXModule):
    """A walk that no tile holds up."""

    def __init__(self, descriptor):
        d = descriptor
        self.walker = walker = TileWalker(d.tiles, d.lanes, Axis(d, "out", d.block_rows))
        self.beats = BlockBeats(CONFIG, d, walker, 28)
        self.done = Signal()
        self.comb += [
            walker.proceed.eq(walker.at_tile),
            self.done.eq(walker.done & self.beats.idle),
        ]


def expected_rows(layout):
    """For every tile: for every row its beats, as `FIELDS`; none outside the feature map."""
    rows = [[] for _ in range(layout.tiles[0] * layout.tiles[1])]
    for tile, lane, first_y, x in layout.blocks():
        for row in range(layout.block_rows):
            y, end = first_y + row, min(x + layout.block_bytes, layout.row_bytes)
            start, beats = x // BEAT_BYTES, []
            for place in range(start, -(-end // BEAT_BYTES) if y < layout.rows else 0):
                beats.append((
                    lane, (layout.base + y * layout.pitch) // BEAT_BYTES + place,
                    row * layout.lane_pitch // BEAT_BYTES + place - start,
                    x % BEAT_BYTES if place == start else 0,
                    min(BEAT_BYTES, end - place * BEAT_BYTES),
                ))
            rows[tile].append(beats)
    return rows


@pytest.mark.parametrize("density", (0.5, 1))
@pytest.mark.parametrize("seed", range(8), indirect=True)
def test_beats_of_blocks(density, seed):
    """In order; with room in every cycle, each row takes its beats, one outside takes one cycle."""
    chance = random.Random(seed)
    descriptor = Descriptor()
    dut = Walk(descriptor)
    beats = dut.beats

    def bench():
        for _ in range(4):  # walks, one after the other
            layout = Layout(chance)
            tiles = expected_rows(layout)
            yield from write_fields(descriptor, layout.fields())
            yield
            assert (yield dut.done)
            yield from pulse(dut.walker.start)
            for rows in tiles:
                seen, cycles, ended = [], 0, False
                while not ended:
                    room = chance.random() < density
                    yield beats.room.eq(room)
                    yield
                    assert not (yield dut.done)
                    valid = yield beats.valid
                    cycles += valid or cycles > 0
                    if not (room and valid):
                        continue
                    if (yield beats.inside):
                        seen.append((yield from read_fields(beats, FIELDS)))
                    ended = yield beats.tile_end
                assert seen == [beat for row in rows for beat in row]
                assert density < 1 or cycles == sum(max(1, len(row)) for row in rows)
            yield beats.room.eq(0)
            yield
            yield
            assert (yield dut.done)

    simulate(dut, bench())
