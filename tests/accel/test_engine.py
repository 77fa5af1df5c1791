"""The whole engine in Verilator, bit for bit against the golden model.

The memory stalls at random, its latency varies, and every byte of it is compared.
"""

from dataclasses import replace

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.descriptor import COUNTERS
from litelic.accel.multipliers import DSP48, ECP5
from litelic.host.errors import LitelicError
from litelic.host.program.layer import FUNCTIONS, STORAGE_BYTES, stored_as
from litelic.host.program.layer import WIDE as WIDE_STORAGES
from litelic.host.program.network import check_wide
from tests.accel.layers import Job, describe
from tests.random_layers import (
    STORAGES,
    random_input,
    random_layer,
    random_pair,
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
GATE16 = pytest.mark.parametrize("config", [PLAIN16, TIGHT16], ids=["plain", "tight"])
GATE = pytest.mark.parametrize("config", [PLAIN, TIGHT, WIDE], ids=["plain", "tight", "wide"])


def shape_id(config):
    return f"{config.shape}-{config.port_bytes}"


def run(engine, rng, job, stall=None, periods=(2, 1)):
    """Run a job under random stalls and check everything it leaves behind."""
    stall = int(rng.choice([0, 40, 128, 200])) if stall is None else stall
    records = engine.run(
        job.memory, job.addresses, seed=int(rng.integers(2**31)), stall=stall,
        latency=int(rng.integers(6, 60)), max_cycles=20_000_000, periods=periods,
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


# Random layers ------------------------------------------------------------------------------------


@GATE
@pytest.mark.parametrize("seed", range(40), indirect=True)
def test_random_layer(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, random_job(rng, config))


@pytest.mark.long
@pytest.mark.parametrize("config", [PLAIN, TIGHT, WIDE, *MORE_SHAPES], ids=shape_id)
@pytest.mark.parametrize("seed", range(250), indirect=True)
def test_many_random_layers(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, random_job(rng, config, largest=24))


@GATE
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("kind", ("conv", "deconv"))
def test_every_normalisation(engine_of, config, function, kind, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, config, kind=kind, gdn=function, kernel=range(1, 6))
    run(engine_of(config), rng, job)


@GATE
@pytest.mark.parametrize("storage", STORAGES[8])
@pytest.mark.parametrize("output", ("int8", "uint8", "int16"))
def test_every_storage(engine_of, config, storage, output, seed):
    """int16 inputs hold values beyond the range of operands."""
    rng = np.random.default_rng(seed)
    job = random_job(rng, config, input=storage, output=output, kernel=range(1, 6))
    run(engine_of(config), rng, job)


@GATE
@pytest.mark.parametrize("seed", range(6), indirect=True)
def test_pair_of_maps(engine_of, config, seed):
    """Rows of two maps in turns; every second pair is a sum, whose weights are mostly trimmed."""
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, fitting_job(rng, config, lambda: random_pair(rng)))


@GATE
@pytest.mark.parametrize("shuffle", (2, 4))
def test_shuffled_results(engine_of, config, shuffle, seed):
    rng = np.random.default_rng(seed)
    job = random_job(
        rng, config, kind="conv", kernel=[1, 3], stride=[1, 2], gdn=False, shuffle=shuffle,
        out_channels=[shuffle**2, 3 * shuffle**2],
    )
    run(engine_of(config), rng, job)


# Technologies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("technology", (ECP5, DSP48))
@pytest.mark.parametrize("seed", range(6), indirect=True)
def test_every_family_s_multipliers(engine_of, technology, seed):
    """The cells of an ECP5 are models of ours: tests/accel/ecp5_cells.v."""
    rng = np.random.default_rng(seed)
    gdn = FUNCTIONS[seed % len(FUNCTIONS)] if seed % 2 else False
    job = random_job(rng, TIGHT, gdn=gdn)
    run(engine_of(TIGHT, technology=technology), rng, job)


# Depths at which an ECP5's block RAMs have words of 18 and 9 bits, of 4, 2 and 1, and of 18 bits
# with a write enable for 16.
ECP5_BLOCKS = (
    ArrayConfig(4, 4, 2, 1),
    ArrayConfig(4, 4, 2, 1, input_depth=32768, weight_depth=4096, middle_depth=16384),
    replace(TIGHT16, middle_depth=512),
)


@pytest.mark.parametrize("config, two_clocks", [
    (ECP5_BLOCKS[0], True), *((config, False) for config in ECP5_BLOCKS[1:]),
], ids=("default", "deep", "16-bit"))
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_every_block_of_an_ecp5(engine_of, config, two_clocks, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, config, gdn=FUNCTIONS[seed % len(FUNCTIONS)])
    run(engine_of(config, two_clocks, ECP5), rng, job, periods=(3, 2))


# 16-bit activations -------------------------------------------------------------------------------


@GATE16
@pytest.mark.parametrize("seed", range(16), indirect=True)
def test_random_layer_of_16_bits(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, random_job(rng, config, activation_bits=16))


@pytest.mark.long
@pytest.mark.parametrize(
    "config", [PLAIN16, TIGHT16, replace(WIDE, activation_bits=16)], ids=["plain", "tight", "wide"]
)
@pytest.mark.parametrize("seed", range(250), indirect=True)
def test_many_random_layers_of_16_bits(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, random_job(rng, config, largest=24, activation_bits=16))


@GATE16
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("kind", ("conv", "deconv"))
def test_every_normalisation_of_15_bit_operands(engine_of, config, function, kind, seed):
    rng = np.random.default_rng(seed)

    def draw():
        layer = random_layer(
            rng, kind=kind, gdn=function, kernel=range(1, 6), activation_bits=16, input="wide",
            output="int16",
        )
        if layer.gdn.operand_bits == 8:
            return draw()
        return [layer], random_input(rng, layer, *random_size(rng, layer, 16))

    run(engine_of(config), rng, fitting_job(rng, config, draw))


@GATE16
@pytest.mark.parametrize("storage", STORAGE_BYTES)
def test_every_storage_on_an_array_of_16_bits(engine_of, config, storage, seed):
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, random_job(rng, config, input=storage, kernel=range(1, 6)))


