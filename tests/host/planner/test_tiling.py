"""Tiles: within the array's memories, and every result computed exactly once."""

import re
from dataclasses import replace

import numpy as np
import pytest

from litelic.accel.config import BEAT_BYTES, ArrayConfig
from litelic.host.errors import LitelicError
from litelic.host.planner.pack import pack
from litelic.host.planner.taps import split
from litelic.host.planner.tiling import choose, task_of
from tests.random_layers import random_layer, random_size

CONFIGS = [
    ArrayConfig(),
    ArrayConfig(8, 4, 4, 2, input_depth=1024, weight_depth=64, middle_depth=128, output_depth=256),
    ArrayConfig(4, 4, 7, 1, input_depth=2048, weight_depth=128, middle_depth=256, output_depth=512),
]


def random_task(rng, config, largest=40):
    """A random task that fits the array, and its tiling."""
    for _ in range(100):
        layer = random_layer(rng)
        size = random_size(rng, layer, largest)
        task = task_of(layer, split(layer), pack(layer, config), config, *size)
        try:
            return task, choose(task, config)
        except LitelicError as error:
            assert "does not fit" in str(error)
    raise AssertionError("no random layer fits this array")


def random_tasks(test):
    """Parametrise a test with arrays and seeds."""
    test = pytest.mark.parametrize("seed", range(20), indirect=True)(test)
    return pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.shape)(test)


@random_tasks
def test_every_result_is_computed_once(config, seed):
    task, tiling = random_task(np.random.default_rng(seed), config)
    computed = []
    for axis in (0, 1):
        cells, lanes, tiles = tiling.cells[axis], tiling.lanes[axis], tiling.tiles[axis]
        count = np.zeros(cells * lanes * tiles, int)
        for tile in range(tiles):
            for lane in range(lanes):
                first = (tile * lanes + lane) * cells
                count[first : first + cells] += 1
        assert len(count) >= task.cells[axis], "results are missing"
        assert len(count) - cells * lanes < task.cells[axis], "the last tile is empty"
        computed.append(count)
    assert (np.multiply.outer(*computed) == 1).all()
    assert tiling.lanes[0] * tiling.lanes[1] <= config.pixels


@random_tasks
def test_memories_are_large_enough(config, seed):
    task, tiling = random_task(np.random.default_rng(seed), config)
    rows, columns = tiling.cells
    assert tiling.strip_rows == (rows - 1) * task.step + task.span[0]
    assert tiling.strip_pitch * task.in_bytes == tiling.strip_beats * BEAT_BYTES
    assert tiling.strip_rows * tiling.strip_pitch <= config.input_depth
    assert rows * task.cell * tiling.output_pitch <= config.output_depth
    assert tiling.output_pitch % BEAT_BYTES == 0
    assert rows * columns * task.cell**2 * task.middle <= config.middle_depth
    for segment in task.segments:
        pixels = rows * columns * (task.cell**2 if segment.gdn else 1)
        assert segment.words <= config.weight_depth or pixels == 1


@random_tasks
def test_strips_and_rows_hold_every_phase(config, seed):
    """Wherever in a beat a tile starts, its rows lie within their beats; lanes agree on it."""
    task, tiling = random_task(np.random.default_rng(seed), config)
    columns = tiling.cells[1]
    in_pixel, out_pixel = task.in_channels * task.in_bytes, task.out_channels * task.out_bytes
    strip = ((columns - 1) * task.step + task.span[1]) * in_pixel
    for tile in range(tiling.tiles[1]):
        phases_in, phases_out = set(), set()
        for lane in range(tiling.lanes[1]):
            cell = (tile * tiling.lanes[1] + lane) * columns
            phases_in.add((task.origin[1] + cell * task.step) * in_pixel % BEAT_BYTES)
            phases_out.add(cell * task.cell * out_pixel % BEAT_BYTES)
        [phase_in], [phase_out] = phases_in, phases_out
        assert phase_in + strip <= tiling.strip_beats * BEAT_BYTES
        assert phase_out + columns * task.cell * out_pixel <= tiling.output_pitch


def test_a_large_layer_uses_the_array_well():
    """The estimate of an ordinary layer is near its multiplications; it is what `choose` weighs."""
    config = ArrayConfig()
    layer = random_layer(
        np.random.default_rng(0), kind="conv", kernel=5, stride=2, padding=2, in_channels=32,
        out_channels=32, input="int8", output="int8", gdn=False,
    )
    packed = pack(layer, config)
    task = task_of(layer, split(layer), packed, config, 64, 96)
    tiling = choose(task, config)
    best = layer.macs(64, 96) / config.macs
    assert best <= tiling.cycles < 1.15 * best


TOO_SMALL = {
    "operands": ("input_depth", dict(kernel=9, in_channels=16, input="int8")),
    "middle values": ("middle_depth", dict(kind="deconv", stride=4, out_channels=16, gdn=True)),
    "weight words": ("weight_depth", dict(kind="deconv", stride=4, out_channels=16, gdn=True)),
    "result bytes": ("output_depth", dict(out_channels=65, gdn=False)),
}


@pytest.mark.parametrize("what", TOO_SMALL)
def test_what_does_not_fit_is_named(what, seed):
    name, constraints = TOO_SMALL[what]
    smaller = replace(ArrayConfig(), **{name: 64})
    rng = np.random.default_rng(seed)
    if name == "weight_depth":  # gamma's words are read for each of the 16 pixels of a cell
        constraints = constraints | dict(out_channels=300)
        smaller = replace(smaller, middle_depth=1 << 14, output_depth=1 << 14)
    layer = random_layer(rng, **{"kind": "conv", "name": "g_a.7"} | constraints)
    packed = pack(layer, smaller)
    task = task_of(layer, split(layer), packed, smaller, 20, 20)
    with pytest.raises(LitelicError) as error:
        choose(task, smaller)
    message = str(error.value)
    assert message.startswith("layer g_a.7 does not fit the array 4x4x8: one pixel needs about ")
    assert "build an array with larger memories" in message
    needed, available = re.search(rf"(\d+) {what} \({name} (\d+)\)", message).groups()
    assert int(available) == 64 < int(needed)
