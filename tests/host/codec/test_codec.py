"""Pictures through files and back, with a small random program and the golden model."""

import dataclasses

import numpy as np
import pytest

from litelic.host.codec import codec
from litelic.host.codec.pictures import Picture, extend
from litelic.host.errors import LitelicError
from litelic.host.program.symbols import latents_of
from tests.host.codec.models import GoldenEngine, small_program

HASH = bytes(range(32))


class UntouchedEngine:
    """Stands for an engine that must not be used."""

    def synthesise(self, latents):
        raise AssertionError("the engine was used")


@pytest.fixture(scope="module")
def program():
    return small_program(1)


@pytest.mark.parametrize("size", [(1, 1), (17, 31), (3, 50), (8, 8), (24, 16)])
@pytest.mark.parametrize("grey", [False, True])
def test_the_file_holds_all_that_decoding_needs(program, seed, size, grey):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    engine = GoldenEngine(program)
    data = codec.encode_picture(program, HASH, Picture(pixels, grey), engine)
    decoded = codec.decode_file(program, HASH, data, GoldenEngine(program))
    symbols = engine.analyse(extend(pixels, program.downsampling))
    expected = engine.synthesise(latents_of(program, symbols))
    assert np.array_equal(decoded.pixels, expected[: size[0], : size[1]])
    assert decoded.grey == grey
    lic, coded = codec.open_file(program, HASH, data)
    assert (lic.height, lic.width) == size
    assert np.array_equal(coded.first, symbols) and not coded.rest


def test_damage_and_other_models_are_found_before_the_engine_is_used(program):
    engine = GoldenEngine(program)
    picture = Picture(np.zeros((9, 9, 3), np.uint8))
    data = codec.encode_picture(program, HASH, picture, engine)
    for bad in (data[:-1], data[:-1] + bytes([data[-1] ^ 1]), data + b"\0"):
        with pytest.raises(LitelicError):
            codec.decode_file(program, HASH, bad, UntouchedEngine())
    with pytest.raises(LitelicError, match=f"{HASH[:16].hex()}.*program small-1"):
        codec.decode_file(program, bytes(32), data, UntouchedEngine())


def test_too_large_a_picture_is_refused(program):
    picture = Picture(np.zeros((4097, 1, 3), np.uint8))
    with pytest.raises(LitelicError, match="1x4097"):
        codec.encode_picture(program, HASH, picture, UntouchedEngine())


def test_an_engine_that_gives_another_shape_is_an_error(program):
    class Wrong(GoldenEngine):
        def analyse(self, pixels):
            return super().analyse(pixels)[:, :, :-1]

        def synthesise(self, latents):
            return super().synthesise(latents).astype(np.int16)

    picture = Picture(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(LitelicError, match="analysis gave"):
        codec.encode_picture(program, HASH, picture, Wrong(program))
    data = codec.encode_picture(program, HASH, picture, GoldenEngine(program))
    with pytest.raises(LitelicError, match="synthesis gave int16"):
        codec.decode_file(program, HASH, data, Wrong(program))


def test_a_synthesis_that_gives_too_few_pixels_is_an_error(program):
    last = dataclasses.replace(program.synthesis[-1], stride=1, output_padding=0)
    short = dataclasses.replace(program, synthesis=[program.synthesis[0], last])
    picture = Picture(np.zeros((8, 8, 3), np.uint8))
    data = codec.encode_picture(short, HASH, picture, GoldenEngine(short))
    with pytest.raises(LitelicError, match="does not mirror"):
        codec.decode_file(short, HASH, data, GoldenEngine(short))


@pytest.mark.parametrize("size", [(1, 1), (40, 24)])
def test_every_latent_survives(program, seed, size):
    """However far it lies outside of its channel's table."""
    rng = np.random.default_rng(seed)
    shape = (-(-size[0] // 8), -(-size[1] // 8), program.latent_channels)
    ends = np.array([-32768, -32767, -5000, -1, 0, 1, 5000, 32766, 32767], np.int16)
    latents = rng.choice(ends, shape)

    class FarEngine(GoldenEngine):
        def analyse(self, pixels):
            return latents

    picture = Picture(np.zeros((*size, 3), np.uint8))
    data = codec.encode_picture(program, HASH, picture, FarEngine(program))
    _, coded = codec.open_file(program, HASH, data)
    assert np.array_equal(coded.first, latents)
    decoded = codec.decode_file(program, HASH, data, GoldenEngine(program))
    expected = GoldenEngine(program).synthesise(latents_of(program, latents))
    assert np.array_equal(decoded.pixels, expected[: size[0], : size[1]])
