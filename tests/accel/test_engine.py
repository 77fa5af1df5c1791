"""The whole engine in Verilator, bit for bit against the golden model.

The memory stalls at random, its latency varies, and every byte of it is compared.
"""

from dataclasses import replace

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.multipliers import DSP48, ECP5
from litelic.host.errors import LitelicError
from litelic.host.program.layer import FUNCTIONS
from tests.accel.engine_jobs import (
    GATE,
    MEMORY_BYTES,
    MORE_SHAPES,
    PERIODS,
    PLAIN,
    TIGHT,
    TIGHT16,
    WIDE,
    check_busy,
    extreme_job,
    fitting_job,
    random_chain,
    random_job,
    run,
    shape_id,
)
from tests.accel.layers import Job
from tests.random_layers import (
    STORAGES,
    random_input,
    random_layer,
    random_pair,
)

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


@pytest.mark.long
@pytest.mark.parametrize("config", [PLAIN, TIGHT, WIDE, *MORE_SHAPES], ids=shape_id)
@pytest.mark.parametrize("seed", range(60), indirect=True)
def test_many_pairs_of_maps(engine_of, config, seed):
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, fitting_job(rng, config, lambda: random_pair(rng, largest=24)))


# Technologies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("technology", (
    pytest.param(ECP5, marks=pytest.mark.long),  # minutes to compile
    DSP48,
))
@pytest.mark.parametrize("seed", range(6), indirect=True)
def test_every_family_s_multipliers(engine_of, technology, seed):
    """The cells of an ECP5 are models of ours: tests/accel/ecp5_*.v."""
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
    (ECP5_BLOCKS[0], True),  # which test_netlist.py compiles, too
    pytest.param(ECP5_BLOCKS[1], False, marks=pytest.mark.long),  # two minutes to compile
    pytest.param(ECP5_BLOCKS[2], False, marks=pytest.mark.long),
], ids=("default", "deep", "16-bit"))
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_every_block_of_an_ecp5(engine_of, config, two_clocks, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, config, gdn=FUNCTIONS[seed % len(FUNCTIONS)])
    run(engine_of(config, two_clocks, ECP5), rng, job, periods=(3, 2))


# Clocks -------------------------------------------------------------------------------------------


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
    rng = np.random.default_rng(seed)
    run(engine_of(config), rng, extreme_job(rng, config))


# Time ---------------------------------------------------------------------------------------------


def test_the_array_is_busy(engine_of, seed):
    """A layer of an ordinary size, with a memory that keeps up: few cycles are lost."""
    rng = np.random.default_rng(seed)
    check_busy(engine_of, PLAIN, rng, input="int8", output="int8")


# Errors -------------------------------------------------------------------------------------------


def test_a_descriptor_without_magic_stops(engine_of, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, PLAIN)
    job.memory[0] ^= 1
    with pytest.raises(LitelicError, match="malformed descriptor"):
        engine_of(PLAIN).run(job.memory, job.addresses)
