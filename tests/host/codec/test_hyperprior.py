"""Pictures through a program with a hyperprior: files, damage, and latents of any size."""

from dataclasses import replace

import numpy as np
import pytest

from litelic.host.codec import by_scale, codec
from litelic.host.codec.container import MODEL_BYTES, LicFile, unpack
from litelic.host.codec.pictures import Picture, extend
from litelic.host.errors import LitelicError
from litelic.host.program.symbols import latents_of, means_of, scales_of, symbols_of
from tests.host.codec.models import GoldenEngine, hyper_program, laplacian_table, random_table

HASH = bytes(range(32))


@pytest.mark.parametrize("bits", (8, 16))
@pytest.mark.parametrize("means", (False, True))
@pytest.mark.parametrize("size", [(1, 1), (17, 31), (40, 50)])
def test_the_file_holds_all_that_decoding_needs(seed, size, means, bits):
    program = hyper_program(3, means, bits)
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    engine = GoldenEngine(program)
    data = codec.encode_picture(program, HASH, Picture(pixels), engine)
    decoded = codec.decode_file(program, HASH, data, GoldenEngine(program))
    latents, hyper, parameters = engine.analyse_with_hyperprior(
        extend(pixels, program.downsampling)
    )
    symbols = symbols_of(program, latents, parameters)
    read = latents_of(program, symbols, parameters)
    assert np.array_equal(decoded.pixels, engine.synthesise(read)[: size[0], : size[1]])
    _, coded = codec.open_file(program, HASH, data)
    assert np.array_equal(coded.first, hyper) and coded.rest
    assert np.array_equal(codec.decode_latents(program, coded, engine), read)
    # What is read differs from the latents by half a symbol at most, but for the clamp.
    inside = np.abs(latents) < program.analysis[-1].hi - 12
    distance = np.abs(read.astype(int) - latents)
    assert (2 * distance <= program.latent_factors)[inside].all() and distance.any()


def test_symbols_count_from_the_means():
    program = replace(hyper_program(1), latent_factors=np.array([1, 2, 3, 4, 5, 9], np.uint8))
    latents = np.array([-7, -1, 0, 1, 2, 30], np.int16).reshape(1, 1, 6)
    parameters = np.zeros((1, 1, 12), np.int16)
    parameters[..., 6:] = [0, 2, -1, 3, 4, -5]
    symbols = symbols_of(program, latents, parameters)
    assert symbols.tolist() == [[[-7, -1, 0, 0, 0, 4]]]  # halves go up: -3 / 2, -2 / 4
    assert latents_of(program, symbols, parameters).tolist() == [[[-7, 0, -1, 3, 4, 31]]]
    assert means_of(hyper_program(1, means=False), parameters) == 0


def test_a_scale_takes_the_table_of_the_first_threshold_that_is_not_below_it():
    program = hyper_program(1, means=False)
    scales = np.array([-32768, -50, -49, 20, 21, 32767], np.int16).reshape(1, 1, 6)
    assert scales_of(program, scales).tolist() == [[[0, 0, 1, 1, 2, 4]]]


@pytest.mark.parametrize("means", (False, True))
def test_every_latent_survives(means, seed):
    """However far it lies outside the tables, and whatever the scales say."""
    program = hyper_program(2, means)
    rng = np.random.default_rng(seed)
    last = program.analysis[-1]
    latents = rng.choice(np.array([last.lo, -300, -1, 0, 1, 299, last.hi], np.int16), (4, 6, 6))
    hyper = rng.integers(-30, 31, (2, 3, 4)).astype(np.int16)
    hyper[0, 0] = (-32768, 32767, -30, 30)  # read as int16, any hyper latent is harmless

    class Engine(GoldenEngine):
        def analyse_with_hyperprior(self, pixels):
            return latents, hyper, self.hyper_synthesise(hyper)

    engine = Engine(program)
    picture = Picture(np.zeros((32, 48, 3), np.uint8))
    data = codec.encode_picture(program, HASH, picture, engine)
    _, coded = codec.open_file(program, HASH, data)
    parameters = engine.hyper_synthesise(hyper)
    symbols = symbols_of(program, latents, parameters)
    assert np.array_equal(coded.first, hyper)
    read = codec.decode_latents(program, coded, engine)
    assert np.array_equal(read, latents_of(program, symbols, parameters))
    assert by_scale.HEAD.unpack_from(coded.rest)[1] > 10  # escapes


@pytest.mark.parametrize("seed", range(12), indirect=True)
def test_any_values_with_any_tables(seed):
    rng = np.random.default_rng(seed)
    tables = [random_table(rng) for _ in range(int(rng.integers(1, 70)))]
    shape = tuple(int(side) for side in rng.integers(1, 40, 3))
    chosen = rng.integers(0, len(tables), shape)
    values = rng.integers(-120, 120, shape).astype(np.int32)
    far = rng.random(shape) < 0.01
    values[far] = rng.choice(np.array([-(2**31), 2**31 - 1, 70000], np.int32), far.sum())
    payload = by_scale.encode(values, chosen, tables)
    decoded = by_scale.decode(payload, chosen, tables)
    assert decoded.dtype == np.int32 and np.array_equal(decoded, values)


