"""What is evaluated: a model in one form at one quality, or a codec at one level.

A subject turns a picture into a file and back. What it would give again is kept under its identity:
a hash of all that its results depend on.
"""

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from litelic.host.codec import container
from litelic.host.codec.codec import decode_file, encode_picture
from litelic.host.errors import LitelicError
from litelic.host.evaluation import codecs

FORMS = ("float", "golden", "board")


@dataclass(frozen=True)
class Model:
    """A compiled program, one of a model's qualities, and perhaps the checkpoint it came from."""

    name: str  # of all qualities together
    quality: int  # 1 is the lowest rate
    program: object
    model_hash: bytes
    checkpoint: Path | None = None


@dataclass(frozen=True)
class CodedModel:
    """A `Model` in a form: `float` (checkpoint, PyTorch), `golden` or `board`."""

    model: Model
    form: str
    board: dict  # `port`, `sim` and `access` of a board

    @property
    def label(self):
        """{model, form, quality}."""
        return {"model": self.model.name, "form": self.form, "quality": self.model.quality}

    @property
    def identity(self):
        """A hash in hexadecimal."""
        parts = [self.form.encode(), self.model.model_hash, bytes([container.VERSION])]
        if self.form == "float":
            parts.append(_content(self._checkpoint()))
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    @contextmanager
    def open(self, progress):
        """Yield code(picture) -> (file, decoded pixels)."""
        with self._engine(progress) as engine:
            def code(picture):
                model = self.model
                data = encode_picture(model.program, model.model_hash, picture, engine, progress)
                decoded = decode_file(model.program, model.model_hash, data, engine)
                return data, decoded.pixels

            yield code

    @contextmanager
    def _engine(self, progress):
        from litelic.host import engines

        if self.form == "float":
            from litelic.host.engines.float_model import FloatEngine

            yield FloatEngine.of(self._checkpoint(), self.model.program, progress)
            return
        with engines.open_engine(
            self.model.program, golden=self.form == "golden", progress=progress, **self.board
        ) as engine:
            yield engine

    def _checkpoint(self):
        path = self.model.checkpoint
        if path is None:
            raise LitelicError(
                f"the float form of {self.model.name} quality {self.model.quality} needs its "
                "checkpoint: give --checkpoint for every --program, or leave the form float out"
            )
        if not path.exists():
            raise LitelicError(f"there is no checkpoint {path}")
        return path


def _content(path):
    """All bytes of a file, or of the files in a folder."""
    if path.is_dir():
        return b"".join(_content(inside) for inside in sorted(path.iterdir()))
    return path.read_bytes()


@dataclass(frozen=True)
class CodedByPillow:
    """A codec of `codecs.CODECS` at one of its levels; `quality` counts from 1."""

    name: str
    quality: int

    @property
    def label(self):
        """{model, form, quality}."""
        return {"model": self.name, "form": "codec", "quality": self.quality}

    @property
    def identity(self):
        """A hash in hexadecimal."""
        from PIL import __version__

        codec = codecs.CODECS[self.name]
        text = f"{__version__} {codec.format} {codec.options(self._level)}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def _level(self):
        return codecs.CODECS[self.name].levels[self.quality - 1]

    @contextmanager
    def open(self, progress):
        """Yield code(picture) -> (file, decoded pixels)."""
        yield lambda picture: codecs.CODECS[self.name].code(picture.pixels, self._level)


def of_codec(name):
    """The subjects of all levels of a codec."""
    codecs.check(name)
    return [CodedByPillow(name, i + 1) for i in range(len(codecs.CODECS[name].levels))]
