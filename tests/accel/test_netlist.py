"""The engine behind synthesis, in cells of an ECP5, bit for bit against the golden model."""

import re
from dataclasses import replace

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.host.program.layer import FUNCTIONS
from tests.accel.engine_jobs import (
    PERIODS,
    PLAIN,
    WIDE,
    extreme_job,
    fitting_job,
    random_chain,
    random_job,
    run,
)
from tests.random_layers import STORAGES, random_input, random_layer, random_pair, random_size

# Few multipliers, since netlists take long to compile, and the memories of the default array.
SMALL = ArrayConfig(4, 4, 2, 1)
# Netlists are slow: sides of an input, and when a run is given up.
LARGEST = 6
MAX_CYCLES = 100_000
CAMPAIGN = pytest.mark.parametrize(
    "config", [PLAIN, replace(PLAIN, activation_bits=16), WIDE], ids=["plain", "16-bit", "wide"],
)


def check(engine, rng, job, max_cycles=MAX_CYCLES):
    periods = PERIODS[rng.integers(len(PERIODS))]
    run(engine, rng, job, periods=periods, max_cycles=max_cycles)


# Layers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", (False, *FUNCTIONS))
@pytest.mark.parametrize("kind", ("conv", "deconv"))
def test_every_normalisation(netlist_of, function, kind, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, SMALL, LARGEST, kind=kind, gdn=function, kernel=range(1, 6))
    check(netlist_of(SMALL), rng, job)


@pytest.mark.parametrize("storage", STORAGES[8])
@pytest.mark.parametrize("output", ("int8", "uint8", "int16"))
def test_every_storage(netlist_of, storage, output, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, SMALL, LARGEST, input=storage, output=output, kernel=range(1, 4))
    check(netlist_of(SMALL), rng, job)


@pytest.mark.parametrize("slope", (0, 655))
def test_slope_of_negative_results(netlist_of, slope, seed):
    rng = np.random.default_rng(seed)

    def draw():
        layer = random_layer(rng, gdn=False, kernel=range(1, 4), output="int8")
        layer = replace(layer, negative_slope=slope, lo=-128, hi=127)
        return [layer], random_input(rng, layer, *random_size(rng, layer, LARGEST))

    check(netlist_of(SMALL), rng, fitting_job(rng, SMALL, draw))


@pytest.mark.parametrize("shuffle", (2, 4))
def test_shuffled_results(netlist_of, shuffle, seed):
    rng = np.random.default_rng(seed)
    job = random_job(
        rng, SMALL, LARGEST, kind="conv", kernel=[1, 3], stride=1, gdn=False, shuffle=shuffle,
        out_channels=shuffle**2,
    )
    check(netlist_of(SMALL), rng, job)


@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_pair_of_maps(netlist_of, seed):
    rng = np.random.default_rng(seed)
    job = fitting_job(rng, SMALL, lambda: random_pair(rng, largest=LARGEST))
    check(netlist_of(SMALL), rng, job)


def test_chain_of_layers(netlist_of, seed):
    rng = np.random.default_rng(seed)
    check(netlist_of(SMALL), rng, fitting_job(rng, SMALL, lambda: random_chain(rng, 3)))


def test_extremes(netlist_of, seed):
    rng = np.random.default_rng(seed)
    check(netlist_of(SMALL), rng, extreme_job(rng, SMALL))


# Cells --------------------------------------------------------------------------------------------


def test_every_kind_of_cell_is_there(netlist_of):
    """Or else the tests above would not have run it."""
    text = (netlist_of(SMALL).folder / "netlist.v").read_text()
    cells = set(re.findall(r"^  ([A-Z]\w+) #\(", text, re.MULTILINE))
    assert cells == {"CCU2C", "DP16KD", "LUT4", "MULT18X18D", "TRELLIS_DPR16X4", "TRELLIS_FF"}


# Campaign -----------------------------------------------------------------------------------------


@pytest.mark.long
@CAMPAIGN
@pytest.mark.parametrize("seed", range(40), indirect=True)
def test_many_random_layers(netlist_of, config, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, config, activation_bits=config.activation_bits)
    check(netlist_of(config), rng, job, 50 * MAX_CYCLES)


@pytest.mark.long
@CAMPAIGN
@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_many_pairs_of_maps(netlist_of, config, seed):
    rng = np.random.default_rng(seed)
    job = fitting_job(rng, config, lambda: random_pair(rng, config.activation_bits))
    check(netlist_of(config), rng, job, 50 * MAX_CYCLES)
