"""The epilogue against the slow Python of numerics, sections 2 and 5."""

import random
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import pytest
from litex.gen import LiteXModule
from migen import Memory, Record, Signal
from migen.sim.core import passive

from litelic.accel.config import ArrayConfig
from litelic.accel.descriptor import (
    FLAG_GDN,
    FLAG_OUTPUT16,
    FLAG_SLOPE,
    FUNCTION_BITS,
    FUNCTION_CODES,
    FUNCTION_OPERANDS15,
)
from litelic.accel.epilogue import Epilogue, EpilogueLane
from litelic.accel.fetch import Descriptor
from litelic.accel.middle import MiddleMemory
from litelic.accel.requantise import delay
from litelic.accel.sequencer import RESULT_LAYOUT
from litelic.accel.weights import PARAMETER_LAYOUT, SLOTS, WeightRing
from litelic.host.program.layer import OPERAND_BITS
from tests.accel.streams import random_config, simulate, write_fields
from tests.host.golden.reference import clamp, normalised, requantise, round_shift

NORM_RANGE = (1, 2**24 - 1)
INT16_RANGE = (-(2**15), 2**15 - 1)
SLOPES = (0, 655, 40000, 65535)


def random_channel(chance):
    """A requantiser, scaled so that the sums of `random_sum` give results of every size."""
    return {
        "bias": chance.randrange(-(2**20), 2**20), "multiplier": chance.randrange(1, 65536),
        "shift": chance.choice([0, 47, *range(16, 32)]),
    }


def random_sum(chance):
    return chance.randrange(-(1 << chance.randrange(1, 31)), 1 << chance.randrange(1, 31))


def random_layer(chance, function, operand_bits=8, slope=None):
    """What is the same for all results of a layer; a `Gdn` as far as the reference looks."""
    lo, hi = chance.choice([(-128, 127), (0, 255), (-40, 3000), INT16_RANGE])
    return SimpleNamespace(
        function=function, operand_shift=chance.choice([0, 1, 7, 12, 20, 31]),
        output_shift=chance.choice([0, 9, 12, 16, 20, 40, 63]), lo=lo, hi=hi,
        operand_bits=operand_bits, slope=slope,
    )


def bent(total, channel, layer):
    """The result of a layer without a normalisation."""
    if layer.slope is None:
        return requantised(total, channel, layer.lo, layer.hi)
    value = requantised(total, channel, *INT16_RANGE)
    return clamp(round_shift(value * layer.slope, 16) if value < 0 else value, layer.lo, layer.hi)


def requantised(total, channel, lo, hi):
    one = SimpleNamespace(**{name: [channel[name]] for name in ("bias", "multiplier", "shift")})
    return requantise(total, one, 0, lo, hi)


def operand_of(layer, value):
    size = value * value if layer.function in ("rsqrt", "sqrt") else abs(value)
    return clamp(round_shift(size, layer.operand_shift), 0, 2**layer.operand_bits - 1)


# Lane ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [None, *FUNCTION_CODES])
@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_lane(function, seed):
    check_lane(random.Random(seed), function, 8, 8)


@pytest.mark.parametrize("slope", SLOPES)
def test_lane_of_a_slope(slope, seed):
    check_lane(random.Random(seed), None, 8, 8, slope)


@pytest.mark.parametrize("operand_bits", OPERAND_BITS)
@pytest.mark.parametrize("function", FUNCTION_CODES)
def test_lane_of_16_bit_activations(function, operand_bits, seed):
    check_lane(random.Random(seed), function, 15, operand_bits)


