"""What a stream is made of: files of a folder or a pattern, frames of a video or a camera."""

import glob
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from litelic.host.codec import pictures
from litelic.host.codec.pictures import Picture
from litelic.host.errors import LitelicError

PICTURES = (".png", ".jpg", ".jpeg", ".ppm", ".pgm", ".bmp", ".tif", ".tiff", ".webp")
CODED = (".lic",)
CAMERA = "/dev/video"  # what the names of cameras begin with, on Linux
WILDCARDS = "*?["
NO_READER = "to read a video or a camera, install PyAV (pip install av) or ffmpeg"


@dataclass(frozen=True)
class Item:
    """One of a stream.

    name : of what is made of it, without an ending; different for every item.
    read : gives it, a `Picture` or the bytes of a .lic file; raises `LitelicError`.
    """

    name: str
    read: Callable


class Files:
    """Files in the order of their names. Has a length."""

    def __init__(self, paths, read):
        self._paths, self._read = paths, read
        stems = {}
        for path in paths:
            if path.stem in stems:
                raise LitelicError(
                    f"{stems[path.stem]} and {path} would become the same file: stream them apart"
                )
            stems[path.stem] = path

    def __len__(self):
        return len(self._paths)

    def __iter__(self) -> Iterator[Item]:
        for path in self._paths:
            yield Item(path.stem, lambda path=path: self._read(path))


class Frames:
    """The frames of a video, or of a camera until it is stopped; once, as many as there are."""

    def __init__(self, source):
        self._frames = _frames(source)

    def __iter__(self) -> Iterator[Item]:
        for number, read in enumerate(self._frames):
            yield Item(f"frame-{number:06d}", read)


def open_source(source, decode=False, flatten=None):
    """The `Item`s of `source`: a folder, a pattern (`photos/*.png`), a file, a video, a camera.

    decode  : they are .lic files, as bytes; otherwise pictures.
    flatten : the colour behind transparent pictures.
    Raises `LitelicError` where there is nothing of the kind.
    """
    endings, what = (CODED, ".lic files") if decode else (PICTURES, "pictures")
    read = _read_bytes if decode else (lambda path: pictures.load(path, flatten))
    path = Path(source)
    if path.is_dir():
        found = [p for p in path.iterdir() if p.suffix.lower() in endings and p.is_file()]
    elif path.exists() and not decode and path.suffix.lower() not in endings:
        return Frames(str(source))
    elif path.exists():
        found = [path]
    elif any(c in str(source) for c in WILDCARDS):
        found = [Path(name) for name in glob.glob(str(source), recursive=True)]
        found = [p for p in found if p.suffix.lower() in endings and p.is_file()]
    else:
        raise LitelicError(f"there is no {source}: name a folder, a file, a pattern or a camera")
    if not found:
        raise LitelicError(f"there are no {what} in {source} ({', '.join(endings)})")
    return Files(sorted(found, key=lambda p: (p.name, str(p))), read)


def _read_bytes(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise LitelicError(f"cannot read {path}: {error.strerror or error}") from None


# Videos -------------------------------------------------------------------------------------------


def _frames(source):
    """Functions that give the frames of a video, by whichever reader there is."""
    try:
        import av
    except ImportError:
        if shutil.which("ffmpeg"):
            return _frames_of_ffmpeg(source)
        raise LitelicError(NO_READER) from None
    return _frames_of_av(av, source)


def _frames_of_av(av, source):
    form = "v4l2" if source.startswith(CAMERA) else None
    try:
        with av.open(source, format=form) as container:
            if not container.streams.video:
                raise LitelicError(f"{source} is neither a picture nor a video")
            for frame in container.decode(video=0):
                yield lambda frame=frame: _picture(frame.to_ndarray(format="rgb24"))
    except (av.error.FFmpegError, OSError) as error:
        raise LitelicError(
            f"cannot read {source}: {getattr(error, 'strerror', None) or error}; it is neither a "
            "picture nor a video that PyAV can read"
        ) from None


def _frames_of_ffmpeg(source):
    """ffmpeg writes every frame as a PPM file, which says how large it is."""
    form = ["-f", "v4l2"] if source.startswith(CAMERA) else []
    command = [
        "ffmpeg", "-loglevel", "error", "-nostdin", *form, "-i", source,
        "-f", "image2pipe", "-c:v", "ppm", "-",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            while (pixels := read_ppm(process.stdout)) is not None:
                yield lambda pixels=pixels: _picture(pixels)
        except BaseException:
            process.kill()
            raise
        words = process.stderr.read().decode(errors="replace").strip()
        if process.wait():
            raise LitelicError(f"cannot read {source}: {words.splitlines()[-1] if words else ''}")


def read_ppm(stream):
    """The next picture of PPM files (P6, 8 bits) one behind the other: uint8 [h][w][3], or None."""
    fields = []
    while len(fields) < 4:
        line = stream.readline()
        if not line:
            return None
        fields += line.split(b"#")[0].split()
    width, height = int(fields[1]), int(fields[2])
    data = stream.read(3 * width * height)
    if len(data) < 3 * width * height:
        raise LitelicError("the video ends within a frame")
    return np.frombuffer(data, np.uint8).reshape(height, width, 3)


def _picture(pixels):
    return Picture(np.ascontiguousarray(pixels))
