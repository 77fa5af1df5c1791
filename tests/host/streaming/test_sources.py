"""What a stream is made of: which files, in which order, and what is refused."""

import io
import os
import sys

import numpy as np
import pytest
from PIL import Image

from litelic.host.errors import LitelicError
from litelic.host.streaming.sources import open_source, read_ppm


def picture(path, seed=1, size=(6, 8)):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def ppm(pixels, comment=b""):
    height, width = pixels.shape[:2]
    return b"P6\n" + comment + f"{width} {height}\n255\n".encode() + pixels.tobytes()


def test_a_folder_s_pictures_in_the_order_of_their_names(tmp_path):
    wanted = {name: picture(tmp_path / f"{name}.png", i) for i, name in enumerate(("b", "a", "c"))}
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "d.png").mkdir()
    items = open_source(tmp_path)
    assert len(items) == 3 and [item.name for item in items] == ["a", "b", "c"]
    for item in items:
        np.testing.assert_array_equal(item.read().pixels, wanted[item.name])


def test_a_pattern(tmp_path):
    for name in ("x1.png", "x2.png", "y1.png"):
        picture(tmp_path / name)
    assert [item.name for item in open_source(str(tmp_path / "x*.png"))] == ["x1", "x2"]


def test_one_file_and_coded_ones(tmp_path):
    picture(tmp_path / "x.png")
    (tmp_path / "x.lic").write_bytes(b"coded")
    assert [item.name for item in open_source(tmp_path / "x.png")] == ["x"]
    (item,) = open_source(tmp_path, decode=True)
    assert item.read() == b"coded"


@pytest.mark.parametrize("source, words", [
    ("nothing", "there is no .*nothing"), ("*.png", "there are no pictures in"),
    ("", "there are no pictures in"),
])
def test_where_there_is_nothing(tmp_path, source, words):
    with pytest.raises(LitelicError, match=words):
        open_source(str(tmp_path / source))


def test_results_of_one_name_are_refused(tmp_path):
    picture(tmp_path / "x.png")
    picture(tmp_path / "x.bmp")
    with pytest.raises(LitelicError, match="would become the same file"):
        open_source(tmp_path)


def test_a_damaged_picture_is_told_when_it_is_read(tmp_path):
    (tmp_path / "x.png").write_bytes(b"nonsense")
    (item,) = open_source(tmp_path)
    with pytest.raises(LitelicError, match="x.png"):
        item.read()


def test_pictures_of_a_pipe(seed):
    chance = np.random.default_rng(seed)
    wanted = [chance.integers(0, 256, (h, 5, 3), dtype=np.uint8) for h in (3, 4, 1)]
    stream = io.BytesIO(b"".join(ppm(pixels, b"# a comment\n") for pixels in wanted))
    for pixels in wanted:
        np.testing.assert_array_equal(read_ppm(stream), pixels)
    assert read_ppm(stream) is None
    with pytest.raises(LitelicError, match="ends within a frame"):
        read_ppm(io.BytesIO(ppm(wanted[0])[:-1]))


@pytest.fixture
def only_ffmpeg(tmp_path, monkeypatch):
    """No PyAV, and a program that plays ffmpeg: it prints a file."""
    monkeypatch.setitem(sys.modules, "av", None)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    program = bin_ / "ffmpeg"
    monkeypatch.setenv("PATH", str(bin_), prepend=os.pathsep)

    def plays(script):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return plays


def test_frames_of_a_video_by_ffmpeg(tmp_path, only_ffmpeg, seed):
    chance = np.random.default_rng(seed)
    wanted = [chance.integers(0, 256, (4, 6, 3), dtype=np.uint8) for _ in range(3)]
    (tmp_path / "frames").write_bytes(b"".join(map(ppm, wanted)))
    (tmp_path / "x.mp4").write_bytes(b"a video")
    only_ffmpeg(f"cat {tmp_path / 'frames'}")
    items = list(open_source(tmp_path / "x.mp4"))
    assert [item.name for item in items] == ["frame-000000", "frame-000001", "frame-000002"]
    for item, pixels in zip(items, wanted, strict=True):
        np.testing.assert_array_equal(item.read().pixels, pixels)


def test_what_ffmpeg_says_is_told(tmp_path, only_ffmpeg):
    (tmp_path / "x.mp4").write_bytes(b"no video")
    only_ffmpeg("echo moov atom not found >&2; exit 1")
    with pytest.raises(LitelicError, match="x.mp4: moov atom not found"):
        list(open_source(tmp_path / "x.mp4"))


def test_without_a_reader_it_is_said_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "x.mp4").write_bytes(b"a video")
    with pytest.raises(LitelicError, match="install PyAV"):
        open_source(tmp_path / "x.mp4")  # before anything is begun


def test_frames_of_a_video_by_pyav(tmp_path, seed):
    av = pytest.importorskip("av")
    chance = np.random.default_rng(seed)
    wanted = [chance.integers(0, 256, (16, 32, 3), dtype=np.uint8) for _ in range(3)]
    with av.open(str(tmp_path / "x.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "bgr0"
        for pixels in wanted:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    items = list(open_source(tmp_path / "x.mkv"))
    for item, pixels in zip(items, wanted, strict=True):
        np.testing.assert_array_equal(item.read().pixels, pixels)
    (tmp_path / "y.mkv").write_bytes(b"no video")
    with pytest.raises(LitelicError, match="y.mkv"):
        list(open_source(tmp_path / "y.mkv"))
