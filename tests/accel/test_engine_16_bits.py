"""The engine with 16-bit activations, bit for bit against the golden model."""

from dataclasses import replace

import numpy as np
import pytest

from litelic.host.program.layer import FUNCTIONS, STORAGE_BYTES
from tests.accel.engine_jobs import (
    GATE16,
    MEMORY_BYTES,
    PLAIN16,
    TIGHT16,
    WIDE,
    check_busy,
    fitting_job,
    random_chain,
    random_job,
    run,
)
from tests.accel.layers import Job
from tests.random_layers import (
    random_input,
    random_layer,
    random_pair,
    random_size,
)


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
