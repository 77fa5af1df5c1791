"""Random crops of a folder of photographs, held in memory."""

from pathlib import Path

import numpy as np
from PIL import Image

from litelic.host.errors import LitelicError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}


def read_photograph(path, smallest=1):
    """Return the photograph at `path` as uint8 (H, W, 3); None if a side is below `smallest`.

    Raises `LitelicError` when it is damaged or no picture.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB")) if min(image.size) >= smallest else None
    except Exception as e:  # on a damaged file, Pillow's many readers raise almost anything
        raise LitelicError(
            f"{path} is not a photograph that can be read ({e}); take it out of the folder"
        ) from e


def load_photographs(folders, smallest, progress=None):
    """Return the RGB photographs of `folders` (searched recursively) as uint8 arrays (H, W, 3).

    Pictures with a side below `smallest` pixels are left out. `progress(label, done, total)` is
    called for each if it is given. Raises `LitelicError` when a folder does not exist, a picture
    cannot be read or nothing is left.
    """
    photographs = []
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise LitelicError(f"{folder} is not a folder; name a folder of photographs")
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        for i, path in enumerate(paths):
            if progress:
                progress("reading photographs", i, len(paths))
            photograph = read_photograph(path, smallest)
            if photograph is not None:
                photographs.append(photograph)
    if not photographs:
        names = ", ".join(map(str, folders))
        raise LitelicError(f"no photograph of at least {smallest}x{smallest} pixels in {names}")
    return photographs


def random_crops(photographs, count, size, rng):
    """Return `count` crops, float32 (count, 3, size, size) in 0..1, randomly turned and mirrored.

    A photograph is drawn with a probability proportional to its area.
    """
    areas = np.array([p.shape[0] * p.shape[1] for p in photographs], dtype=np.float64)
    crops = np.empty((count, 3, size, size), dtype=np.float32)
    for i, k in enumerate(rng.choice(len(photographs), size=count, p=areas / areas.sum())):
        photograph = photographs[k]
        y = rng.integers(photograph.shape[0] - size + 1)
        x = rng.integers(photograph.shape[1] - size + 1)
        crop = np.rot90(photograph[y : y + size, x : x + size], rng.integers(4))
        if rng.integers(2):
            crop = crop[:, ::-1]
        crops[i] = crop.transpose(2, 0, 1) / np.float32(255)
    return crops
