"""The loader against the operands that numerics, section 1, asks for."""

import random

import pytest
from migen.sim.core import passive

from litelic.accel.config import PORT_BYTES, ArrayConfig
from litelic.accel.descriptor import STORAGE_CODES
from litelic.accel.fetch import Descriptor
from litelic.accel.loader import Loader
from litelic.host.program.layer import STORAGE_BYTES
from tests.accel.streams import pause, pulse, serve_reads, simulate, write_fields
from tests.host.golden.reference import operand

MEMORY_BYTES = 1 << 13
ADDRESS_WIDTH = 10
# All that the loader can be: it knows the reduction by the size of bank words only, which is the
# port's for 32 and 64 bytes.
ARRAYS = [
    pytest.param(
        ArrayConfig(reduction, 4, 4, 4, input_depth=16 * port, port_bytes=port),
        id=f"{reduction}-{port}",
    )
    for reduction, port in ((4, 16), (4, 32), (4, 64), (8, 16))
]
PORTS = ARRAYS[: len(PORT_BYTES)]
WIDE_ARRAYS = [
    pytest.param(
        ArrayConfig(4, 4, 4, 4, input_depth=16 * port, port_bytes=port, activation_bits=16),
        id=f"4-{port}",
    )
    for port in (16, 64)
]


