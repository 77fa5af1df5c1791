"""Output memory and store against plain bytearrays."""

import random

import pytest
from migen.sim.core import passive

from litelic.accel.config import BEAT_BYTES, ArrayConfig
from litelic.accel.fetch import Descriptor
from litelic.accel.store import OutputMemory, Store
from tests.accel.streams import pause, pulse, simulate, write_fields

# Output memory ------------------------------------------------------------------------------------


def test_output_memory(seed):
    chance = random.Random(seed)
    config = ArrayConfig(4, 4, 1, 1, output_depth=64)
    dut = OutputMemory(config)
    content = bytearray(2 * config.output_depth)

    def bench():
        for _ in range(500):
            wide, value = chance.random() < 0.5, chance.randrange(1 << 16)
            enable = chance.random() < 0.8
            address = chance.randrange(len(content))
            address -= address % 2 if wide else 0
            yield dut.wide.eq(wide)
            yield dut.write_enable.eq(enable)
            yield dut.write_address.eq(address)
            yield dut.write_value.eq(value)
            yield
            if enable:
                stored = value.to_bytes(2, "little")[: 2 if wide else 1]
                content[address : address + len(stored)] = stored
        yield dut.write_enable.eq(0)
        yield
        for beat in range(len(content) // BEAT_BYTES):
            yield dut.read_address.eq(beat)
            yield
            yield
            want = content[BEAT_BYTES * beat : BEAT_BYTES * (beat + 1)]
            assert (yield dut.read_data) == int.from_bytes(want, "little")

    simulate(dut, bench())


# Store --------------------------------------------------------------------------------------------

CONFIG = ArrayConfig(4, 4, pixels=4, epilogue=4, output_depth=256)
MEMORY_BYTES = 1 << 13


class Layout:
    """A random feature map and a random way to cut it into tiles and lanes."""

    def __init__(self, chance):
        self.rows, self.row_bytes = chance.randint(1, 9), chance.randint(1, 100)
        self.pitch = (-(-self.row_bytes // BEAT_BYTES) + chance.randint(0, 1)) * BEAT_BYTES
        self.base = BEAT_BYTES * chance.randint(0, 20)
        self.lanes = chance.choice([(1, 1), (1, 2), (2, 1), (2, 2), (1, 4), (4, 1)])
        # Lanes side by side start at the same byte of a beat, tiles side by side anywhere.
        step = BEAT_BYTES if self.lanes[1] > 1 else 1
        self.block_bytes = step * chance.randint(1, 48 // step)
        self.block_rows = chance.randint(1, 3)
        height, width = self.block_rows * self.lanes[0], self.block_bytes * self.lanes[1]
        self.tiles = (-(-self.rows // height), -(-self.row_bytes // width))
        self.lane_pitch = -(-(self.block_bytes + 15) // BEAT_BYTES) * BEAT_BYTES  # of a row
        self.tile_step = (height, width)

    def fields(self):
        return {
            "tiles": self.tiles[1] | self.tiles[0] << 16,
            "lanes": self.lanes[1] | self.lanes[0] << 16,
            "out_address": self.base, "out_pitch": self.pitch, "out_rows": self.rows,
            "out_row_bytes": self.row_bytes, "out_y": 0, "out_x": 0,
            "out_tile_rows": self.tile_step[0],
            "out_tile_pitch": self.tile_step[0] * self.pitch, "out_tile_bytes": self.tile_step[1],
            "out_lane_rows": self.block_rows, "out_lane_pitch": self.block_rows * self.pitch,
            "out_lane_bytes": self.block_bytes,
            "block_rows": self.block_rows, "block_bytes": self.block_bytes,
            "output_pitch": self.lane_pitch,
        }

    def blocks(self):
        """(tile, lane, y, x) of every block of the feature map."""
        for tile in range(self.tiles[0] * self.tiles[1]):
            tile_line, tile_column = divmod(tile, self.tiles[1])
            for lane in range(self.lanes[0] * self.lanes[1]):
                lane_line, lane_column = divmod(lane, self.lanes[1])
                yield (
                    tile, lane, tile_line * self.tile_step[0] + lane_line * self.block_rows,
                    tile_column * self.tile_step[1] + lane_column * self.block_bytes,
                )


@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_stores_tiles(seed):
    chance = random.Random(seed)
    descriptor = Descriptor()
    dut = Store(CONFIG, descriptor, 10)
    density = chance.choice([0.2, 0.7, 1])
    memory = bytearray(chance.randbytes(MEMORY_BYTES))
    lanes = [bytearray(2 * CONFIG.output_depth) for _ in range(CONFIG.pixels)]
    filling = 0

    @passive
    def output_memories():
        while True:
            yield
            first = BEAT_BYTES * (yield dut.read_address)
            for signal, lane in zip(dut.read_data, lanes, strict=True):
                yield signal.eq(int.from_bytes(lane[first : first + BEAT_BYTES], "little"))

    @passive
    def writer():
        while True:
            ready = chance.random() < density
            yield dut.write.ready.eq(ready)
            yield
            if ready and (yield dut.write.valid):
                first = BEAT_BYTES * (yield dut.write.address)
                data, enable = (yield dut.write.data), (yield dut.write.we)
                for i in range(BEAT_BYTES):
                    if enable >> i & 1:
                        memory[first + i] = data >> 8 * i & 0xFF

    def fill(layout, image, tile):
        """The array's results of a tile, everything else in this half is overwritten too."""
        first = CONFIG.output_depth * filling
        for content in lanes:
            content[first : first + CONFIG.output_depth] = chance.randbytes(CONFIG.output_depth)
        for t, lane, y, x in layout.blocks():
            if t != tile:
                continue
            for row in range(y, min(y + layout.block_rows, layout.rows)):
                place = first + (row - y) * layout.lane_pitch + x % BEAT_BYTES
                values = image[row][x : x + layout.block_bytes]
                lanes[lane][place : place + len(values)] = values

    def bench():
        nonlocal filling
        for _ in range(2):  # descriptors
            layout = Layout(chance)
            image = [chance.randbytes(layout.row_bytes) for _ in range(layout.rows)]
            expected = bytearray(memory)
            for y, row in enumerate(image):
                first = layout.base + y * layout.pitch
                expected[first : first + len(row)] = row
            yield from write_fields(descriptor, layout.fields())
            yield
            assert (yield dut.done)
            yield from pulse(dut.start)
            for tile in range(layout.tiles[0] * layout.tiles[1]):
                while not (yield dut.free):
                    yield
                yield from pulse(dut.taken)
                assert (yield dut.filling) == filling
                yield from pause(chance, 0.2)
                fill(layout, image, tile)
                yield from pulse(dut.tile_end)
                filling ^= 1
                yield
                yield
                assert tile < layout.tiles[0] * layout.tiles[1] - 1 or not (yield dut.done)
            while not (yield dut.done):
                yield
            assert memory == expected

    simulate(dut, output_memories(), writer(), bench())


def test_only_two_halves_are_free(seed):
    """A third tile must wait until one is stored."""
    chance = random.Random(seed)
    descriptor = Descriptor()
    dut = Store(CONFIG, descriptor, 10)
    layout = Layout(chance)
    layout.tiles = (3, 1)

    def bench():
        yield from write_fields(descriptor, layout.fields())
        yield from pulse(dut.start)
        for _ in range(2):
            assert (yield dut.free)
            yield from pulse(dut.taken)
            yield
        yield
        assert not (yield dut.free)
        yield dut.write.ready.eq(1)
        yield from pulse(dut.tile_end)
        while not (yield dut.free):
            yield

    simulate(dut, bench(), limit=500)


def test_a_writer_that_stands_still_loses_nothing(seed):
    """More beats than the store has room for, all asked for at once."""
    chance = random.Random(seed)
    descriptor = Descriptor()
    dut = Store(CONFIG, descriptor, 10)
    layout = Layout(chance)
    layout.base, layout.rows, layout.row_bytes = 0, 12, 48
    layout.pitch = layout.lane_pitch = layout.block_bytes = 48
    layout.tiles, layout.lanes, layout.block_rows, layout.tile_step = (1, 1), (4, 1), 3, (12, 48)
    beats = layout.rows * layout.row_bytes // BEAT_BYTES

    def bench():
        yield from write_fields(descriptor, layout.fields())
        yield from pulse(dut.start)
        yield from pulse(dut.taken)
        yield from pulse(dut.tile_end)
        for _ in range(2 * beats):
            yield
        yield dut.write.ready.eq(1)
        yield
        for beat in range(beats):
            while not (yield dut.write.valid):
                yield
            assert (yield dut.write.address) == beat
            yield

    simulate(dut, bench(), limit=500)
