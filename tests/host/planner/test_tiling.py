"""Tiles: within the array's memories, and every result computed exactly once."""

import re
from dataclasses import replace

import numpy as np
import pytest

from litelic.accel.config import BEAT_BYTES, PORT_BYTES, ArrayConfig
from litelic.host.errors import LitelicError
from litelic.host.planner.pack import pack
from litelic.host.planner.taps import split
from litelic.host.planner.tiling import choose, task_of
from tests.random_layers import random_layer, random_size

CONFIGS = [
    ArrayConfig(),
    ArrayConfig(8, 4, 4, 2, input_depth=1024, weight_depth=64, middle_depth=128, output_depth=256),
    ArrayConfig(4, 4, 7, 1, input_depth=2048, weight_depth=128, middle_depth=256, output_depth=512),
    ArrayConfig(4, 8, 8, 4, port_bytes=32),
    ArrayConfig(8, 8, 6, 3, input_depth=4096, port_bytes=64),
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
    configs = [pytest.param(c, id=f"{c.shape}-{c.port_bytes}") for c in CONFIGS]
    return pytest.mark.parametrize("config", configs)(test)


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
    assert tiling.strip_rows == (rows - 1) * task.step[0] + task.span[0]
    assert tiling.strip_pitch * task.in_bytes == tiling.strip_beats * config.port_bytes
    assert tiling.strip_rows * tiling.strip_pitch <= config.input_depth
    assert rows * task.cell * tiling.output_pitch <= config.output_depth
    assert tiling.output_pitch % BEAT_BYTES == 0
    assert rows * columns * task.cell**2 * task.middle <= config.middle_depth
    for segment in task.segments:
        pixels = rows * columns * (task.cell**2 if segment.gdn else 1)
        assert segment.words <= config.weight_depth or pixels == 1


@random_tasks
def test_strips_and_rows_hold_every_phase(config, seed):
    """Wherever in a word or beat a lane starts, its rows lie within theirs; lanes agree on the
    place within a bank word, and on the output side within a beat."""
    task, tiling = random_task(np.random.default_rng(seed), config)
    columns = tiling.cells[1]
    in_pixel, out_pixel = task.in_channels * task.in_bytes, task.out_channels * task.out_bytes
    strip = ((columns - 1) * task.step[1] + task.span[1]) * in_pixel
    for tile in range(tiling.tiles[1]):
        phases_in, phases_out = set(), set()
        for lane in range(tiling.lanes[1]):
            cell = (tile * tiling.lanes[1] + lane) * columns
            first = (task.origin[1] + cell * task.step[1]) * in_pixel % config.port_bytes
            assert first + strip <= tiling.strip_beats * config.port_bytes
            phases_in.add(first % (config.bank * task.in_bytes))
            phases_out.add(cell * task.cell * out_pixel % BEAT_BYTES)
        assert len(phases_in) == 1
        [phase_out] = phases_out
        assert phase_out + columns * task.cell * out_pixel <= tiling.output_pitch


@random_tasks
def test_strips_are_no_wider_than_they_must_be(config, seed):
    """Some lane of some tile needs the last word of a strip row."""
    task, tiling = random_task(np.random.default_rng(seed), config)
    in_pixel, columns = task.in_channels * task.in_bytes, tiling.cells[1]
    strip = ((columns - 1) * task.step[1] + task.span[1]) * in_pixel
    ends = [
        (task.origin[1] + i * columns * task.step[1]) * in_pixel % config.port_bytes + strip
        for i in range(tiling.tiles[1] * tiling.lanes[1])
    ]
    assert max(ends) > (tiling.strip_beats - 1) * config.port_bytes


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
def test_wider_ports_allow_lanes_side_by_side(port_bytes):
    """Lanes start at multiples of a bank word, not of a port word: with 12 input channels, four
    pixels are 48 bytes."""
    config = ArrayConfig(4, 4, 8, 4, port_bytes=port_bytes)
    layer = random_layer(
        np.random.default_rng(0), kind="conv", kernel=3, stride=1, padding=1, in_channels=12,
        out_channels=16, input="int8", output="int8", gdn=False,
    )
    task = task_of(layer, split(layer), pack(layer, config), config, 1, 64)
    tiling = choose(task, config)
    step = tiling.cells[1] * 12
    assert tiling.lanes == (1, 8) and step % config.bank == 0
    assert port_bytes == 16 or step % port_bytes != 0


@pytest.mark.parametrize("reduction, port_bytes", [(r, p) for r in (4, 8) for p in PORT_BYTES])
@pytest.mark.parametrize("storage", ("int8", "int16"))
def test_bank_words_are_counted_in_operands(reduction, port_bytes, storage):
    """A pixel a lane would give every lane work, but lanes would start within a bank word: a bank
    word is twice as many bytes of int16."""
    config = ArrayConfig(reduction, 4, 8, 4, port_bytes=port_bytes)
    layer = random_layer(
        np.random.default_rng(0), kind="conv", kernel=1, stride=1, padding=0,
        in_channels=config.bank // 2, out_channels=16, input=storage, output="int8", gdn=False,
    )
    task = task_of(layer, split(layer), pack(layer, config), config, 1, 8)
    tiling = choose(task, config)
    assert tiling.lanes[1] == 1 or tiling.cells[1] % 2 == 0


@pytest.mark.parametrize("port_bytes", PORT_BYTES)
def test_a_large_layer_uses_the_array_well(port_bytes):
    """The price of an ordinary layer is near its multiplications."""
    config = ArrayConfig(port_bytes=port_bytes)
    layer = random_layer(
        np.random.default_rng(0), kind="conv", kernel=5, stride=2, padding=2, in_channels=32,
        out_channels=32, input="int8", output="int8", gdn=False,
    )
    packed = pack(layer, config)
    task = task_of(layer, split(layer), packed, config, 64, 96)
    tiling = choose(task, config)
    best = layer.macs(64, 96) / config.macs
    assert best <= tiling.price < 1.15 * best


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
