"""Engines of every shape, and random jobs for them: what all tests of the engine share."""

from dataclasses import replace

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.descriptor import COUNTERS
from litelic.host.errors import LitelicError
from litelic.host.program.layer import WIDE as WIDE_STORAGES
from litelic.host.program.layer import stored_as
from litelic.host.program.network import check_wide
from tests.accel.layers import Job, describe
from tests.random_layers import (
    STORAGES,
    random_input,
    random_layer,
    random_size,
)

MEMORY_BYTES = 2 << 20
PLAIN = ArrayConfig()
# Everything as small as it may be: weights do not fit the ring, tiles are tiny, edges everywhere.
TIGHT = ArrayConfig(
    8, 4, 4, 2, input_depth=1024, weight_depth=64, middle_depth=128, output_depth=256,
)
MORE_SHAPES = (
    ArrayConfig(4, 4, 2, 2, input_depth=2048, weight_depth=128, middle_depth=128, output_depth=512),
    ArrayConfig(4, 8, 6, 3, input_depth=1024, weight_depth=64, middle_depth=256, output_depth=256),
    ArrayConfig(8, 2, 1, 1, input_depth=512, weight_depth=256, middle_depth=64, output_depth=64),
    ArrayConfig(8, 6, 12, 4),
    ArrayConfig(8, 2, 3, 3, port_bytes=32),
    ArrayConfig(4, 8, 5, 1, input_depth=512, weight_depth=128, port_bytes=64),
)
# The like of both for 16-bit activations, with half the multipliers: they take a while to build.
PLAIN16 = ArrayConfig(pixels=4, epilogue=2, activation_bits=16)
TIGHT16 = replace(TIGHT, outputs=2, activation_bits=16)
# A wide memory, and a number of lanes that is no power of two.
WIDE = ArrayConfig(4, 4, 6, 3, input_depth=2048, weight_depth=512, port_bytes=64)
# Of bus and array clock: twice and half as fast, equal, and such that edges meet at every distance.
PERIODS = ((2, 1), (1, 2), (1, 1), (3, 2), (2, 3), (7, 5))
GATE16 = pytest.mark.parametrize("config", [PLAIN16, TIGHT16], ids=["plain", "tight"])
GATE = pytest.mark.parametrize("config", [PLAIN, TIGHT, WIDE], ids=["plain", "tight", "wide"])


def shape_id(config):
    return f"{config.shape}-{config.port_bytes}"


def run(engine, rng, job, stall=None, periods=(2, 1), max_cycles=20_000_000):
    """Run a job under random stalls and check everything it leaves behind."""
    stall = int(rng.choice([0, 40, 128, 200])) if stall is None else stall
    records = engine.run(
        job.memory, job.addresses, seed=int(rng.integers(2**31)), stall=stall,
        latency=int(rng.integers(6, 60)), max_cycles=max_cycles, periods=periods,
    )
    job.check()
    for record in records:
        assert sum(record[name] for name in COUNTERS) == record["total"]
    return records


def fitting_job(rng, config, draw):
    """A `Job` from `draw()`, which returns (layers, x); drawn again while it does not fit."""
    for _ in range(100):
        layers, x = draw()
        try:
            return Job(rng, config, layers, x, MEMORY_BYTES)
        except LitelicError as error:
            assert "does not fit" in str(error)
    raise AssertionError("no random layer fits this array")


def random_job(rng, config, largest=16, **constraints):
    def draw():
        layer = random_layer(rng, **constraints)
        return [layer], random_input(rng, layer, *random_size(rng, layer, largest))

    return fitting_job(rng, config, draw)


def random_chain(rng, count, activation_bits=8):
    """Layers that feed one another, and an input of the first."""
    layers = []
    size = tuple(int(side) for side in rng.integers(4, 12, 2))
    first_size = size
    while len(layers) < count:
        before = layers[-1] if layers else None
        read = before.output if before else None
        if read == "int16":
            read = [storage for storage in STORAGES[activation_bits] if stored_as(storage) == read]
        layer = random_layer(
            rng, name=f"layer{len(layers)}", stride=[1, 2], kernel=range(1, 6),
            in_channels=before.out_channels if before else None,
            input=read, activation_bits=activation_bits,
        )
        try:
            after = layer.output_size(*size)
            if before and layer.input in WIDE_STORAGES:
                check_wide(layer, [before])
        except LitelicError:
            continue
        if max(after) <= 40:
            layers.append(layer)
            size = after
    return layers, random_input(rng, layers[0], *first_size)


def extreme_job(rng, config):
    """The largest weights and operands of either sign: sums use all of their bits."""
    layer = random_layer(
        rng, kind="conv", kernel=5, stride=1, padding=2, in_channels=12, out_channels=6,
        input="int16", output="int16", gdn=False,
    )
    layer.weight[:] = rng.choice(np.array([-127, 127], np.int8), layer.weight.shape)
    layer.weight[0], layer.weight[1] = -127, 127
    layer.bias[:2] = 2**31 - 1 - 300 * 127 * 256
    layer.lo, layer.hi = -(2**15), 2**15 - 1
    layer.multiplier[:2], layer.shift[:2] = 65535, 32
    layer.__post_init__()
    x = rng.choice(np.array([-(2**15), -257, -256, 255, 256, 2**15 - 1], np.int16), (9, 10, 12))
    x[:5, :5] = -(2**15)
    return Job(rng, config, [layer], x, MEMORY_BYTES)


def check_busy(engine_of, config, rng, **storages):
    layer = random_layer(
        rng, kind="conv", kernel=5, stride=2, padding=2, in_channels=16, out_channels=16,
        gdn=False, **storages,
    )
    job = Job(rng, config, [layer], random_input(rng, layer, 48, 64), MEMORY_BYTES)
    [record] = run(engine_of(config), rng, job, stall=0)
    assert job.steps[0].macs / (record["total"] * config.macs) > 0.8, f"{describe(layer)}: {record}"