def test_the_size_is_the_information(seed):
    """1 bit a symbol that is one of two, 5 of 32: 1 % and a few bytes more."""
    rng = np.random.default_rng(seed)
    tables = [laplacian_table(scale, 40) for scale in (0.5, 8)]
    frequencies = [np.diff(table.cdf.astype(np.int64)) for table in tables]
    chosen = rng.integers(0, 2, (60, 50, 8))
    values = np.zeros(chosen.shape, np.int32)
    bits = 0
    for i, frequency in enumerate(frequencies):
        likely = frequency[:-1] / frequency[:-1].sum()
        symbols = rng.choice(len(likely), (chosen == i).sum(), p=likely)
        values[chosen == i] = symbols + tables[i].offset
        bits += (16 - np.log2(frequency[symbols])).sum()
    size = len(by_scale.encode(values, chosen, tables))
    assert bits / 8 < size < 1.01 * bits / 8 + 60


def test_damage_is_told_and_nothing_else_happens(seed):
    """Behind right checksums, as a hostile file has them."""
    program = hyper_program(4)
    rng = np.random.default_rng(seed)
    engine = GoldenEngine(program)
    picture = Picture(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))
    lic = unpack(codec.encode_picture(program, HASH, picture, engine))

    def decode(payload):
        data = LicFile(30, 20, False, HASH[:MODEL_BYTES], bytes(payload)).pack()
        return codec.decode_file(program, HASH, data, engine)

    assert np.array_equal(decode(lic.payload).pixels.shape, (20, 30, 3))
    head = 4 + int.from_bytes(lic.payload[:4], "little")  # of the latents' part
    for bad in (b"\x09", b"\x00\xff\xff\xff\xff", b""):
        payload = lic.payload[:head] + bad
        data = LicFile(30, 20, False, HASH[:MODEL_BYTES], payload).pack()
        with pytest.raises(LitelicError, match="latents.*damaged|damaged.*latents"):
            codec.open_file(program, HASH, data)  # before any engine is asked
    told = 0
    for length in range(len(lic.payload)):
        with pytest.raises(LitelicError, match="damaged"):
            decode(lic.payload[:length])
    for _ in range(300):
        payload = bytearray(lic.payload)
        payload[rng.integers(len(payload))] ^= 1 << rng.integers(8)
        try:
            decode(payload)  # another picture, or
        except LitelicError as e:
            assert "damaged" in str(e) or "not know" in str(e)
            told += 1
    assert told > 50  # not where an escaped value lies


def test_hyper_latents_that_no_analysis_gives_are_refused():
    program = hyper_program(5, activation_bits=16)
    hyper = np.zeros((2, 3, 4), np.int16)
    hyper[1, 2, 3] = 31
    from litelic.host.codec import rans

    first = rans.encode(hyper, program.entropy)
    payload = codec.HYPER_LENGTH.pack(len(first)) + first + bytes(9)
    data = LicFile(48, 32, False, HASH[:MODEL_BYTES], payload).pack()
    with pytest.raises(LitelicError, match=r"a latent lies outside of -30\.\.30"):
        codec.open_file(program, HASH, data)


def test_a_hyper_synthesis_of_another_size_is_told():
    program = hyper_program(3)
    hyper = program.hyperprior
    plain = replace(hyper.synthesis[0], shuffle=1)
    last = replace(
        hyper.synthesis[1], weight=np.tile(hyper.synthesis[1].weight, (1, 1, 1, 4)),
    )
    smaller = replace(program, hyperprior=replace(hyper, synthesis=[plain, last]))
    picture = Picture(np.zeros((20, 30, 3), np.uint8))
    with pytest.raises(LitelicError, match="does not give one scale for each latent"):
        codec.encode_picture(smaller, HASH, picture, GoldenEngine(smaller))
    data = codec.encode_picture(program, HASH, picture, GoldenEngine(program))
    with pytest.raises(LitelicError, match="does not give one scale for each latent"):
        codec.open_file(smaller, HASH, data)


def test_no_map_is_larger_than_the_picture():
    """A small file could ask for any amount of memory otherwise."""
    program = hyper_program(3)
    hyper = program.hyperprior
    grown = [replace(hyper.synthesis[0], shuffle=2, name=f"h_s.x{i}") for i in range(8)]
    with pytest.raises(LitelicError, match=r"h_s\.x4: makes a map larger than the picture"):
        # 16 pixels a hyper latent: four times twice as large is the picture's size.
        replace(program, hyperprior=replace(hyper, synthesis=[*grown, hyper.synthesis[1]]))
    with pytest.raises(LitelicError, match="for 512 pixels in each direction, at most 256"):
        last = hyper.analysis[3]
        weight = np.ascontiguousarray(last.weight[..., :4])
        more = [replace(last, name=f"h_a.x{i}", weight=weight) for i in range(5)]
        replace(program, hyperprior=replace(hyper, analysis=[*hyper.analysis, *more]))