def check_lane(chance, function, middle_bits, operand_bits, slope=None):
    """One sum a cycle; with a normalisation, sums of both kinds at random."""
    layer = random_layer(chance, function or "multiply", operand_bits, slope)
    middle = function is not None
    dut = EpilogueLane(
        operand_shift=Signal(6, reset=layer.operand_shift),
        output_shift=Signal(6, reset=layer.output_shift),
        function=Signal(FUNCTION_BITS, reset=FUNCTION_CODES[layer.function]),
        lo=Signal((16, True), reset=layer.lo), hi=Signal((16, True), reset=layer.hi),
        middle=Signal(reset=middle), middle_bits=middle_bits, wide=Signal(reset=operand_bits > 8),
        sloped=Signal(reset=slope is not None), slope=Signal(16, reset=slope or 0),
    )
    checks = {}  # cycle -> [(signal, value)]

    def expect(cycle, signal, value):
        checks.setdefault(cycle, []).append((signal, value))

    def bench():
        values = {}  # cycle -> value to be normalised
        for cycle in range(300 + dut.latency):
            channel, total = random_channel(chance), random_sum(chance)
            gdn = middle and chance.random() < 0.5
            value = chance.choice([*INT16_RANGE, 0, chance.randrange(-(2**15), 2**15)])
            yield from write_fields(dut, channel | {"sum": total, "gdn": gdn})
            if gdn:
                values[cycle + dut.value_latency] = value
                norm = requantised(total, channel, *NORM_RANGE)
                result = normalised(layer, value, norm, layer.lo, layer.hi)
                expect(cycle + dut.latency, dut.result, result)
            elif middle:
                result = requantised(total, channel, *INT16_RANGE)
                expect(cycle + dut.latency, dut.middle_value, result)
                expect(cycle + dut.latency, dut.result, operand_of(layer, result))
            else:
                result = bent(total, channel, layer)
                expect(cycle + dut.latency, dut.result, result)
            yield dut.value.eq(values.get(cycle, chance.randrange(-(2**15), 2**15)))
            yield
            for signal, wanted in checks.pop(cycle, []):
                assert (yield signal) == wanted

    simulate(dut, bench())


# Whole --------------------------------------------------------------------------------------------


class Bench(LiteXModule):
    """The epilogue with a memory of parameters in place of the weight ring."""

    def __init__(self, config, parameters):
        layout = Record(PARAMETER_LAYOUT)
        memory = Memory(len(layout), SLOTS * config.outputs, init=parameters)
        port = memory.get_port(async_read=True)
        self.specials += memory, port
        self.ring = SimpleNamespace(
            parameter_address=Signal(max=SLOTS * config.outputs), parameter=layout,
        )
        self.comb += [
            port.adr.eq(self.ring.parameter_address),
            layout.raw_bits().eq(delay(self, port.dat_r, WeightRing.parameter_latency)),
        ]
        self.descriptor = Descriptor()
        self.epilogue = Epilogue(config, self.descriptor, self.ring, RESULT_LAYOUT)


def random_parameters(chance, config):
    return [
        random_channel(chance) | {
            "enable": int(chance.random() < 0.8), "phase_row": chance.randrange(4),
            "offset": chance.randrange(8),
        }
        for _ in range(SLOTS * config.outputs)
    ]


def packed(parameter):
    word, position = 0, 0
    for name, bits in PARAMETER_LAYOUT:
        word |= (parameter[name] % (1 << bits)) << position
        position += bits
    return word


@pytest.mark.parametrize("function", [None, *FUNCTION_CODES])
@pytest.mark.parametrize("wide", (False, True))
def test_epilogue(function, wide, seed):
    chance = random.Random(seed)
    check_epilogue(chance, random_config(chance), function, wide)


@pytest.mark.parametrize("slope", SLOPES)
def test_epilogue_of_a_slope(slope, seed):
    chance = random.Random(seed)
    check_epilogue(chance, random_config(chance), None, True, slope=slope)


@pytest.mark.parametrize("operand_bits", OPERAND_BITS)
def test_epilogue_of_16_bit_activations(operand_bits, seed):
    chance = random.Random(seed)
    config = replace(random_config(chance), activation_bits=16)
    check_epilogue(chance, config, chance.choice(list(FUNCTION_CODES)), True, operand_bits)