@pytest.mark.long
@pytest.mark.parametrize("config", [PLAIN, TIGHT, WIDE, *MORE_SHAPES], ids=shape_id)
@pytest.mark.parametrize("seed", range(60), indirect=True)
def test_many_pairs_of_maps(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, fitting_job(rng, config, lambda: random_pair(rng, largest=24)))


@GATE16
@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_pair_of_maps_of_16_bits(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, fitting_job(rng, config, lambda: random_pair(rng, 16)))


@GATE16
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_chain_of_layers_of_16_bits(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    job = fitting_job(rng, config, lambda: random_chain(rng, 5, activation_bits=16))
    run(engine_of(config), rng, job)


@GATE16
def test_extremes_of_16_bits(engine_of, config, seed):
    """The largest weights and operands of either sign: sums at both ends of int32."""
    rng = np.random.default_rng(seed)
    layer = random_layer(
        rng, kind="conv", kernel=5, stride=1, padding=2, in_channels=12, out_channels=6,
        input="wide", output="int16", gdn=False,
    )
    layer.weight[:] = rng.choice(np.array([-127, 127], np.int8), layer.weight.shape)
    layer.weight[0] = -127
    layer.bias[0] = 2**31 - 1 - 300 * 127 * 32768
    layer.lo, layer.hi = -(2**15), 2**15 - 1
    layer.multiplier[0], layer.shift[0] = 65535, 32
    layer.__post_init__()
    layer.check_sums(-(2**15), 2**15 - 1)
    x = rng.choice(np.array([-(2**15), -257, -1, 0, 256, 2**15 - 1], np.int16), (9, 10, 12))
    x[:5, :5] = -(2**15)
    run(engine_of(config), rng, Job(rng, config, [layer], x, MEMORY_BYTES))


def test_the_array_is_busy_with_16_bits(engine_of, seed):
    """A product a multiplier and cycle, as with 8 bits: only the traffic is twice as much."""
    rng = np.random.default_rng(seed)
    check_busy(engine_of, PLAIN16, rng, input="wide", output="int16")


# Clocks -------------------------------------------------------------------------------------------

# Twice and half as fast, equal, and such that edges meet at every distance.
PERIODS = ((2, 1), (1, 2), (1, 1), (3, 2), (2, 3), (7, 5))


@pytest.mark.parametrize("config", [PLAIN, WIDE], ids=["plain", "wide"])
@pytest.mark.parametrize("periods", PERIODS, ids=str)
@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_array_with_its_own_clock(engine_of, config, periods, seed):
    rng = np.random.default_rng(seed)
    job = fitting_job(rng, config, lambda: random_chain(rng, 3))
    run(engine_of(config, two_clocks=True), rng, job, periods=periods)


@pytest.mark.long
@pytest.mark.parametrize("config", [PLAIN, TIGHT, WIDE], ids=["plain", "tight", "wide"])
@pytest.mark.parametrize("seed", range(100), indirect=True)
def test_many_random_layers_with_two_clocks(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    periods = PERIODS[rng.integers(len(PERIODS))]
    job = random_job(rng, config, largest=24)
    run(engine_of(config, two_clocks=True), rng, job, periods=periods)


# Chains -------------------------------------------------------------------------------------------


@GATE
@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_chain_of_layers(engine_of, config, seed):
    """Descriptors queued together: each reads what the one before has just written."""
    rng = np.random.default_rng(seed)
    job = fitting_job(rng, config, lambda: random_chain(rng, 5))
    run(engine_of(config), rng, job)


def test_chain_longer_than_the_queue(engine_of, seed):
    rng = np.random.default_rng(seed)
    layers = [
        random_layer(
            rng, name=f"layer{i}", kind="conv", kernel=1, stride=1, padding=0, in_channels=3,
            out_channels=3, input="int8", output="int8", gdn=False,
        )
        for i in range(40)
    ]
    job = Job(rng, PLAIN, layers, random_input(rng, layers[0], 3, 5), MEMORY_BYTES)
    run(engine_of(PLAIN), rng, job)


# Corners ------------------------------------------------------------------------------------------

CORNERS = {
    "one pixel, one channel": dict(
        kind="conv", kernel=1, stride=1, padding=0, in_channels=1, out_channels=1, size=(1, 1),
    ),
    "one input pixel, grown": dict(kind="deconv", kernel=5, stride=4, padding=0, size=(1, 1)),
    "padding beyond the kernel": dict(kind="conv", kernel=(2, 7), padding=6, size=(3, 4)),
    "padding beyond the picture": dict(kind="conv", kernel=9, padding=8, size=(1, 2)),
    "phases without taps": dict(kind="deconv", kernel=(1, 2), stride=4, padding=0, size=(5, 3)),
    "a single tap in 16 phases": dict(
        kind="deconv", kernel=1, stride=4, padding=0, output_padding=3, size=(4, 4), gdn=True,
    ),
    "stride beyond the kernel": dict(kind="conv", kernel=1, stride=4, padding=0, size=(17, 18)),
    "all phases of stride 4": dict(kind="deconv", kernel=9, stride=4, padding=3, size=(5, 6)),
    "tiles that share beats": dict(
        kind="conv", kernel=3, stride=1, padding=1, in_channels=3, out_channels=3, size=(33, 37),
    ),
    "one row": dict(kind="conv", kernel=(1, 5), stride=1, padding=2, size=(1, 40)),
    "one column": dict(kind="deconv", kernel=(5, 1), stride=2, padding=0, size=(30, 1)),
    "weights beyond a ring of 64 words": dict(
        kind="conv", kernel=(7, 7), stride=1, padding=3, in_channels=16, out_channels=9,
        size=(5, 5), gdn=False,
    ),
    "many outputs": dict(
        kind="conv", kernel=1, stride=1, padding=0, in_channels=3, out_channels=50, size=(4, 7),
        gdn=False,
    ),
    "many inputs": dict(
        kind="conv", kernel=1, stride=1, padding=0, in_channels=100, out_channels=5, size=(4, 7),
    ),
}


@GATE
@pytest.mark.parametrize("corner", CORNERS)
def test_corner(engine_of, config, corner, seed):
    rng = np.random.default_rng(seed)
    constraints = dict(CORNERS[corner])
    size = constraints.pop("size")

    def draw():
        layer = random_layer(rng, **constraints)
        return [layer], random_input(rng, layer, *size)

    run(engine_of(config), rng, fitting_job(rng, config, draw))


@GATE
def test_extremes(engine_of, config, seed):
    """The largest weights and operands of either sign: sums use all of their bits."""
    rng = np.random.default_rng(seed)
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
    run(engine_of(config), rng, Job(rng, config, [layer], x, MEMORY_BYTES))


# Time ---------------------------------------------------------------------------------------------


def test_the_array_is_busy(engine_of, seed):
    """A layer of an ordinary size, with a memory that keeps up: few cycles are lost."""
    rng = np.random.default_rng(seed)
    check_busy(engine_of, PLAIN, rng, input="int8", output="int8")


def check_busy(engine_of, config, rng, **storages):
    layer = random_layer(
        rng, kind="conv", kernel=5, stride=2, padding=2, in_channels=16, out_channels=16,
        gdn=False, **storages,
    )
    job = Job(rng, config, [layer], random_input(rng, layer, 48, 64), MEMORY_BYTES)
    [record] = run(engine_of(config), rng, job, stall=0)
    assert job.steps[0].macs / (record["total"] * config.macs) > 0.8, f"{describe(layer)}: {record}"


# Errors -------------------------------------------------------------------------------------------


def test_a_descriptor_without_magic_stops(engine_of, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, PLAIN)
    job.memory[0] ^= 1
    with pytest.raises(LitelicError, match="malformed descriptor"):
        engine_of(PLAIN).run(job.memory, job.addresses)
