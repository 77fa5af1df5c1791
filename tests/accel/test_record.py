"""Completion records: what a layer cost, in cycles by cause and in words of the DRAM."""

import struct

import numpy as np
import pytest

from litelic.accel.config import BEAT_BYTES
from litelic.accel.descriptor import COUNTERS, FIELDS
from litelic.host.planner.pack import pack
from tests.accel.engine_jobs import GATE, fitting_job, random_chain, random_job, run


def pair(value):
    """(rows, columns) of a field that holds both."""
    return range(value >> 16), range(value & 0xFFFF)


def blocks(f, prefix):
    """(y, x) of the first row and byte of every lane of every tile."""
    def place(axis, tile, lane):
        unit = {"y": "rows", "x": "bytes"}[axis]
        steps = tile * f[f"{prefix}_tile_{unit}"], lane * f[f"{prefix}_lane_{unit}"]
        return f[f"{prefix}_{axis}"] + sum(steps)

    (tile_rows, tile_columns), (lane_rows, lane_columns) = pair(f["tiles"]), pair(f["lanes"])
    return [
        (place("y", tile_y, lane_y), place("x", tile_x, lane_x))
        for tile_y in tile_rows for tile_x in tile_columns
        for lane_y in lane_rows for lane_x in lane_columns
    ]


def inside(first, size, limit, unit=1):
    """How many units of 0..limit the elements from `first` on lie in."""
    first, end = max(first, 0), min(first + size, limit)
    return max(0, -(-end // unit) - first // unit) if end > first else 0


def expected_traffic(step, config):
    """Words read and beats written, from the descriptor of a plan's step."""
    f = dict(zip(FIELDS, struct.unpack(f"<{len(FIELDS)}i", step.descriptor), strict=True))
    port = config.port_bytes
    tiles = len(pair(f["tiles"])[0]) * len(pair(f["tiles"])[1])
    return {
        "input_words": sum(
            inside(y, f["strip_rows"], f["in_rows"])
            * inside(x // port * port, f["strip_beats"] * port, f["in_row_bytes"], port)
            for y, x in blocks(f, "in")
        ),
        "weight_words": tiles * f["weight_words"],
        "output_beats": sum(
            inside(y, f["block_rows"], f["out_rows"])
            * inside(x, f["block_bytes"], f["out_row_bytes"], BEAT_BYTES)
            for y, x in blocks(f, "out")
        ),
    }


def check(job, records, config):
    for step, record in zip(job.steps, records, strict=True):
        assert sum(record[name] for name in COUNTERS) == record["total"]
        expected = expected_traffic(step, config)
        assert {name: record[name] for name in expected} == expected


@GATE
@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_traffic_is_what_the_descriptor_asks_for(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, config)
    check(job, run(engine_of(config), rng, job), config)


@GATE
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_every_layer_of_a_chain_is_counted_alone(engine_of, config, seed):
    """Queued together: what one leaves in the memory's queues is not counted with the next."""
    rng = np.random.default_rng(seed)
    job = fitting_job(rng, config, lambda: random_chain(rng, 4))
    records = run(engine_of(config), rng, job)
    check(job, records, config)
    # Reading a descriptor takes one latency at least, which `run` draws from 6 on.
    assert all(record["fetch"] > 6 for record in records)
    assert all(record["busy"] > 0 for record in records)


@GATE
def test_busy_cycles_are_the_words_of_the_weights(engine_of, config, seed):
    """The array multiplies once a weight word and pixel: nothing is computed twice or left out."""
    rng = np.random.default_rng(seed)
    job = random_job(rng, config)
    [record] = run(engine_of(config), rng, job)
    [step] = job.steps
    tiling, cell = step.tiling, step.layer.stride if step.layer.kind == "deconv" else 1
    tiles = tiling.tiles[0] * tiling.tiles[1]
    pixels = tiling.cells[0] * tiling.cells[1]
    words = sum(
        segment.words * pixels * (cell**2 if segment.gdn else 1)
        for segment in pack(step.layer, config).segments
    )
    assert record["busy"] == tiles * words