def check_epilogue(chance, config, function, wide, operand_bits=8, slope=None):
    layer = random_layer(chance, function or "multiply", operand_bits, slope)
    parameters = random_parameters(chance, config)
    dut = Bench(config, [packed(p) for p in parameters])
    epilogue = dut.epilogue
    groups = config.pixels // config.epilogue
    drain = config.outputs * groups
    middle_content = [
        [chance.randrange(-(2**15), 2**15) for _ in range(64)] for _ in range(config.pixels)
    ]
    pitch = chance.randrange(300)
    expected = {"middle": [], "output": []}  # (lane, address, value or (value, operand))
    got = {"middle": [], "output": []}
    got_releases, got_tile_ends, releases, tile_ends = [], [], [], []

    def note(result, total, m, n):
        """What a sum of pixel lane m, channel n of a segment must lead to."""
        p = parameters[result["slot"] * config.outputs + n]
        if not p["enable"]:
            return
        offset = p["offset"] << (result["gdn"] and wide)
        address = (result["position"] + offset + p["phase_row"] * pitch) % 2**16
        if result["gdn"]:
            value = middle_content[m][result["source"] + p["offset"]]
            norm = requantised(total, p, *NORM_RANGE)
            expected["output"].append(
                (m, address, normalised(layer, value, norm, layer.lo, layer.hi))
            )
        elif function:
            value = requantised(total, p, *INT16_RANGE)
            expected["middle"].append((m, address, (value, operand_of(layer, value))))
        else:
            expected["output"].append(
                (m, address, bent(total, p, layer))
            )

    def drive():
        yield from write_fields(dut.descriptor, {
            "flags": FLAG_GDN * (function is not None) | FLAG_OUTPUT16 * wide
            | FLAG_SLOPE * (slope is not None),
            "clamp": layer.lo % 2**16 | (layer.hi % 2**16) << 16,
            "function": slope if slope is not None else FUNCTION_CODES[layer.function]
            | layer.operand_shift << 8 | layer.output_shift << 16
            | FUNCTION_OPERANDS15 * (operand_bits > 8),
            "result_pitch": pitch,
        })
        yield
        for _ in range(12):
            result = {
                "position": chance.randrange(1 << 12), "source": chance.randrange(56),
                "slot": chance.randrange(SLOTS), "gdn": chance.randrange(2) if function else 0,
                "segment_end": chance.randrange(2), "tile_end": chance.randrange(2),
            }
            yield from write_fields(epilogue.result, result)
            yield epilogue.captured.eq(1)
            releases.append(result["segment_end"])
            tile_ends.append(result["tile_end"])
            for step in range(drain):
                n, group = divmod(step, groups)
                for r, signal in enumerate(epilogue.sums):
                    total = random_sum(chance)
                    yield signal.eq(total)
                    note(result, total, group * config.epilogue + r, n)
                yield
                yield epilogue.captured.eq(0)
                yield from write_fields(epilogue.result, {
                    "position": chance.randrange(1 << 16), "slot": chance.randrange(SLOTS),
                })
            for _ in range(chance.choice([0, 0, 1, 5])):
                yield
        for _ in range(Epilogue.read_latency + EpilogueLane.latency + 3):
            yield

    @passive
    def middle_memories():
        """Values as long after their address as `MiddleMemory` gives them."""
        asked = [0] * (MiddleMemory.value_latency - 1)  # the oldest first
        while True:
            yield
            for signal, content in zip(epilogue.values, middle_content, strict=True):
                yield signal.eq(content[asked[0]])
            asked = asked[1:] + [(yield epilogue.value_address) % 64]

    @passive
    def monitor():
        captured = set()  # cycles
        for cycle in count():
            yield
            for kind in ("middle", "output"):
                enable = yield getattr(epilogue, f"{kind}_enable")
                for m in range(config.pixels):
                    if enable >> m & 1:
                        lane = epilogue.lanes[m % config.epilogue]
                        address, value = (yield epilogue.address), (yield lane.result)
                        if kind == "middle":
                            value = (yield lane.middle_value), value
                        got[kind].append((m, address, value))
            if (yield epilogue.release_slot):
                assert cycle - drain - 1 in captured
                got_releases.append(cycle)
            if (yield epilogue.captured):
                captured.add(cycle)
            if (yield epilogue.tile_end):
                got_tile_ends.append(len(got["output"]))

    simulate(dut, monitor(), middle_memories(), drive())
    assert got == expected
    assert len(got_releases) == sum(releases)
    assert len(got_tile_ends) == sum(tile_ends)


def test_tile_end_comes_with_the_last_result():
    """Even when the last channel is one that only pads the array, and earlier it would be wrong:
    the store reads the tile as soon as it sees `tile_end`."""
    config = ArrayConfig(4, 4, pixels=2, epilogue=1)
    parameters = [
        {"bias": 0, "multiplier": 1, "shift": 0, "enable": int(n < 3), "phase_row": 0, "offset": n}
        for n in range(SLOTS * config.outputs)
    ]
    dut = Bench(config, [packed(p) for p in parameters])
    epilogue = dut.epilogue
    written = []

    def bench():
        yield from write_fields(dut.descriptor, {"clamp": 127 << 16})
        yield epilogue.captured.eq(1)
        yield epilogue.result.tile_end.eq(1)
        yield
        yield epilogue.captured.eq(0)
        while not (yield epilogue.tile_end):
            yield
            written.append((yield epilogue.output_enable))
        for _ in range(20):
            yield
            assert not (yield epilogue.output_enable)

    simulate(dut, bench())
    assert [enable for enable in written if enable] == [0b01, 0b10] * 3
