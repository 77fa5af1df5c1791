"""`litelic.connect`, without a board: the golden engine's bytes, whatever a picture comes as."""

import asyncio
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import litelic
from litelic.host.api import load_program
from litelic.host.codec import codec, pictures
from litelic.host.codec.pictures import Picture
from litelic.host.engines.golden import GoldenEngine

SIZE = 40, 56


def colours(chance, size=SIZE):
    return chance.integers(0, 256, (*size, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def board():
    with litelic.connect(golden=True) as opened:
        yield opened


def expected(picture):
    program, model_hash = load_program()
    return codec.encode_picture(program, model_hash, picture, GoldenEngine(program))


def test_pictures_of_every_kind(board, tmp_path, seed):
    pixels = colours(np.random.default_rng(seed))
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)
    data = expected(Picture(pixels))
    for source in (path, str(path), pixels, Image.fromarray(pixels), Picture(pixels)):
        assert board.encode(source) == data
    grey = pixels[..., 0]
    assert board.encode(grey) == board.encode(Image.fromarray(grey))
    assert board.decode(board.encode(grey)).grey


def test_decoding(board, seed):
    pixels = colours(np.random.default_rng(seed))
    data = board.encode(pixels)
    program, model_hash = load_program()
    wanted = codec.decode_file(program, model_hash, data, GoldenEngine(program))
    assert np.array_equal(board.decode(data).pixels, wanted.pixels)


def test_streams_keep_the_order(board, seed):
    chance = np.random.default_rng(seed)
    sources = [colours(chance, (16 * n, 64)) for n in (3, 1, 2)]
    wanted = [board.encode(source) for source in sources]

    async def later():
        for source in sources:
            await asyncio.sleep(0)
            yield source

    async def run():
        assert [data async for data in board.encode_stream(sources)] == wanted
        assert [data async for data in board.encode_stream(later())] == wanted
        decoded = [picture async for picture in board.decode_stream(wanted)]
        assert [picture.pixels.shape for picture in decoded] == [s.shape for s in sources]
        async for data in board.encode_stream(sources):
            assert data == wanted[0]
            break  # the rest is not wanted
        assert [data async for data in board.encode_stream([])] == []

    asyncio.run(run())


def test_a_bad_picture_ends_a_stream_with_an_error(board, seed):
    chance = np.random.default_rng(seed)

    async def run():
        return [data async for data in board.encode_stream([colours(chance), np.zeros(3)])]

    with pytest.raises(litelic.LitelicError, match="is no picture"):
        asyncio.run(run())
    assert board.encode(colours(chance)), "and the next one is served"


@pytest.mark.parametrize(("source", "words"), [
    (np.zeros((4, 4, 3)), "give uint8"), (np.zeros((4, 4, 4), np.uint8), "give uint8"),
    (7, "a int is no picture"), ("missing.png", "there is no file missing.png"),
    (Image.new("RGBA", (8, 8)), "partly transparent"), (Image.new("CMYK", (8, 8)), "CMYK"),
])
def test_what_is_no_picture(board, source, words):
    with pytest.raises(litelic.LitelicError, match=words):
        board.encode(source)


def test_transparency(board):
    clear = Image.new("RGBA", SIZE[::-1])
    white = pictures.from_pillow(clear, "white")
    assert board.encode(clear, flatten="white") == board.encode(white)


def test_wrong_use(tmp_path):
    for where in ({}, {"sim": True, "golden": True}, {"url": "x", "sim": True}):
        with pytest.raises(litelic.LitelicError, match="a board's url, or sim=True, or golden"):
            litelic.connect(**where)
    with pytest.raises(litelic.LitelicError, match="a program or a quality, not both"):
        litelic.connect(golden=True, program="x.licp", quality=1)
    with pytest.raises(litelic.LitelicError, match="quality 9 is none of 1, 2"):
        litelic.connect(golden=True, quality=9)
    with pytest.raises(litelic.LitelicError, match="nothing is listening"):
        litelic.connect("socket://127.0.0.1:1")
    with pytest.raises(AttributeError, match="no attribute 'disconnect'"):
        litelic.disconnect()


def test_importing_it_is_cheap():
    code = "import sys, litelic; assert 'numpy' not in sys.modules and 'connect' in dir(litelic)"
    assert subprocess.run([sys.executable, "-c", code], cwd="/").returncode == 0


def test_a_stream_that_is_left_waits_for_what_is_under_way(board, seed):
    """Also where the next picture never comes; the codec works on afterwards."""
    pixels = colours(np.random.default_rng(seed), (16, 64))

    async def never_ending():
        yield pixels
        yield pixels
        await asyncio.Event().wait()

    async def first():
        async for data in board.encode_stream(never_ending()):
            return data

    async def patient():
        stream = board.encode_stream(never_ending())
        assert await anext(stream)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 0.2)

    wanted = board.encode(pixels)
    assert asyncio.run(asyncio.wait_for(first(), 30)) == wanted
    asyncio.run(asyncio.wait_for(patient(), 30))
    assert board.encode(pixels) == wanted
