"""Codecs that a user has anyway, through Pillow, each at a row of qualities.

Settings are what a careful user would give: optimised tables, the slower searches. Colour is
subsampled (4:2:0) where the format does so by itself.
"""

import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, features

from litelic.host.errors import LitelicError


@dataclass(frozen=True)
class Codec:
    """A format of Pillow's, and what is changed from point to point of its curve."""

    title: str
    format: str
    feature: str  # Pillow's name of the library behind it
    levels: tuple
    fixed: dict = field(default_factory=dict, hash=False)

    def options(self, level):
        """What `Image.save` gets."""
        varied = {"quality_layers": [level]} if self.format == "JPEG2000" else {"quality": level}
        return {**self.fixed, **varied}

    def code(self, pixels, level):
        """(file, decoded pixels) of uint8 pixels [height][width][3]."""
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, self.format, **self.options(level))
        data = buffer.getvalue()
        return data, np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


CODECS = {
    "jpeg": Codec(
        "JPEG", "JPEG", "jpg", (5, 8, 12, 18, 25, 35, 50, 65, 75, 85),
        {"optimize": True, "subsampling": "4:2:0"},
    ),
    "jpeg2000": Codec(  # 24 bits a pixel over the level
        "JPEG 2000", "JPEG2000", "jpg_2000", (200, 140, 100, 72, 52, 38, 28, 22, 18, 14),
        {"irreversible": True, "quality_mode": "rates", "num_resolutions": 6, "mct": 1},
    ),
    "webp": Codec("WebP", "WEBP", "webp", (1, 5, 12, 25, 40, 55, 70, 80, 88, 94), {"method": 6}),
    "avif": Codec(
        "AVIF", "AVIF", "avif", (15, 25, 33, 40, 47, 54, 61, 68, 75, 82),
        {"speed": 6, "subsampling": "4:2:0"},
    ),
}


def check(name):
    """Raise `LitelicError` where this Pillow cannot write the codec `name` of `CODECS`."""
    if not features.check(CODECS[name].feature):
        raise LitelicError(
            f"this Pillow was built without {CODECS[name].title}; install Pillow's own wheel "
            "(pip install -c constraints.txt pillow), or leave the codec out"
        )
