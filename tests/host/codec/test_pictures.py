"""Pictures of every kind are handled, or refused with a message that says what to do."""

import math

import numpy as np
import pytest
from PIL import Image

from litelic.host.codec import pictures
from litelic.host.codec.pictures import Picture
from litelic.host.errors import LitelicError


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def written(folder, image, name="picture.png", **options):
    path = folder / name
    image.save(path, **options)
    return path


def test_rgb(tmp_path, seed):
    pixels = noise(seed, 5, 7, 3)
    picture = pictures.load(written(tmp_path, Image.fromarray(pixels)))
    assert np.array_equal(picture.pixels, pixels) and not picture.grey
    assert (picture.width, picture.height) == (7, 5)
    assert picture.pixels.flags.writeable


@pytest.mark.parametrize("size", [(1, 1), (1, 4096), (4096, 1)])
def test_extreme_sizes(tmp_path, size):
    picture = pictures.load(written(tmp_path, Image.new("RGB", size, "red")))
    assert (picture.width, picture.height) == size


@pytest.mark.parametrize("size", [(4097, 1), (1, 5000)])
def test_too_large_is_refused_before_it_is_read(tmp_path, size):
    with pytest.raises(LitelicError, match=f"{size[0]}x{size[1]} pixels.*4096"):
        pictures.load(written(tmp_path, Image.new("RGB", size)))


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path, Image.new("RGB", (300, 300)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(LitelicError, match="4096"):
        pictures.load(path)


def test_greyscale_is_remembered(tmp_path, seed):
    plane = noise(seed, 6, 4)
    picture = pictures.load(written(tmp_path, Image.fromarray(plane)))
    assert picture.grey
    assert all(np.array_equal(picture.pixels[:, :, c], plane) for c in range(3))


def test_black_and_white(tmp_path):
    bits = np.eye(9, dtype=bool)
    picture = pictures.load(written(tmp_path, Image.fromarray(bits)))
    assert picture.grey and np.array_equal(picture.pixels[:, :, 0], bits * 255)


def test_sixteen_bits_are_rounded(tmp_path):
    deep = np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16)
    picture = pictures.load(written(tmp_path, Image.fromarray(deep)))
    assert picture.grey and picture.pixels[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]


def test_palette(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 0])
    image.putdata([0, 1])
    picture = pictures.load(written(tmp_path, image))
    assert picture.pixels.tolist() == [[[10, 20, 30], [200, 100, 0]]] and not picture.grey


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_needs_a_colour_behind(tmp_path, mode):
    colour = (100, 0) if mode == "LA" else (100, 100, 100, 0)
    path = written(tmp_path, Image.new(mode, (3, 2), colour))
    with pytest.raises(LitelicError, match="--flatten COLOUR"):
        pictures.load(path)
    picture = pictures.load(path, "#102030")
    assert picture.pixels[0, 0].tolist() == [16, 32, 48] and not picture.grey
    assert pictures.load(path, "white").grey is (mode == "LA")
    with pytest.raises(LitelicError, match="'nonsense' is not a colour"):
        pictures.load(path, "nonsense")


def test_opaque_alpha_is_harmless(tmp_path, seed):
    pixels = noise(seed, 3, 3, 4)
    pixels[:, :, 3] = 255
    picture = pictures.load(written(tmp_path, Image.fromarray(pixels)))
    assert np.array_equal(picture.pixels, pixels[:, :, :3])


def test_a_transparent_palette_entry_counts(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 0])
    image.putdata([0, 1])
    path = written(tmp_path, image, transparency=1)
    with pytest.raises(LitelicError, match="--flatten"):
        pictures.load(path)
    assert pictures.load(path, "black").pixels.tolist() == [[[10, 20, 30], [0, 0, 0]]]


@pytest.mark.parametrize(("mode", "name"), [
    ("CMYK", "x.jpg"), ("I", "x.tif"), ("F", "x.tif"), ("LAB", "x.tif"),
])
def test_modes_without_one_meaning_are_refused(tmp_path, mode, name):
    with pytest.raises(LitelicError, match=f"stored as {mode}.*convert it"):
        pictures.load(written(tmp_path, Image.new(mode, (4, 4)), name))


