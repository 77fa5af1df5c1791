"""Plans: where everything lies in DRAM, and descriptors that say so."""

import struct
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from litelic.accel.config import PORT_BYTES, ArrayConfig
from litelic.accel.descriptor import (
    DESCRIPTOR_BYTES,
    FIELDS,
    FLAG_GDN,
    FLAG_OUTPUT16,
    FLAG_SLOPE,
    FUNCTION_CODES,
    MAGIC,
    STORAGE_CODES,
)
from litelic.host.errors import LitelicError
from litelic.host.models import program_path
from litelic.host.planner.pack import pack
from litelic.host.planner.plan import (
    LARGEST_DESCRIPTOR_COUNT,
    MAP_ALIGNMENT,
    WEIGHTS_ADDRESS,
    FeatureMap,
    PackedProgram,
)
from litelic.host.program.file import load_program
from litelic.host.program.layer import SLOPE_ONE
from tests.random_layers import random_layer

CONFIGS = {port: ArrayConfig(port_bytes=port) for port in PORT_BYTES}
CONFIG = CONFIGS[16]
BOARD = 256 << 20
LARGE = 2 << 30  # room for six layers, each of which doubles the sides


def random_program(rng, count):
    """A chain of layers, as far as the planner looks at a program."""
    layers, channels, storage = [], 3, "uint8"
    for i in range(count):
        layer = random_layer(
            rng, name=f"g.{i}", kernel=5, stride=2, padding=2, in_channels=channels, input=storage,
        )
        layers.append(layer)
        channels, storage = layer.out_channels, layer.output
    return SimpleNamespace(layers=layers)


def random_plan(rng, count=5, memory=LARGE, config=CONFIG):
    program = random_program(rng, count)
    layers = program.layers
    packed = PackedProgram(program, config)
    height, width = (int(side) for side in rng.integers(8, 60, 2))
    return packed, packed.plan(layers, height, width, memory)


def fields_of(step):
    return dict(zip(FIELDS, struct.unpack(f"<{len(FIELDS)}I", step.descriptor), strict=True))


def signed(value):
    return value - (value >> 31 << 32)


# Feature maps -------------------------------------------------------------------------------------


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
@pytest.mark.parametrize("dtype", (np.int8, np.uint8, np.int16))
def test_feature_map_round_trip(dtype, port_bytes, seed):
    rng = np.random.default_rng(seed)
    for _ in range(20):
        shape = tuple(int(side) for side in rng.integers(1, 20, 3))
        info = np.iinfo(dtype)
        array = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
        place = FeatureMap.at(4096, *shape, dtype, port_bytes)
        data = place.to_bytes(array)
        assert len(data) == place.size == shape[0] * place.pitch
        assert place.pitch % port_bytes == 0
        assert 0 <= place.pitch - shape[1] * shape[2] * array.itemsize < port_bytes
        back = place.from_bytes(data)
        assert back.dtype == array.dtype and np.array_equal(back, array)


def test_feature_map_layout():
    """Channels innermost, little-endian, rows padded with zeros."""
    place = FeatureMap.at(0, 2, 1, 2, np.int16, 16)
    data = place.to_bytes(np.array([[[1, -2]], [[0x1234, 5]]], np.int16))
    assert data == bytes.fromhex("0100feff" + 12 * "00" + "34120500" + 12 * "00")


# Places -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("seed", range(5), indirect=True)
def test_nothing_overlaps(config, seed):
    packed, plan = random_plan(np.random.default_rng(seed), config=config)
    maps = [plan.input] + [step.output for step in plan.steps]
    areas = [(0, len(plan.descriptors)), (WEIGHTS_ADDRESS, len(packed.weights))]
    areas += [(m.address, m.size) for m in maps]
    areas.sort()
    for (first, size), (following, _) in zip(areas, areas[1:], strict=False):
        assert first + size <= following
    assert all(m.address % MAP_ALIGNMENT == 0 and m.pitch % config.port_bytes == 0 for m in maps)
    assert all(a.output == b.input for a, b in zip(plan.steps, plan.steps[1:], strict=False))


