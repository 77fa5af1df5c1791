"""The timeline of a layer; `tests/system/test_cycles.py` holds it against simulation."""

import contextlib
import dataclasses
import struct

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.descriptor import FIELDS
from litelic.host.errors import LitelicError
from litelic.host.planner import timeline
from litelic.host.planner.cycles import Timing, compute_cycles
from litelic.host.planner.dram import DramTiming
from litelic.host.planner.pack import pack
from litelic.host.planner.plan import PackedProgram
from litelic.host.planner.rows import block_rows, strip_rows, tiles_of
from litelic.host.planner.taps import split
from litelic.host.planner.tiling import task_of
from litelic.host.planner.units import Weights
from tests.random_layers import random_layer

CONFIGS = (ArrayConfig(), ArrayConfig(8, 4, 8), ArrayConfig.parse("4x8x12", 32))


class OneLayer:
    """A program, as far as the planner looks at it."""

    name = "one"

    def __init__(self, layer):
        self.layers = [layer]


def planned(rng, config, smallest=24, **kinds):
    """(fields, task, step) of a random layer."""
    layer = random_layer(rng, input="int8", **kinds)
    height, width = (int(side) for side in rng.integers(smallest, smallest + 48, 2))
    step, = PackedProgram(OneLayer(layer), config).plan(
        [layer], height, width, 1 << 28,
    ).steps
    values = struct.unpack(f"<{len(FIELDS)}i", step.descriptor)
    task = task_of(layer, split(layer), pack(layer, config), config, height, width)
    return dict(zip(FIELDS, values, strict=True)), task, step


@pytest.mark.parametrize("seed", range(8), indirect=True)
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.shape)
def test_rows_of_all_tiles_cover_the_feature_maps(seed, config):
    fields, task, step = planned(np.random.default_rng(seed), config)
    port = config.port_bytes
    before, after = step.input, step.output
    marks, read = 0, 0
    written = np.zeros(after.height * after.pitch // 16 + 1, int)
    for tile in tiles_of(fields):
        for zeros, address, count in strip_rows(fields, tile, port):
            marks += zeros + count
            read += count
            if count:
                row, start = divmod(address * port - before.address, before.pitch)
                assert 0 <= row < before.height and start + count * port <= before.pitch
        for _, beat, beats in block_rows(fields, tile):
            written[beat - after.address // 16 :][:beats] += 1
    lanes = step.tiling.lanes[0] * step.tiling.lanes[1]
    strips = len(tiles_of(fields)) * lanes * step.tiling.strip_rows
    assert marks == strips * step.tiling.strip_beats
    assert 0 < read <= marks
    row = -(-after.width * after.channels * after.dtype.itemsize // 16)
    rows = written[: after.height * after.pitch // 16].reshape(after.height, -1)
    assert rows[:, :row].all() and not rows[:, row:].any()


@pytest.mark.parametrize("seed", range(6), indirect=True)
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.shape)
def test_a_layer_takes_at_least_what_the_array_and_the_dram_need(seed, config):
    fields, task, step = planned(np.random.default_rng(seed), config)
    tiles = tiles_of(fields)
    _, compute = compute_cycles(task, config, step.tiling.cells)
    words = len(tiles) * task.weight_words
    rows = [row for tile in tiles for row in strip_rows(fields, tile, config.port_bytes)]
    words += sum(count for _, _, count in rows)
    assert step.cycles > len(tiles) * compute
    assert step.cycles > words


def test_a_dram_that_is_always_ready_leaves_the_array_alone():
    """A large kernel on a small feature map: nothing to wait for but the first tile."""
    config = CONFIGS[0]
    fields, task, step = planned(
        np.random.default_rng(1), config, kind="conv", kernel=7, stride=1, padding=3,
        in_channels=12, out_channels=16, output="int8", gdn=False,
    )
    swift = Timing(dram=DramTiming(0, 0, 0, 10**9, 0, 1, 1))
    _, compute = compute_cycles(task, config, step.tiling.cells)
    _, ends, spare = timeline.follow(tiles_of(fields), fields, task, config, swift)
    assert [b - a for a, b in zip(ends, ends[1:])] == [compute] * (len(ends) - 1)
    assert min(spare[1:]) > 0


def test_a_slow_dram_is_waited_for():
    config = CONFIGS[0]
    slow = Timing(dram=dataclasses.replace(DramTiming.of(100e6), activate=60, precharge=60))
    fields, task, step = planned(
        np.random.default_rng(2), config, kind="deconv", kernel=5, stride=2, padding=2,
        in_channels=16, out_channels=3, output="uint8", gdn=False,
    )
    assert timeline.predict(fields, task, config, slow) > 1.5 * step.cycles


def test_a_faster_array_gains_only_what_it_does_itself():
    config = CONFIGS[0]
    fields, task, step = planned(
        np.random.default_rng(1), config, kind="conv", kernel=5, stride=2, padding=2,
        in_channels=12, out_channels=16, output="int8", gdn="rsqrt",
    )
    twice = timeline.predict(fields, task, config, Timing(ratio=2))
    assert step.cycles < twice < 2 * step.cycles


@pytest.mark.parametrize("seed", range(6), indirect=True)
def test_some_tiles_stand_for_all(seed, monkeypatch):
    config = ArrayConfig(input_depth=1024, output_depth=512, middle_depth=512)
    rng = np.random.default_rng(seed)
    fields, task, step = planned(
        rng, config, 64, kind="conv", kernel=5, stride=2, padding=2, in_channels=12,
        out_channels=8, output="int8",
    )
    monkeypatch.setattr(timeline, "STEADY", 1000)
    whole = timeline.predict(fields, task, config)
    assert len(tiles_of(fields)) > 6
    assert step.cycles == pytest.approx(whole, rel=0.02)


def test_segments_larger_than_the_ring_stream_one_after_the_other(monkeypatch, seed):
    """The parser is at the next segment while the array still works on one that does not fit."""
    config = ArrayConfig(
        8, 4, 4, 2, input_depth=1024, weight_depth=64, middle_depth=128, output_depth=256,
    )
    counts, larger = [], 0
    beats = Weights._beats
    monkeypatch.setattr(
        Weights, "_beats", lambda self, count: counts.append(count) or beats(self, count)
    )
    rng = np.random.default_rng(seed)
    for _ in range(300):
        with contextlib.suppress(LitelicError):  # too large for this array
            _, task, step = planned(rng, config, smallest=4)
            assert step.cycles > 0
            larger += max(segment.words for segment in task.segments) > config.weight_depth
    assert larger > 5 and min(counts) >= 0
