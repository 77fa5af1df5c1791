"""The loader against the operands that numerics, section 1, asks for."""

import random

import pytest
from migen.sim.core import passive

from litelic.accel.config import BEAT_BYTES, GRANULE, ArrayConfig
from litelic.accel.descriptor import STORAGE_CODES
from litelic.accel.fetch import Descriptor
from litelic.accel.loader import Loader
from tests.accel.streams import pause, pulse, serve_reads, simulate, write_fields
from tests.host.golden.reference import operand

CONFIG = ArrayConfig(4, 4, pixels=4, epilogue=4, input_depth=256)
MEMORY_BYTES = 1 << 13
ADDRESS_WIDTH = 10


class Load:
    """A random feature map in a memory full of other things, and a random way to cut it up."""

    def __init__(self, chance, storage):
        self.storage = storage
        self.size = size = 2 if storage == "int16" else 1
        channels = chance.randint(1, 5)
        self.rows, self.row_bytes = chance.randint(1, 7), chance.randint(1, 9) * channels * size
        self.pitch = -(-self.row_bytes // BEAT_BYTES) * BEAT_BYTES
        self.base = BEAT_BYTES * chance.randint(0, 20)
        self.memory = chance.randbytes(MEMORY_BYTES)
        self.tiles, self.lanes = chance.choice([(1, 1), (1, 3), (3, 2)]), (1, 1)
        if chance.random() < 0.7:
            self.lanes = chance.choice([(1, 2), (2, 1), (2, 2), (1, 4)])
        # From far before the map to far behind it: whole tiles and lanes may see nothing of it.
        self.y, self.x = chance.randint(-6, 3), chance.randint(-14, 6) * channels * size
        self.strip_rows, self.strip_beats = chance.randint(1, 4), chance.randint(1, 3)
        self.lane_rows = chance.randint(1, 3)
        self.lane_bytes = BEAT_BYTES * chance.randint(1, 2) if self.lanes[1] > 1 else 0
        self.tile_rows = self.lane_rows * self.lanes[0]
        self.tile_bytes = self.lane_bytes * self.lanes[1] or channels * size * chance.randint(1, 9)

    def fields(self):
        return {
            "tiles": self.tiles[1] | self.tiles[0] << 16,
            "lanes": self.lanes[1] | self.lanes[0] << 16,
            "in_storage": STORAGE_CODES[self.storage],
            "in_address": self.base + self.y * self.pitch,
            "in_pitch": self.pitch, "in_rows": self.rows, "in_row_bytes": self.row_bytes,
            "in_y": self.y, "in_x": self.x,
            "in_tile_rows": self.tile_rows, "in_tile_pitch": self.tile_rows * self.pitch,
            "in_tile_bytes": self.tile_bytes,
            "in_lane_rows": self.lane_rows, "in_lane_pitch": self.lane_rows * self.pitch,
            "in_lane_bytes": self.lane_bytes,
            "strip_rows": self.strip_rows, "strip_beats": self.strip_beats,
        }

    def element(self, y, position):
        """The operand at a byte of a row of the feature map."""
        if not (0 <= y < self.rows and 0 <= position < self.row_bytes):
            return 0
        place = self.base + y * self.pitch + position
        stored = self.memory[place : place + self.size]
        signed = self.storage in ("int8", "int16")
        return operand(int.from_bytes(stored, "little", signed=signed), self.storage)

    def expected(self):
        """For every tile: its phase, and the operands of every lane."""
        for tile_line in range(self.tiles[0]):
            for tile_column in range(self.tiles[1]):
                lanes = []
                for lane_line in range(self.lanes[0]):
                    for lane_column in range(self.lanes[1]):
                        y = self.y + tile_line * self.tile_rows + lane_line * self.lane_rows
                        x = self.x + tile_column * self.tile_bytes + lane_column * self.lane_bytes
                        first = x // BEAT_BYTES * BEAT_BYTES
                        lanes.append([
                            self.element(y + row, first + position)
                            for row in range(self.strip_rows)
                            for position in range(0, self.strip_beats * BEAT_BYTES, self.size)
                        ])
                yield x % BEAT_BYTES // self.size, lanes

    def own_beats(self):
        """The beats of the memory that hold the feature map."""
        return {
            (self.base + row * self.pitch) // BEAT_BYTES + beat
            for row in range(self.rows) for beat in range(self.pitch // BEAT_BYTES)
        }


@pytest.mark.parametrize("storage", STORAGE_CODES)
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_loads_tiles(storage, seed):
    chance = random.Random(seed)
    descriptor = Descriptor()
    dut = Loader(CONFIG, descriptor, ADDRESS_WIDTH)
    content = bytearray(MEMORY_BYTES)
    asked = []
    written = [[None] * (2 * CONFIG.input_depth) for _ in range(CONFIG.pixels)]

    @passive
    def memories():
        while True:
            lanes = yield dut.write.lanes
            assert lanes & (lanes - 1) == 0
            if lanes:
                place, values = (yield dut.write.address), (yield dut.write.operands)
                for i in range(GRANULE):
                    value = values >> 9 * i & 0x1FF
                    value -= (value & 0x100) * 2
                    written[lanes.bit_length() - 1][GRANULE * place + i] = value
            yield

    def compare(half, lanes):
        first = half * CONFIG.input_depth
        for lane, expected in enumerate(lanes):
            assert written[lane][first : first + len(expected)] == expected, f"lane {lane}"

    def bench():
        half = 0
        for _ in range(2):  # descriptors
            load = Load(chance, storage)
            content[:] = load.memory
            asked.clear()
            yield from write_fields(descriptor, load.fields())
            yield
            yield from pulse(dut.start)
            for phase, lanes in load.expected():
                yield from pause(chance, 0.1 if chance.random() < 0.3 else 0.9)
                yield dut.tile.ready.eq(1)
                yield
                while not (yield dut.tile.valid):
                    assert not (yield dut.done)
                    yield
                assert (yield dut.tile.half) == half and (yield dut.tile.phase) == phase
                yield dut.tile.ready.eq(0)
                compare(half, lanes)
                for _ in range(chance.choice([0, 5, 50])):  # the array computes
                    yield
                    assert not (yield dut.done)
                compare(half, lanes)  # what is in work is not overwritten
                yield from pulse(dut.release)
                half ^= 1
            for _ in range(4):
                yield
            assert (yield dut.done) and not (yield dut.tile.valid)
            assert set(asked) <= load.own_beats()

    reader = serve_reads(dut.address, dut.data, content, chance, chance.choice([0.3, 1]), 10, asked)
    simulate(dut, memories(), reader, bench())


def test_a_tile_outside_the_map_reads_nothing(seed):
    chance = random.Random(seed)
    load = Load(chance, "int8")
    load.y, load.tiles, load.lanes = -load.strip_rows, (1, 1), (1, 1)
    descriptor = Descriptor()
    dut = Loader(CONFIG, descriptor, ADDRESS_WIDTH)

    def bench():
        yield from write_fields(descriptor, load.fields())
        yield
        yield from pulse(dut.start)
        while not (yield dut.tile.valid):
            assert not (yield dut.address.valid)
            yield

    simulate(dut, bench(), limit=500)