def least_memory(packed, plan, too_little, enough):
    """The smallest DRAM, in bytes, for which the network of `plan` can be planned."""
    layers = [step.layer for step in plan.steps]
    too_little -= MAP_ALIGNMENT
    while enough - too_little > 1:
        middle = (too_little + enough) // 2
        try:
            packed.plan(layers, plan.input.height, plan.input.width, middle)
        except LitelicError:
            too_little = middle
        else:
            enough = middle
    return enough


@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_small_memories_are_used_in_turns(seed):
    rng = np.random.default_rng(seed)
    packed, plan = random_plan(rng, 6)
    maps = [plan.input] + [step.output for step in plan.steps]
    layers = [step.layer for step in plan.steps]
    sizes = [-(-m.size // MAP_ALIGNMENT) * MAP_ALIGNMENT for m in maps]
    fewest = packed.maps_address + max(a + b for a, b in zip(sizes, sizes[1:], strict=False))
    needed = least_memory(packed, plan, fewest, packed.maps_address + sum(sizes))
    assert fewest - MAP_ALIGNMENT < needed < packed.maps_address + sum(sizes)
    tight = packed.plan(layers, plan.input.height, plan.input.width, needed)
    assert [step.tiling for step in tight.steps] == [step.tiling for step in plan.steps]
    for step in tight.steps:
        low, high = sorted([step.input, step.output], key=lambda m: m.address)
        assert packed.maps_address <= low.address
        assert low.address + low.size <= high.address and high.address + high.size <= needed
    with pytest.raises(LitelicError, match=r"MB of DRAM, the board has .* use a smaller picture"):
        packed.plan(layers, plan.input.height, plan.input.width, needed - 1)


def test_too_many_layers():
    rng = np.random.default_rng(0)
    layers = [
        random_layer(
            rng, name=f"g.{i}", kind="conv", kernel=1, stride=1, padding=0, in_channels=1,
            out_channels=1, input="int8", output="int8",
        )
        for i in range(LARGEST_DESCRIPTOR_COUNT + 1)
    ]
    packed = PackedProgram(SimpleNamespace(layers=layers), CONFIG)
    plan = packed.plan(layers[:-1], 1, 1, LARGE)
    assert len(plan.descriptors) <= WEIGHTS_ADDRESS
    with pytest.raises(LitelicError, match="257 layers are too many"):
        packed.plan(layers, 1, 1, LARGE)


def test_two_layers_of_one_name():
    rng = np.random.default_rng(0)
    program = random_program(rng, 2)
    program.layers[1].name = program.layers[0].name
    with pytest.raises(LitelicError, match="two layers are called g.0"):
        PackedProgram(program, CONFIG)


# 16-bit activations -------------------------------------------------------------------------------


def layer_of_16_bits(rng, input, gdn_bits):
    layer = random_layer(
        rng, name="g_s.0", kind="conv", kernel=3, in_channels=4, input=input, gdn="sqrt",
        output="int16",
    )
    return replace(layer, gdn=replace(layer.gdn, operand_bits=gdn_bits))


@pytest.mark.parametrize("input, gdn_bits", [("wide", 8), ("uint8", 15), ("wide", 15)])
def test_16_bits_are_refused_by_an_array_of_8(input, gdn_bits):
    layer = layer_of_16_bits(np.random.default_rng(0), input, gdn_bits)
    program = SimpleNamespace(layers=[layer])
    with pytest.raises(LitelicError, match="layer g_s.0 has 16-bit .* --activation-bits 16, or"):
        PackedProgram(program, CONFIG)
    packed = PackedProgram(program, replace(CONFIG, activation_bits=16))
    [step] = packed.plan([layer], 9, 8, LARGE).steps
    f = fields_of(step)
    assert f["in_storage"] == (STORAGE_CODES["wide"] if input == "wide" else 1)
    assert f["function"] >> 24 == (gdn_bits == 15)
    assert f["function"] & 0xFFFF == FUNCTION_CODES["sqrt"] | layer.gdn.operand_shift << 8
    assert f["in_row_bytes"] == 8 * 4 * (2 if input == "wide" else 1)
    assert step.input.dtype == (np.int16 if input == "wide" else np.uint8)


def test_programs_of_8_bits_are_planned_alike_on_both():
    rng = np.random.default_rng(0)
    program = random_program(rng, 4)
    layers = program.layers
    plans = [
        PackedProgram(program, replace(CONFIG, activation_bits=bits)).plan(layers, 20, 30, LARGE)
        for bits in (8, 16)
    ]
    assert plans[0].descriptors == plans[1].descriptors


# Descriptors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("seed", range(5), indirect=True)
def test_descriptors_name_their_maps_and_weights(config, seed):
    packed, plan = random_plan(np.random.default_rng(seed), config=config)
    assert len(plan.descriptors) == DESCRIPTOR_BYTES * len(plan.steps)
    for i, step in enumerate(plan.steps):
        f, layer = fields_of(step), step.layer
        first = DESCRIPTOR_BYTES * i
        image = plan.descriptors[first : first + DESCRIPTOR_BYTES]
        assert image == step.descriptor.ljust(DESCRIPTOR_BYTES, b"\0") and f["magic"] == MAGIC
        place = f["weight_address"] - WEIGHTS_ADDRESS
        stream = packed.weights[place : place + config.port_bytes * f["weight_words"]]
        assert place % config.port_bytes == 0 and stream == pack(layer, config).data
        slope = layer.negative_slope
        wanted = FLAG_GDN * bool(layer.gdn) | FLAG_OUTPUT16 * (layer.output == "int16")
        wanted |= FLAG_SLOPE * (slope != SLOPE_ONE)
        assert layer.gdn or f["function"] == slope % SLOPE_ONE
        assert f["flags"] == wanted
        assert struct.unpack("<hh", struct.pack("<I", f["clamp"])) == (layer.lo, layer.hi)
        top_left = f["in_address"] - signed(f["in_y"]) * f["in_pitch"]
        assert top_left % 2**32 == step.input.address
        assert f["in_address"] % config.port_bytes == 0
        assert (f["in_rows"], f["in_pitch"]) == (step.input.height, step.input.pitch)
        assert f["out_address"] == step.output.address


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("seed", range(5), indirect=True)
def test_every_byte_of_an_output_is_stored_once(config, seed):
    """Walk the blocks that a descriptor describes, as the store does."""
    _, plan = random_plan(np.random.default_rng(seed), 4, config=config)
    for step in plan.steps:
        f = fields_of(step)
        stored = np.zeros((f["out_rows"], f["out_row_bytes"]), int)
        assert stored.shape == (
            step.output.height, step.output.width * step.output.channels
            * step.output.dtype.itemsize,
        )
        for tile_y in range(f["tiles"] >> 16):
            for tile_x in range(f["tiles"] & 0xFFFF):
                for lane_y in range(f["lanes"] >> 16):
                    for lane_x in range(f["lanes"] & 0xFFFF):
                        y = tile_y * f["out_tile_rows"] + lane_y * f["out_lane_rows"]
                        x = tile_x * f["out_tile_bytes"] + lane_x * f["out_lane_bytes"]
                        stored[y : y + f["block_rows"], x : x + f["block_bytes"]] += 1
        assert (stored == 1).all()
        for axis in ("in", "out"):
            assert f[f"{axis}_tile_pitch"] == f[f"{axis}_tile_rows"] * f[f"{axis}_pitch"]
            assert f[f"{axis}_lane_pitch"] == f[f"{axis}_lane_rows"] * f[f"{axis}_pitch"]


def test_macs_are_those_of_the_layers():
    _, plan = random_plan(np.random.default_rng(0))
    assert plan.macs == sum(s.layer.macs(s.input.height, s.input.width) for s in plan.steps)


def test_default_model_fits_the_largest_picture():
    program, _ = load_program(program_path())
    packed = PackedProgram(program, CONFIG)
    down = program.downsampling
    assert packed.plan(program.analysis, 4096, 4096, BOARD).output.height == 4096 // down
    assert packed.plan(program.synthesis, 4096 // down, 4096 // down, BOARD).output.height == 4096
