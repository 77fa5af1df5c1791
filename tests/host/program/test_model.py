"""Accumulators that cannot leave int32: what a program's layers prove together."""

from dataclasses import replace

import numpy as np
import pytest

from litelic.host.errors import LitelicError
from litelic.host.program.layer import largest_sums
from tests.host.codec.models import small_program
from tests.host.golden import reference
from tests.random_layers import random_layer


def wide_program(lo=-1000, hi=1000):
    """A random program whose latents are read as they are, and lie within `lo..hi`."""
    program = small_program(3)
    last = replace(program.analysis[-1], lo=lo, hi=hi)
    entry = replace(program.synthesis[0], input="wide")
    return replace(
        program, analysis=[program.analysis[0], last], synthesis=[entry, program.synthesis[1]],
        latent_factors=None,
    )


@pytest.mark.parametrize("lo, hi", [(-32768, 32767), (-5, 300), (0, 255), (17, 40), (-9, -3)])
@pytest.mark.parametrize("kind", ("conv", "deconv"))
@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_largest_sums_are_reached_and_never_exceeded(kind, lo, hi, seed):
    """Every weight meets its worst operand, or lies outside of the picture."""
    rng = np.random.default_rng(seed)
    layer = random_layer(
        rng, kind=kind, kernel=range(1, 6), in_channels=range(1, 3), out_channels=2, input="wide",
        gdn=False,
    )
    weight = layer.weight.astype(int)
    step = layer.stride if kind == "deconv" else 1
    reached = []
    for kernel in weight:
        phases = [kernel[y::step, x::step].ravel() for y in range(step) for x in range(step)]
        reached.append(max(
            sum(max(sign * tap * v for v in (0, lo, hi)) for tap in taps)
            for taps in phases for sign in (1, -1)
        ))
    assert largest_sums(layer.weight, lo, hi, step).tolist() == reached
    shape = (5, 6, layer.in_channels)
    operands = rng.choice([lo, hi], shape).tolist()
    sums = reference.convolution if kind == "conv" else reference.transposed_convolution
    if min(layer.output_size(*shape[:2])) > 0:
        got = np.abs(np.array(sums(layer, operands))).max(axis=(0, 1))
        assert (got <= reached).all()


def test_a_layer_is_held_to_what_the_one_before_it_stores():
    program = wide_program()
    first, last = program.analysis
    entry, exit_ = program.synthesis
    room = 2**31 - 1 - largest_sums(entry.weight, -700, 700, entry.stride)
    heavy = [replace(entry, bias=room.astype(np.int32)), exit_]
    with pytest.raises(LitelicError, match="layer g_s.0: the accumulator would need more than 32"):
        replace(program, synthesis=heavy)
    replace(program, analysis=[first, replace(last, lo=-700, hi=700)], synthesis=heavy)


def test_only_int16_can_be_read_wide():
    program = wide_program()
    with pytest.raises(LitelicError, match="layer g_a.2: reads wide, g_a.0 stores int8"):
        replace(program, analysis=[
            program.analysis[0], replace(program.analysis[1], input="wide")
        ])


def test_bits_of_activations():
    assert small_program(3).activation_bits == 8
    program = wide_program()
    assert program.activation_bits == 16
    assert [layer.activation_bits for layer in program.synthesis] == [16, 8]
    layer = small_program(3).analysis[0]
    assert replace(layer, gdn=replace(layer.gdn, operand_bits=15)).activation_bits == 16
    for bits in (0, 7, 9, 16):
        with pytest.raises(LitelicError, match="operand_bits must be 8 or 15"):
            replace(layer.gdn, operand_bits=bits)


@pytest.mark.parametrize("factors", (
    np.zeros(6, np.uint8), np.ones(5, np.uint8), np.ones(6, np.int16), np.ones((6, 1), np.uint8),
))
def test_factors_of_latents_are_checked(factors):
    with pytest.raises(LitelicError, match=r"factors of latents must be 1\.\.255, uint8\[6\]"):
        replace(small_program(3), latent_factors=factors)


def test_latents_read_as_wide_have_no_factors():
    with pytest.raises(LitelicError, match="read as wide without a hyperprior"):
        replace(wide_program(), latent_factors=np.full(6, 2, np.uint8))


@pytest.mark.parametrize("kind, weights", [("pair", 2), ("conv", 1)])
def test_a_sum_or_a_copy_counts_the_weights_that_it_has(kind, weights):
    rng = np.random.default_rng(1)
    layer = random_layer(
        rng, kind=kind, kernel=1, stride=1, padding=0, in_channels=8, out_channels=8, gdn=False,
    )
    identity = np.eye(8, dtype=np.int8)[:, None, None].repeat(weights, axis=1)
    assert replace(layer, weight=identity).macs(3, 5) == 15 * 8 * weights
    dense = replace(layer, weight=np.ones_like(identity))
    assert dense.macs(3, 5) == 15 * 64 * weights
