"""Pictures from and to files, and what the codec does to their edges."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from litelic.host.atomic import atomic_path
from litelic.host.codec.container import LARGEST_SIDE
from litelic.host.errors import LitelicError

FLATTEN_ADVICE = "put a colour behind it with --flatten COLOUR, for example --flatten white"
FORMATS = {".png": "PNG", ".ppm": "PPM", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF"}
GREY_MODES = ("1", "L")
COLOUR_MODES = ("P", "RGB", "RGBX", "YCbCr")
ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")
DEEP_GREY_MODES = ("I;16", "I;16L", "I;16B", "I;16N")


@dataclass
class Picture:
    """A picture in memory. Greyscale has three equal channels, too."""

    pixels: np.ndarray  # uint8 [height][width][3]
    grey: bool = False

    @property
    def height(self):
        return self.pixels.shape[0]

    @property
    def width(self):
        return self.pixels.shape[1]


def load(path, flatten=None, advice=None):
    """Return the `Picture` in a file, turned the way its EXIF orientation says.

    Transparency is refused unless `flatten` names the colour to put behind it ("white",
    "#102030"); the message ends with `advice`, what the caller's user can do about it. Also
    refused: sides above 4096 pixels, animations, CMYK and floating point. 16 bits a channel are
    rounded (grey) or cut (colour, by Pillow) to 8. Raises `LitelicError`.
    """
    import warnings

    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size has a check
            with Image.open(path) as image:
                _refuse(image, path)
                image.load()
                return _convert(ImageOps.exif_transpose(image), flatten, path, advice)
    except Image.DecompressionBombError as e:
        raise LitelicError(
            f"{path} has a side above {LARGEST_SIDE} pixels; scale it down or cut it"
        ) from e
    except UnidentifiedImageError as e:
        raise LitelicError(f"{path} is not a picture Pillow can read") from e
    except FileNotFoundError as e:
        raise LitelicError(f"there is no file {path}") from e
    except LitelicError:
        raise
    except Exception as e:  # on a damaged file, Pillow's many readers raise almost anything
        raise LitelicError(f"cannot read {path}: {getattr(e, 'strerror', None) or e}") from e


def from_pillow(image, flatten=None):
    """Return the `Picture` of one of Pillow's; what `load` refuses is refused here."""
    from PIL import Image, ImageOps

    if not isinstance(image, Image.Image):
        raise LitelicError(f"a {type(image).__name__} is no picture")
    _refuse(image, "the picture")
    return _convert(ImageOps.exif_transpose(image), flatten, "the picture", "name one: flatten=")


def save(picture, path):
    """Write `picture` in the lossless format its name ends with, whole or not at all."""
    from PIL import Image

    name = check_format(path)
    pixels = picture.pixels
    if picture.grey:
        pixels = ((pixels.astype(np.uint16).sum(axis=2) + 1) // 3).astype(np.uint8)
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary, format=name)


def check_format(path):
    """Return Pillow's name of the format `path` ends with. Raises `LitelicError` for a format
    that is unknown or would lose something."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise LitelicError(
            f"cannot write {path}: {suffix or 'a name without an ending'} is not a lossless format "
            f"LiteLIC writes; end the name with {', '.join(FORMATS)}"
        )
    return FORMATS[suffix]


def extend(pixels, multiple):
    """Repeat the last row and column until both sides are multiples of `multiple`."""
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="edge")


def psnr(a, b):
    """The peak signal-to-noise ratio of two uint8 arrays of one shape in dB; infinite if equal."""
    difference = a.astype(np.int64) - b.astype(np.int64)
    error = int((difference * difference).sum())
    return 10 * math.log10(255**2 * a.size / error) if error else math.inf


def _refuse(image, path):
    """Raise `LitelicError` for what can be told from the file's head."""
    if max(image.size) > LARGEST_SIDE:
        width, height = image.size
        raise LitelicError(
            f"{path} has {width}x{height} pixels, the largest side is {LARGEST_SIDE}; "
            "scale it down or cut it"
        )
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # MPO: a photograph with a preview behind it
        raise LitelicError(f"{path} has {frames} frames; save the one you want as a picture")
    if image.mode not in GREY_MODES + COLOUR_MODES + ALPHA_MODES + DEEP_GREY_MODES:
        raise LitelicError(
            f"{path} is stored as {image.mode}, which has no one meaning as RGB; "
            "convert it to RGB or greyscale of 8 or 16 bits"
        )


def _convert(image, flatten, path, advice):
    if image.mode in DEEP_GREY_MODES:
        deep = np.asarray(image).astype(np.uint32)
        return _grey(((deep + 128) // 257).astype(np.uint8))
    grey = image.mode in GREY_MODES + ("LA", "La")
    if image.mode in ALPHA_MODES or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema()[0] < 255:
            image, grey_behind = _flatten(image, flatten, path, advice)
            grey = grey and grey_behind
    return _grey(np.asarray(image.convert("L"))) if grey else Picture(_rgb(image))


def _flatten(image, flatten, path, advice):
    """Return (the picture on a coloured ground, whether that colour is a grey)."""
    from PIL import Image, ImageColor

    if flatten is None:
        raise LitelicError(
            f"{path} is partly transparent, which a .lic file cannot be; {advice or FLATTEN_ADVICE}"
        )
    try:
        colour = ImageColor.getrgb(flatten)[:3]
    except ValueError as e:
        raise LitelicError(
            f"--flatten: {flatten!r} is not a colour; try white, black or '#ff8000'"
        ) from e
    ground = Image.new("RGBA", image.size, (*colour, 255))
    return Image.alpha_composite(ground, image), len(set(colour)) == 1


def _rgb(image):
    return np.array(image.convert("RGB"))


def _grey(plane):
    return Picture(np.repeat(plane[:, :, None], 3, axis=2), grey=True)
