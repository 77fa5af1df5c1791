"""The operand memories: granules in at any bank word, any run of operands out, rotated."""

import random

import pytest
from litex.gen import LiteXModule
from migen import Mux

from litelic.accel.config import PORT_BYTES, ArrayConfig
from litelic.accel.operands import OperandAddress, OperandMemory, OperandWrite
from tests.accel.streams import pack_lanes, simulate, write_fields


class Lanes(LiteXModule):
    """The memories of all lanes between their write side and their address, as in the engine."""

    def __init__(self, config):
        self.write = write = OperandWrite(config)
        self.address = address = OperandAddress(config)
        self.lanes = [OperandMemory(config) for _ in range(config.pixels)]
        self.submodules += self.lanes
        for m, lane in enumerate(self.lanes):
            self.comb += [
                lane.write_enable.eq(Mux(write.lanes[m], write.enable, 0)),
                *[a.eq(b) for a, b in zip(lane.write_rows, write.rows)],
                *[a.eq(b) for a, b in zip(lane.write_data, write.data)],
                lane.even_row.eq(address.even_row),
                lane.odd_row.eq(address.odd_row),
                *[a.eq(b) for a, b in zip(lane.choice, address.choice)],
            ]


class Model:
    """What the lanes hold, as plain lists of signed operands."""

    def __init__(self, config, chance):
        self.config, self.chance = config, chance
        self.words = config.input_depth // config.bank  # of a half
        self.content = [[0] * (2 * config.input_depth) for _ in range(config.pixels)]

    def write(self, word, keep):
        """Random operands for a random lane and half: the fields of `OperandWrite`."""
        config, chance = self.config, self.chance
        lane, half = chance.randrange(config.pixels), chance.randrange(2)
        bits = config.operand_bits
        values = [chance.randrange(-(1 << bits - 1), 1 << bits - 1) for _ in range(config.granule)]
        for i in range(config.granule // config.bank):
            if keep >> i & 1:
                place = half * config.input_depth + (word + i) % self.words * config.bank
                self.content[lane][place : place + config.bank] = values[config.bank * i :][
                    : config.bank
                ]
        return {
            "valid": 1, "lane": lane, "half": half, "word": word, "keep": keep,
            "operands": pack_lanes(values, bits),
        }


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
@pytest.mark.parametrize("reduction", (4, 8))
def test_writes_words_and_reads_any_run(reduction, port_bytes, seed):
    check_runs(seed, reduction, port_bytes=port_bytes)


@pytest.mark.parametrize("reduction, port_bytes", [(4, 16), (8, 64)])
def test_runs_of_16_bit_operands(reduction, port_bytes, seed):
    check_runs(seed, reduction, port_bytes=port_bytes, activation_bits=16)


def check_runs(seed, reduction, **parameters):
    chance = random.Random(seed)
    config = ArrayConfig(
        reduction, outputs=4, pixels=3, epilogue=1, input_depth=64, **parameters,
    )
    bits = config.operand_bits
    dut, model = Lanes(config), Model(config, chance)
    words = config.granule // config.bank
    assert words in (1, 2)

    def bench():
        for _ in range(150):  # many a place twice, and runs that go on from the last word to 0
            keep = chance.randrange(1 << words) if chance.random() < 0.5 else (1 << words) - 1
            fields = model.write(chance.randrange(model.words), keep)
            yield from write_fields(dut.write, fields)
            yield
            if chance.random() < 0.3:  # what is not valid is not written
                yield dut.write.valid.eq(0)
                yield dut.write.operands.eq(chance.getrandbits(len(dut.write.operands)))
                yield
        yield dut.write.valid.eq(0)
        yield
        yield
        addresses = list(range(2 * config.input_depth - reduction + 1))
        chance.shuffle(addresses)
        asked = [None] * (OperandMemory.latency + 1)  # what `source` shows, the oldest first
        rotation = [None] * 3  # of the sources to come, the next one first
        middle = [None] * 3  # what is on its way from there, if anything, the oldest first
        taken = False  # of the next middle
        for address in addresses + [0] * OperandMemory.latency:
            yield dut.address.address.eq(address)
            yield
            asked = asked[1:] + [address]
            if asked[0] is not None:
                assert rotation[0] == asked[0] % reduction
                for lane, content in zip(dut.lanes, model.content, strict=True):
                    run = content[asked[0] : asked[0] + reduction]
                    rotated = [run[(i - rotation[0]) % reduction] for i in range(reduction)]
                    wanted = pack_lanes(rotated, bits) if middle[0] is None else middle[0]
                    for source in lane.sources:
                        assert (yield source) == wanted
            rotation = rotation[1:] + [(yield dut.address.rotation)]
            word = chance.getrandbits(bits * reduction)
            middle = middle[1:] + [word if taken else None]
            taken = chance.random() < 0.3
            for lane in dut.lanes:
                yield lane.from_middle.eq(taken)
                yield lane.middle.eq(word)

    simulate(dut, bench())


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
def test_only_one_lane_is_written(port_bytes, seed):
    chance = random.Random(seed)
    config = ArrayConfig(4, 4, pixels=6, epilogue=3, input_depth=64, port_bytes=port_bytes)
    dut = OperandWrite(config)

    def bench():
        for _ in range(50):
            valid, lane = chance.random() < 0.7, chance.randrange(config.pixels)
            yield from write_fields(dut, {"valid": valid, "lane": lane})
            yield
            yield
            assert (yield dut.lanes) == valid << lane

    simulate(dut, bench())
