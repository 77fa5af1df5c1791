"""Transfers of strips against nested loops."""

import random

import pytest
from litex.gen import LiteXModule

from litelic.accel.config import PORT_BYTES, ArrayConfig
from litelic.accel.fetch import Descriptor
from litelic.accel.strip_beats import StripBeats
from litelic.accel.walk import Axis, TileWalker
from tests.accel.streams import pulse, receive, simulate, write_fields
from tests.accel.test_loader import Load

ADDRESS_WIDTH = 28
FIELDS = ("zero", "lane", "begin", "end", "start")
READ_FIELDS = ("address", "count")  # of transfers inside the feature map


class Walk(LiteXModule):
    """A walk that no tile holds up."""

    def __init__(self, config, descriptor):
        d = descriptor
        self.walker = walker = TileWalker(d.tiles, d.lanes, Axis(d, "in", d.strip_rows))
        self.beats = StripBeats(config, d, walker, ADDRESS_WIDTH)
        self.comb += walker.proceed.eq(walker.at_tile)


def expected_beats(load):
    """All transfers of all tiles, as `FIELDS` and, if they are read, `READ_FIELDS`."""
    port = load.port
    for tile_line in range(load.tiles[0]):
        for tile_column in range(load.tiles[1]):
            tile = [
                (lane_line, lane_column, row, beat)
                for lane_line in range(load.lanes[0]) for lane_column in range(load.lanes[1])
                for row in range(load.strip_rows) for beat in range(load.strip_beats)
            ]
            for n, (lane_line, lane_column, row, beat) in enumerate(tile):
                y = load.y + tile_line * load.tile_rows + lane_line * load.lane_rows + row
                x = load.x + tile_column * load.tile_bytes + lane_column * load.lane_bytes
                first = (x // port + beat) * port
                count = min(port, load.row_bytes - first)
                zero = not (0 <= y < load.rows and first >= 0 and count > 0)
                marks = (
                    int(zero), lane_line * load.lanes[1] + lane_column,
                    int(row == 0 and beat == 0), int(n == len(tile) - 1), x % port,
                )
                address = (load.base + y * load.pitch + first) // port
                yield marks if zero else (*marks, address, count)


def seen_beats(items):
    for item in items:
        yield item[: len(FIELDS)] if item[0] else item


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_beats_of_strips(port_bytes, seed):
    chance = random.Random(seed)
    config = ArrayConfig(4, 4, 4, 4, input_depth=16 * port_bytes, port_bytes=port_bytes)
    descriptor = Descriptor()
    dut = Walk(config, descriptor)
    source = dut.beats.source

    def bench():
        for _ in range(6):  # walks, one after the other
            load = Load(chance, config, "int8")
            expected, seen = list(expected_beats(load)), []
            yield from write_fields(descriptor, load.fields())
            yield
            yield from pulse(dut.walker.start)
            density = chance.choice([0.4, 1])
            yield from receive(
                source, FIELDS + READ_FIELDS, len(expected), seen, chance, density,
            )
            assert list(seen_beats(seen)) == expected
            for _ in range(4):
                yield
                assert (yield dut.walker.done) and not (yield source.valid)

    simulate(dut, bench())


@pytest.mark.parametrize("strip_beats", (1, 2, 5))
def test_a_beat_a_cycle(strip_beats, seed):
    """In a tile; and between two, if rows have beats enough to hide the steps of the walk."""
    chance = random.Random(seed)
    config = ArrayConfig(4, 4, 4, 4)
    load = Load(chance, config, "int8")
    load.tiles, load.lanes, load.strip_rows, load.strip_beats = (1, 3), (2, 2), 3, strip_beats
    load.lane_bytes = config.bank
    descriptor = Descriptor()
    dut = Walk(config, descriptor)
    source = dut.beats.source
    beats_a_tile = 4 * 3 * strip_beats

    def bench():
        yield from write_fields(descriptor, load.fields())
        yield source.ready.eq(1)
        yield
        yield from pulse(dut.walker.start)
        while not (yield source.valid):
            yield
        for tile in range(3):
            for beat in range(beats_a_tile):
                assert (yield source.valid)
                assert (yield source.end) == (beat == beats_a_tile - 1)
                yield
            between = 0
            while not (yield source.valid) and tile < 2:
                between += 1
                yield
            assert between <= max(0, 3 - strip_beats)

    simulate(dut, bench())