@pytest.mark.parametrize("name", ["x.gif", "x.png", "x.tif"])
def test_animations_are_refused(tmp_path, name):
    frames = [Image.new("L", (4, 4), level) for level in (0, 90, 200)]
    path = written(tmp_path, frames[0], name, save_all=True, append_images=frames[1:])
    with pytest.raises(LitelicError, match="3 frames"):
        pictures.load(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(tmp_path, orientation):
    """The corner that is red when the picture is held right ends up at the top left."""
    upright = np.zeros((2, 3, 3), np.uint8)
    upright[0, 0] = 255, 0, 0
    upright[0, 2] = 0, 255, 0
    turned = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.transpose(1, 0, 2), 6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(turned))
    picture = pictures.load(written(tmp_path, image, exif=exif))
    assert np.array_equal(picture.pixels, upright)


def test_what_is_no_picture_is_named(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    with pytest.raises(LitelicError, match="notes.txt is not a picture"):
        pictures.load(text)
    with pytest.raises(LitelicError, match="there is no file .*none.png"):
        pictures.load(tmp_path / "none.png")
    with pytest.raises(LitelicError, match="cannot read"):
        pictures.load(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.tif", "x.bmp", "x.gif", "x.webp", "x.ppm"])
def test_damaged_pictures_end_in_a_message(tmp_path, seed, name):
    rng = np.random.default_rng(seed)
    image = Image.fromarray(noise(seed, 20, 30, 3))
    path = written(tmp_path, image, name)
    sound = path.read_bytes()
    for _ in range(60):
        data = bytearray(sound[: int(rng.integers(1, len(sound)))])
        for _ in range(int(rng.integers(0, 4))):
            data[int(rng.integers(min(len(data), 120)))] = int(rng.integers(256))
        path.write_bytes(data)
        try:
            pictures.load(path)
        except LitelicError as error:
            assert name in str(error)


@pytest.mark.parametrize("name", ["x.png", "x.ppm", "x.bmp", "x.tif", "x.TIFF"])
@pytest.mark.parametrize("grey", [False, True])
def test_saving_is_lossless(tmp_path, seed, name, grey):
    pixels = noise(seed, 9, 5, 1).repeat(3, axis=2) if grey else noise(seed, 9, 5, 3)
    pictures.save(Picture(pixels, grey), tmp_path / name)
    back = pictures.load(tmp_path / name)
    assert np.array_equal(back.pixels, pixels) and back.grey == grey
    assert list(tmp_path.iterdir()) == [tmp_path / name]


def test_greyscale_is_written_as_the_rounded_mean(tmp_path):
    pixels = np.array([[[1, 2, 2], [0, 0, 1], [255, 255, 255]]], np.uint8)
    pictures.save(Picture(pixels, grey=True), tmp_path / "x.png")
    with Image.open(tmp_path / "x.png") as image:
        assert image.mode == "L" and list(image.tobytes()) == [2, 0, 255]


@pytest.mark.parametrize("name", ["x.jpg", "x.webp", "x", "x.xyz"])
def test_other_formats_are_not_written(tmp_path, name):
    with pytest.raises(LitelicError, match=r"\.png, \.ppm, \.bmp, \.tif"):
        pictures.save(Picture(np.zeros((1, 1, 3), np.uint8)), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("size", "extended"), [
    ((1, 1), (16, 16)), ((16, 32), (16, 32)), ((17, 31), (32, 32)), ((3, 1000), (16, 1008)),
])
def test_extending_repeats_the_edge(seed, size, extended):
    pixels = noise(seed, *size, 3)
    result = pictures.extend(pixels, 16)
    assert result.shape == (*extended, 3)
    rows = np.minimum(np.arange(extended[0]), size[0] - 1)
    columns = np.minimum(np.arange(extended[1]), size[1] - 1)
    assert np.array_equal(result, pixels[rows][:, columns])


def test_psnr():
    black = np.zeros((4, 4, 3), np.uint8)
    assert pictures.psnr(black, black) == math.inf
    assert pictures.psnr(black, black + 255) == 0
    assert pictures.psnr(black, black + 1) == pytest.approx(48.1308, abs=1e-4)
