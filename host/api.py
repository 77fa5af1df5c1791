"""The codec for Python programs: `litelic.connect`."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import ExitStack
from typing import TypeAlias

import numpy as np

from litelic.host import engines
from litelic.host.codec import codec, pictures
from litelic.host.codec.pictures import Picture
from litelic.host.errors import LitelicError
from litelic.host.link.protocol import BAUDRATE
from litelic.host.program import file

# What can be encoded: a file's name, an array uint8 [height][width][3] or [height][width], a
# picture of Pillow's, or a `Picture`.
Source: TypeAlias = "str | os.PathLike | np.ndarray | Picture | object"
Progress: TypeAlias = Callable[[str, int, int], None]  # label, done, total


def connect(
    url: str | None = None, *, sim: bool = False, golden: bool = False,
    program: str | os.PathLike | None = None, quality: int | None = None,
    baudrate: int = BAUDRATE, progress: Progress | None = None,
) -> "Codec":
    """A `Codec` on the board at `url`, on a simulated board (`sim`), or without one (`golden`).

    Parameters
    ----------
    url : /dev/ttyUSB0, COM3, udp://HOST, socket://HOST:PORT.
    program : a compiled model, a .licp file; default: the one of `quality` that comes with LiteLIC.
    quality : 1 (smallest files) to 6.
    baudrate : of a serial port.
    progress : is told how far things are, in the thread that does them.

    Raises `LitelicError` when nothing answers, or when the board does not suit the program.
    """
    if (url is not None) + sim + golden != 1:
        raise LitelicError("connect takes a board's url, or sim=True, or golden=True")
    if program is not None and quality is not None:
        raise LitelicError("connect takes a program or a quality, not both")
    return Codec(
        *load_program(program, quality), progress, port=url, sim=sim, golden=golden,
        baudrate=baudrate,
    )


def load_program(path=None, quality=None):
    """(Program, its 32-byte SHA-256) of a .licp file, or of the model that comes with LiteLIC."""
    from litelic.host import models

    if path is not None:
        return file.load_program(path)
    quality = models.DEFAULT_QUALITY if quality is None else quality
    if quality not in models.QUALITIES:
        raise LitelicError(
            f"quality {quality!r} is none of {', '.join(map(str, models.QUALITIES))}"
        )
    path = models.program_path(quality)
    if not path.is_file():
        raise LitelicError("this installation has no model; name a .licp file (--program)")
    return file.load_program(path)


class Codec:
    """Encodes and decodes with one program, on what `connect` has opened. A context manager.

    One call at a time, from any thread: a board does one thing after the other.
    """

    def __init__(self, program, model_hash, progress=None, **where):
        self._program, self._model_hash, self._progress = program, model_hash, progress
        self._opened = ExitStack()
        self._engine = self._opened.enter_context(
            engines.open_engine(program, progress=progress, **where)
        )

    def __enter__(self) -> "Codec":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, and the simulated board if there is one."""
        self._opened.close()

    def encode(self, source: Source, flatten: str | None = None) -> bytes:
        """The bytes of a .lic file. `flatten` is the colour behind a transparent picture.

        Raises `LitelicError` for what is no picture, is too large, or for a board that fails.
        """
        picture = picture_of(source, flatten)
        return self._pack(picture, self._analyse(picture))

    def decode(self, data: bytes) -> Picture:
        """The `Picture` in the bytes of a .lic file; its `pixels` are uint8 [height][width][3].

        Raises `LitelicError` for a damaged file and for one of another program.
        """
        lic, coded = codec.open_file(
            self._program, self._model_hash, data, progress=self._progress
        )
        return codec.synthesise(self._program, lic, coded, self._engine, self._progress)

    async def encode_stream(
        self, sources: Iterable[Source] | AsyncIterable[Source], flatten: str | None = None,
    ) -> AsyncIterator[bytes]:
        """The files of many pictures, in order: while the board works on one, this computer's
        entropy coder works on the one before, and your program goes on."""
        coding = None
        try:
            async for source in _one_by_one(sources):
                picture = await asyncio.to_thread(picture_of, source, flatten)
                results = await asyncio.to_thread(self._analyse, picture)
                before, coding = coding, asyncio.create_task(
                    asyncio.to_thread(self._pack, picture, results)
                )
                if before:
                    yield await before
            if coding:
                before, coding = coding, None
                yield await before
        finally:
            if coding:  # nobody waits for it any more
                await asyncio.gather(coding, return_exceptions=True)

    async def decode_stream(
        self, files: Iterable[bytes] | AsyncIterable[bytes],
    ) -> AsyncIterator[Picture]:
        """The pictures of many files, in order, without holding your program up."""
        async for data in _one_by_one(files):
            yield await asyncio.to_thread(self.decode, data)

    def _analyse(self, picture):
        return codec.analyse(self._program, picture, self._engine)

    def _pack(self, picture, results):
        return codec.pack(self._program, self._model_hash, picture, results, self._progress)


def picture_of(source: Source, flatten: str | None = None) -> Picture:
    """A `Picture` of whatever can be encoded. Raises `LitelicError`."""
    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        grey = source.ndim == 2
        if source.dtype != np.uint8 or not (grey or source.shape[2:] == (3,)):
            raise LitelicError(
                f"an array of {source.dtype}{list(source.shape)} is no picture: give uint8 "
                "[height][width][3], or [height][width] for grey"
            )
        return Picture(np.repeat(source[..., None], 3, 2) if grey else source, grey)
    if isinstance(source, (str, os.PathLike)):
        return pictures.load(source, flatten)
    return pictures.from_pillow(source, flatten)


async def _one_by_one(items):
    if hasattr(items, "__aiter__"):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
