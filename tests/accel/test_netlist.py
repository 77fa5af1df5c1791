"""The engine behind synthesis, in cells of an ECP5: the golden model's bytes, the RTL's cycles."""

import copy
import re
from dataclasses import replace

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.accel.multipliers import ECP5
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


@pytest.fixture
def check(netlist_of, engine_of):
    """A function that runs a job on the netlist, and once more on the RTL that it was made of."""

    def check(rng, config, job, max_cycles=MAX_CYCLES):
        options = {"periods": PERIODS[rng.integers(len(PERIODS))], "max_cycles": max_cycles}
        same = copy.deepcopy((rng, job))
        records = run(netlist_of(config), rng, job, **options)
        assert records == run(engine_of(config, True, ECP5), *same, **options)

    return check


# Layers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_random_layer(check, seed):
    rng = np.random.default_rng(seed)
    check(rng, SMALL, random_job(rng, SMALL, LARGEST))


@pytest.mark.parametrize("function", (False, *FUNCTIONS))
@pytest.mark.parametrize("kind", ("conv", "deconv"))
def test_every_normalisation(check, function, kind, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, SMALL, LARGEST, kind=kind, gdn=function, kernel=range(1, 6))
    check(rng, SMALL, job)


@pytest.mark.parametrize("storage", STORAGES[8])
@pytest.mark.parametrize("output", ("int8", "uint8", "int16"))
def test_every_storage(check, storage, output, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, SMALL, LARGEST, input=storage, output=output, kernel=range(1, 4))
    check(rng, SMALL, job)


@pytest.mark.parametrize("slope", (0, 655))
def test_slope_of_negative_results(check, slope, seed):
    rng = np.random.default_rng(seed)

    def draw():
        layer = random_layer(rng, gdn=False, kernel=range(1, 4), output="int8")
        layer = replace(layer, negative_slope=slope, lo=-128, hi=127)
        return [layer], random_input(rng, layer, *random_size(rng, layer, LARGEST))

    check(rng, SMALL, fitting_job(rng, SMALL, draw))


@pytest.mark.parametrize("shuffle", (2, 4))
def test_shuffled_results(check, shuffle, seed):
    rng = np.random.default_rng(seed)
    job = random_job(
        rng, SMALL, LARGEST, kind="conv", kernel=[1, 3], stride=1, gdn=False, shuffle=shuffle,
        out_channels=shuffle**2,
    )
    check(rng, SMALL, job)


@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_pair_of_maps(check, seed):
    rng = np.random.default_rng(seed)
    job = fitting_job(rng, SMALL, lambda: random_pair(rng, largest=LARGEST))
    check(rng, SMALL, job)


def test_chain_of_layers(check, seed):
    rng = np.random.default_rng(seed)
    check(rng, SMALL, fitting_job(rng, SMALL, lambda: random_chain(rng, 3)))


def test_extremes(check, seed):
    rng = np.random.default_rng(seed)
    check(rng, SMALL, extreme_job(rng, SMALL))


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
def test_many_random_layers(check, config, seed):
    rng = np.random.default_rng(seed)
    job = random_job(rng, config, activation_bits=config.activation_bits)
    check(rng, config, job, 50 * MAX_CYCLES)


@pytest.mark.long
@CAMPAIGN
@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_many_pairs_of_maps(check, config, seed):
    rng = np.random.default_rng(seed)
    job = fitting_job(rng, config, lambda: random_pair(rng, config.activation_bits))
    check(rng, config, job, 50 * MAX_CYCLES)