class Load:
    """A random feature map in a memory full of other things, and a random way to cut it up."""

    def __init__(self, chance, config, storage):
        self.storage = storage
        self.port = port = config.port_bytes
        self.size = size = STORAGE_BYTES[storage]
        self.bank = config.bank
        channels = chance.randint(1, 5)
        pixel, most = channels * size, 9 * port // 16
        self.rows, self.row_bytes = chance.randint(1, 7), chance.randint(1, most) * pixel
        self.pitch = -(-self.row_bytes // port) * port
        self.base = port * chance.randint(0, 20)
        self.memory = chance.randbytes(MEMORY_BYTES)
        self.tiles, self.lanes = chance.choice([(1, 1), (1, 3), (3, 2)]), (1, 1)
        if chance.random() < 0.7:
            self.lanes = chance.choice([(1, 2), (2, 1), (2, 2), (1, 4)])
        # From far before the map to far behind it: whole tiles and lanes may see nothing of it.
        self.y, self.x = chance.randint(-6, 3), chance.randint(-most - 5, 6) * pixel
        self.strip_rows, self.strip_beats = chance.randint(1, 4), chance.randint(1, 3)
        self.lane_rows = chance.randint(1, 3)
        # Lanes side by side start at the same place of a bank word, anywhere in a transfer; tiles
        # side by side start anywhere.
        self.lane_bytes = 0
        if self.lanes[1] > 1:
            self.lane_bytes = self.bank * size * chance.randint(1, 2 * port // (self.bank * size))
        self.tile_rows = self.lane_rows * self.lanes[0]
        self.tile_bytes = self.lane_bytes * self.lanes[1] or pixel * chance.randint(1, 9)

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
        signed = self.storage not in ("uint8", "centred")
        return operand(int.from_bytes(stored, "little", signed=signed), self.storage)

    def strip(self, y, x):
        """The operands of a lane, from the bank word that holds the strip's first operand on."""
        operands = [
            self.element(y + row, x // self.port * self.port + position)
            for row in range(self.strip_rows)
            for position in range(0, self.strip_beats * self.port, self.size)
        ]
        return operands[x % self.port // self.size // self.bank * self.bank :]

    def expected(self):
        """For every tile: its phase, and the operands of every lane."""
        for tile_line in range(self.tiles[0]):
            for tile_column in range(self.tiles[1]):
                lanes = []
                for lane_line in range(self.lanes[0]):
                    for lane_column in range(self.lanes[1]):
                        y = self.y + tile_line * self.tile_rows + lane_line * self.lane_rows
                        x = self.x + tile_column * self.tile_bytes + lane_column * self.lane_bytes
                        lanes.append(self.strip(y, x))
                        phase = x // self.size % self.bank
                yield phase, lanes

    def own_words(self):
        """The words of the memory that hold the feature map."""
        return {
            (self.base + row * self.pitch) // self.port + word
            for row in range(self.rows) for word in range(self.pitch // self.port)
        }


class WrittenOperands:
    """The operand memories behind the loader, as lists; what was never written is None."""

    def __init__(self, dut, config):
        self.dut, self.config = dut, config
        self.lanes = [[None] * (2 * config.input_depth) for _ in range(config.pixels)]

    @passive
    def watch(self):
        write, bank = self.dut.write, self.config.bank
        while True:
            lanes, enable = (yield write.lanes), (yield write.enable)
            assert lanes & (lanes - 1) == 0
            for odd in range(2) if lanes else ():
                if enable >> odd & 1:
                    row, values = (yield write.rows[odd]), (yield write.data[odd])
                    bits = self.config.operand_bits
                    for i in range(bank):
                        value = values >> bits * i & (1 << bits) - 1
                        value -= (value >> bits - 1) << bits
                        self.lanes[lanes.bit_length() - 1][(2 * row + odd) * bank + i] = value
            yield


@pytest.mark.parametrize("config", ARRAYS)
@pytest.mark.parametrize(
    "storages", [("int8", "int16"), ("uint8", "centred"), ("magnitude", "int8")], ids="-".join,
)
@pytest.mark.parametrize("seed", [
    0, *[pytest.param(n, marks=pytest.mark.long) for n in range(1, 10)],
], indirect=True)
def test_loads_tiles(config, storages, seed):
    check_tiles(config, storages, seed)


@pytest.mark.parametrize("config", WIDE_ARRAYS)
@pytest.mark.parametrize("storages", [("int8", "wide", "uint8"), ("int16", "centred", "wide"),
                                      ("wide_magnitude", "magnitude")],
                         ids="-".join)
def test_loads_tiles_of_16_bit_operands(config, storages, seed):
    check_tiles(config, storages, seed)


def check_tiles(config, storages, seed):
    chance = random.Random(seed)
    descriptor = Descriptor()
    dut = Loader(config, descriptor, ADDRESS_WIDTH)
    content = bytearray(MEMORY_BYTES)
    asked = []
    written = WrittenOperands(dut, config)
    expected = [list(lane) for lane in written.lanes]

    def compare(half):
        """The strips are there, and nothing else was touched."""
        part = slice(half * config.input_depth, (half + 1) * config.input_depth)
        for m in range(config.pixels):
            assert written.lanes[m][part] == expected[m][part], f"lane {m}"

    def bench():
        half = 0
        for storage in storages:  # one descriptor each
            load = Load(chance, config, storage)
            content[:] = load.memory
            asked.clear()
            yield from write_fields(descriptor, load.fields())
            yield
            yield from pulse(dut.start)
            for phase, lanes in load.expected():
                for m, strip in enumerate(lanes):
                    first = half * config.input_depth
                    expected[m][first : first + len(strip)] = strip
                yield from pause(chance, 0.1 if chance.random() < 0.3 else 0.9)
                yield dut.tile.ready.eq(1)
                yield
                while not (yield dut.tile.valid):
                    assert not (yield dut.done)
                    yield
                assert (yield dut.tile.half) == half and (yield dut.tile.phase) == phase
                yield dut.tile.ready.eq(0)
                compare(half)
                for _ in range(chance.choice([0, 5, 50])):  # the array computes
                    yield
                    assert not (yield dut.done)
                compare(half)  # what is in work is not overwritten
                yield from pulse(dut.release)
                half ^= 1
            for _ in range(4):
                yield
            assert (yield dut.done) and not (yield dut.tile.valid)
            assert set(asked) <= load.own_words()

    reader = serve_reads(dut.address, dut.data, content, chance, chance.choice([0.3, 1]), 10, asked)
    simulate(dut, written.watch(), reader, bench())


@pytest.mark.parametrize("config", ARRAYS)
@pytest.mark.parametrize("storage", ("int8", "int16"))
def test_every_bank_word_of_a_transfer(config, storage, seed):
    """A strip of one transfer that starts at either end of each word: the words before it are not
    written."""
    chance = random.Random(seed)
    load = Load(chance, config, storage)
    load.y, load.rows, load.row_bytes, load.pitch = 0, 1, config.port_bytes, config.port_bytes
    load.tiles, load.lanes = (1, 1), (1, 1)
    load.strip_rows = load.strip_beats = 1
    descriptor = Descriptor()
    dut = Loader(config, descriptor, ADDRESS_WIDTH)
    written = WrittenOperands(dut, config)
    operands = config.port_bytes // load.size
    ends = (0, config.bank - 1)

    def bench():
        for place in [first + end for first in range(0, operands, config.bank) for end in ends]:
            load.x = place * load.size
            written.lanes[0][:] = [None] * (2 * config.input_depth)
            yield from write_fields(descriptor, load.fields())
            yield from pulse(dut.start)
            yield dut.tile.ready.eq(1)
            yield
            while not (yield dut.tile.valid):
                yield
            assert (yield dut.tile.phase) == place % config.bank
            first = (yield dut.tile.half) * config.input_depth
            [[strip]] = [lanes for _, lanes in load.expected()]
            assert len(strip) == operands - place // config.bank * config.bank
            assert [v for v in written.lanes[0] if v is not None] == strip
            assert written.lanes[0][first : first + len(strip)] == strip
            yield from pulse(dut.release)

    reader = serve_reads(dut.address, dut.data, load.memory, chance, 1)
    simulate(dut, written.watch(), reader, bench())


@pytest.mark.parametrize("config", PORTS)
@pytest.mark.parametrize("storage, cycles", [("uint8", 2), ("int16", 1)])
def test_writes_half_a_transfer_of_bytes_a_cycle(config, storage, cycles, seed):
    """With a memory that keeps up, as the planner reckons."""
    chance = random.Random(seed)
    load = Load(chance, config, storage)
    load.y, load.rows = 0, 4
    load.row_bytes = load.pitch = 3 * config.port_bytes
    load.x, load.strip_rows, load.strip_beats, load.lane_rows = 0, 4, 3, 0
    load.tiles, load.lanes = (1, 1), (2, 1)
    descriptor = Descriptor()
    dut = Loader(config, descriptor, ADDRESS_WIDTH)
    transfers = 2 * load.strip_rows * load.strip_beats

    def bench():
        yield from write_fields(descriptor, load.fields())
        yield
        yield from pulse(dut.start)
        while not (yield dut.write.lanes):
            yield
        for _ in range(transfers * cycles - 1):
            assert not (yield dut.tile.valid)
            yield
        assert (yield dut.tile.valid)

    simulate(dut, serve_reads(dut.address, dut.data, load.memory, chance, 1, 1), bench())


@pytest.mark.parametrize("config", PORTS)
def test_a_tile_outside_the_map_reads_nothing(config, seed):
    chance = random.Random(seed)
    load = Load(chance, config, "int8")
    load.y, load.tiles, load.lanes = -load.strip_rows, (1, 1), (1, 1)
    descriptor = Descriptor()
    dut = Loader(config, descriptor, ADDRESS_WIDTH)
    written = WrittenOperands(dut, config)

    def bench():
        yield from write_fields(descriptor, load.fields())
        yield
        yield from pulse(dut.start)
        while not (yield dut.tile.valid):
            assert not (yield dut.address.valid)
            yield

    simulate(dut, written.watch(), bench(), limit=500)
    [(_, [strip])] = load.expected()
    assert set(strip) == {0} and written.lanes[0][: len(strip)] == strip
