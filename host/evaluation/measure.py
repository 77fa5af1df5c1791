"""Every subject on every picture, a row each; what has a row already is not done again."""

import hashlib
import math

from litelic.host import results_file
from litelic.host.codec import pictures
from litelic.host.errors import LitelicError
from litelic.host.evaluation import metrics

KEY = ("model", "form", "quality", "picture")
FIELDS = {*KEY, "subject", "content", "width", "height", "bytes", "psnr_db", "ms_ssim", "digest"}
SUFFIXES = (".png", ".jpg", ".jpeg", ".ppm", ".bmp", ".tif", ".tiff", ".webp")


def find_pictures(folder):
    """The pictures of `folder`, in the order of their names. Raises `LitelicError` without any."""
    if not folder.is_dir():
        raise LitelicError(f"{folder} is not a folder; name one with pictures")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise LitelicError(f"no picture in {folder}; known are {', '.join(SUFFIXES)}")
    return paths


def key_of(row):
    """What tells a row from all others."""
    return tuple(row[name] for name in KEY)


def load(path):
    """The rows measured so far."""
    return results_file.load(path, check, key_of, "results of litelic evaluate")


def check(row):
    """Raise `LitelicError` for a row that is not whole."""
    if not FIELDS <= set(row) or row["bytes"] <= 0 or row["width"] * row["height"] <= 0:
        raise LitelicError(
            f"a row of results lacks figures: {row}; remove it, or name another folder"
        )


def measure(subjects, paths, results, progress):
    """Bring the rows in the file `results` up to date; returns those of `subjects` and `paths`.

    A row counts as long as the picture's content and the subject's identity are the same. Rows of
    other subjects stay. The file is written after each picture: an interrupted run goes on there.
    """
    known = {key_of(row): row for row in load(results)}
    contents = {path: _digest(path.read_bytes()) for path in paths}
    wanted = []
    for number, subject in enumerate(subjects, 1):
        label, identity = subject.label, subject.identity
        rows = {
            path: known.get(key_of({**label, "picture": path.name})) for path in paths
        }
        missing = [
            path for path, row in rows.items()
            if row is None or (row["subject"], row["content"]) != (identity, contents[path])
        ]
        if missing:
            with subject.open(_Quiet(progress, number, len(subjects), label)) as code:
                for path in missing:
                    picture = pictures.load(path, advice="save it without transparency")
                    data, decoded = code(picture)
                    row = {
                        **label, "picture": path.name, "subject": identity,
                        "content": contents[path],
                        "width": picture.width, "height": picture.height, "bytes": len(data),
                        **metrics.distortion(picture.pixels, decoded),
                        "digest": _digest(data + decoded.tobytes()),
                    }
                    _finite(row)
                    rows[path] = known[key_of(row)] = row
                    results_file.write(results, list(known.values()))
        wanted += rows.values()
    return wanted


def differences(rows):
    """Texts that name pictures of which golden model and board gave different files or pixels."""
    golden = {
        (row["model"], row["quality"], row["picture"]): row for row in rows
        if row["form"] == "golden"
    }
    found = []
    for row in rows:
        other = golden.get((row["model"], row["quality"], row["picture"]))
        if row["form"] == "board" and other and other["digest"] != row["digest"]:
            found.append(f"{row['picture']}, {row['model']} quality {row['quality']}")
    return found


class _Quiet:
    """Puts the subject's number and name in front of an engine's progress."""

    def __init__(self, progress, number, count, label):
        self._progress = progress
        self._text = f"{number}/{count} {label['model']} {label['form']} {label['quality']}"

    def __call__(self, label, done, total):
        self._progress(f"{self._text}: {label}", done, total)


def _digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def _finite(row):
    """Lossless results have no finite PSNR, and JSON no infinity."""
    if math.isinf(row["psnr_db"]):
        row["psnr_db"] = None
