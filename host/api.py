"""The codec for Python programs: `litelic.connect`."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeAlias

import numpy as np

from litelic.host import engines
from litelic.host.codec import codec, pictures
from litelic.host.codec.pictures import Picture
from litelic.host.errors import LitelicError
from litelic.host.link.access import Access
from litelic.host.link.protocol import BAUDRATE
from litelic.host.link.secret import key_of
from litelic.host.program import file

# What can be encoded: a file's name, an array uint8 [height][width][3] or [height][width], a
# picture of Pillow's, or a `Picture`.
Source: TypeAlias = "str | os.PathLike | np.ndarray | Picture | object"
Progress: TypeAlias = Callable[[str, int, int], None]  # label, done, total
Note: TypeAlias = Callable[[int, str, float, float], None]  # number, what, begin and end in s


def connect(
    url: str | None = None, *, sim: bool = False, golden: bool = False,
    program: str | os.PathLike | None = None, quality: int | None = None,
    baudrate: int = BAUDRATE, take_over: bool = False, secret: str | None = None,
    progress: Progress | None = None,
) -> "Codec":
    """A `Codec` on the board at `url`, on a simulated board (`sim`), or without one (`golden`).

    Parameters
    ----------
    url : /dev/ttyUSB0, COM3, udp://HOST, socket://HOST:PORT.
    program : a compiled model, a .licp file; default: the one of `quality` that comes with LiteLIC.
    quality : 1 (smallest files) to 5.
    baudrate : of a serial port.
    take_over : end the session of another host that works with the board.
    secret : the words that the board was built with; default: those in the environment variable
        LITELIC_SECRET.
    progress : is told how far things are, in the thread that does them.

    Raises `LitelicError` when nothing answers, or when the board does not suit the program.
    """
    if (url is not None) + sim + golden != 1:
        raise LitelicError("connect takes a board's url, or sim=True, or golden=True")
    if program is not None and quality is not None:
        raise LitelicError("connect takes a program or a quality, not both")
    return Codec(
        *load_program(program, quality), progress, port=url, sim=sim, golden=golden,
        access=Access(baudrate, take_over, **({"secret": key_of(secret)} if secret else {})),
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
        """The files of many pictures, in order. While the board works on one, the next one is sent,
        the results of the one before are fetched, this computer's entropy coder works on the one
        before that, and your program goes on."""
        arriving, coding = _Arriving(sources, asyncio.get_running_loop()), None
        analysed = _Stepped(
            self.analyse_all(picture_of(source, flatten) for source in arriving)
        )
        try:
            while (found := await analysed.step()) is not None:
                before, coding = coding, asyncio.create_task(
                    asyncio.to_thread(self._pack, *found)
                )
                if before:
                    yield await before
            if coding:
                before, coding = coding, None
                yield await before
        finally:
            arriving.close()
            if coding:  # nobody waits for it any more
                await asyncio.gather(coding, return_exceptions=True)
            await analysed.close()

    async def decode_stream(
        self, files: Iterable[bytes] | AsyncIterable[bytes],
    ) -> AsyncIterator[Picture]:
        """The pictures of many files, in order, without holding your program up."""
        arriving = _Arriving(files, asyncio.get_running_loop())
        decoded = _Stepped(self.decode_all(arriving))
        try:
            while (picture := await decoded.step()) is not None:
                yield picture
        finally:
            arriving.close()
            await decoded.close()

    def analyse_all(
        self, sources: Iterable[Picture], note: Note | None = None,
    ) -> Iterator[tuple[Picture, tuple]]:
        """The engine's half of encoding, picture after picture: (Picture, what the entropy coder
        needs). Three are on the board at a time. `note` is told what took how long."""
        yield from codec.analyse_all(self._program, sources, self._engine, note)

    def decode_all(self, files: Iterable[bytes], note: Note | None = None) -> Iterator[Picture]:
        """The pictures of many files; three are on the board at a time, where the program's decoder
        is one network."""
        opened = (
            codec.open_file(self._program, self._model_hash, data, progress=self._progress)
            for data in files
        )
        yield from self.synthesise_all(opened, note)

    def synthesise_all(self, opened, note=None):
        """The engine's half of `decode_all`, of what `codec.open_file` gives."""
        if self._program.hyperprior:
            for lic, coded in opened:
                yield codec.synthesise(self._program, lic, coded, self._engine, self._progress)
        else:
            for _, picture in codec.synthesise_all(self._program, opened, self._engine, note):
                yield picture

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


_END = object()  # of items


class _Stepped:
    """A generator in a thread of its own, that of all its steps."""

    def __init__(self, generator):
        self._generator, self._thread = generator, ThreadPoolExecutor(1)

    async def step(self):
        """What it yields next, None at its end."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, next, self._generator, None
        )

    async def close(self):
        """End it, after a step that is under way."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._generator.close)
        self._thread.shutdown()


class _Arriving:
    """Items of any iterable, one by one for a thread, which waits for those of an asynchronous one
    in the event loop."""

    def __init__(self, items, loop):
        self._items = items.__aiter__() if hasattr(items, "__aiter__") else iter(items)
        self._loop, self._waiting, self._closed = loop, None, False

    def __iter__(self):
        return self

    def __next__(self):
        if self._closed:
            raise StopIteration
        if not hasattr(self._items, "__anext__"):
            return next(self._items)
        self._waiting = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
        try:
            found = self._waiting.result()
        except CancelledError:
            raise StopIteration from None
        if found is _END:
            raise StopIteration
        return found

    async def _next(self):
        return await anext(self._items, _END)

    def close(self):
        """No more items; a thread that waits for one goes on at once."""
        self._closed = True
        if self._waiting:
            self._waiting.cancel()
