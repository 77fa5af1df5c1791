"""Between networks and entropy coder: what the synthesis reads of symbols."""

from dataclasses import replace

import numpy as np
import pytest

from litelic.host.codec import codec, rans
from litelic.host.codec.container import MODEL_BYTES, LicFile
from litelic.host.engines.golden import GoldenEngine
from litelic.host.errors import LitelicError
from litelic.host.program.symbols import input_of, latents_of, symbols_of
from tests.host.codec.models import hyper_program, small_program
from tests.host.program.test_model import wide_program


@pytest.mark.parametrize("value", (-32768, -1001, 1001, 32767))
def test_latents_that_no_analysis_gives_are_refused(value):
    """By the decoder, before any engine sees them, and by the engines."""
    program, model_hash = wide_program(), bytes(32)
    latents = np.zeros((2, 3, program.latent_channels), np.int16)
    latents[1, 2, 3], latents[0, 0, 0] = -1000, 1000
    assert np.array_equal(latents_of(program, latents), latents)
    latents[0, 1, 2] = value
    payload = rans.encode(latents, program.entropy)
    data = LicFile(24, 16, False, model_hash[:MODEL_BYTES], payload).pack()
    with pytest.raises(LitelicError, match=r"a latent lies outside of -1000\.\.1000.*damaged"):
        codec.open_file(program, model_hash, data)
    with pytest.raises(LitelicError, match=r"a latent lies outside of -1000\.\.1000"):
        GoldenEngine(program).synthesise(latents)
    latents_of(small_program(3), latents)  # saturated to 9 bits: any will do


def test_the_synthesis_reads_symbols_times_their_factors():
    program = small_program(3)
    factors = np.arange(1, program.latent_channels + 1).astype(np.uint8)
    program = replace(program, latent_factors=factors)
    symbols = np.arange(-3, 3).reshape(1, 1, -1).repeat(2, axis=1).astype(np.int16)
    read = latents_of(program, symbols)
    assert read.dtype == np.int16 and read.tolist() == (symbols * factors.astype(int)).tolist()
    symbols[0, 0, 5], symbols[0, 1, 5] = 32767, -32768  # any symbol: saturated, not wrapped
    assert latents_of(program, symbols)[0, :, 5].tolist() == [32767, -32768]
    assert symbols[0, 0, 5] == 32767


def test_with_a_hyperprior_latents_are_held_to_what_the_analysis_gives():
    program = hyper_program(1)
    symbols = np.full((1, 1, 6), 2**31 - 1, np.int32)
    parameters = np.full((1, 1, 12), 32767, np.int16)
    assert latents_of(program, symbols, parameters).tolist() == [[[900] * 6]]
    assert latents_of(program, -symbols, parameters).tolist() == [[[-900] * 6]]


@pytest.mark.parametrize("means", (False, True))
def test_a_latent_that_becomes_a_symbol_by_an_odd_factor_is_rounded_once(means):
    """To a part of a symbol and then to a symbol, or at once: the same."""
    program = replace(
        hyper_program(1, means), latent_factors=np.array([1, 3, 5, 7, 9, 255], np.uint8)
    )
    real = np.random.default_rng(2).uniform(-3, 3, (50, 40, 6))
    latents = np.floor(real * program.latent_factors + 0.5).astype(np.int16)
    parameters = np.zeros((50, 40, 12), np.int16)
    symbols = symbols_of(program, latents, parameters)
    assert np.array_equal(symbols, np.floor(real + 0.5))


def test_every_network_reads_what_the_ones_before_it_give():
    program = hyper_program(6)
    pixels = np.random.default_rng(3).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    engine = GoldenEngine(program)
    latents, hyper, parameters = engine.analyse_with_hyperprior(pixels)
    results = {"analysis": latents, "hyper_analysis": hyper, "hyper_synthesis": parameters}
    read = {name: input_of(program, name, pixels, results) for name in program.networks}
    assert read["analysis"] is pixels and read["hyper_analysis"] is latents
    assert read["hyper_synthesis"] is hyper
    symbols = symbols_of(program, latents, parameters)
    assert np.array_equal(read["synthesis"], latents_of(program, symbols, parameters))
    plain = small_program(6)
    symbols = GoldenEngine(plain).analyse(pixels)
    got = input_of(plain, "synthesis", pixels, {"analysis": symbols})
    assert np.array_equal(got, latents_of(plain, symbols))
