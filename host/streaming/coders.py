"""The entropy coder in processes of its own, so that it takes no time from the boards' threads."""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor

from litelic.host.codec import codec
from litelic.host.codec.pictures import psnr

_program = _model_hash = None  # of a process


class Coders:
    """Processes that code and decode; every method returns a Future. A context manager.

    What they give is (result, seconds that it took).
    """

    def __init__(self, program, model_hash, count=None):
        self.count = count or os.cpu_count() or 1
        self._pool = ProcessPoolExecutor(
            # A fork of a process with threads may stand still for ever.
            self.count, multiprocessing.get_context("spawn"), _begin, (program, model_hash),
        )

    def pack(self, picture, results):
        """The bytes of a .lic file, of what `codec.analyse` gave."""
        return self._pool.submit(_timed, _pack, picture, results)

    def open(self, data):
        """(LicFile, Coded) of the bytes of a .lic file."""
        return self._pool.submit(_timed, _open, data)

    def check(self, picture, data):
        """(whether the golden model makes the same file, dB between the picture and the decoded
        one)."""
        return self._pool.submit(_timed, _check, picture, data)

    def check_decoded(self, picture, data):
        """(whether the golden model decodes the same picture, None)."""
        return self._pool.submit(_timed, _check_decoded, picture, data)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._pool.shutdown(cancel_futures=True)


def _begin(program, model_hash):
    global _program, _model_hash
    _program, _model_hash = program, model_hash
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started us ends us


def _timed(function, *arguments):
    begin = time.monotonic()
    return function(*arguments), time.monotonic() - begin


def _pack(picture, results):
    return codec.pack(_program, _model_hash, picture, results)


def _open(data):
    return codec.open_file(_program, _model_hash, data)


def _check(picture, data):
    from litelic.host.engines.golden import GoldenEngine

    engine = GoldenEngine(_program)
    same = codec.encode_picture(_program, _model_hash, picture, engine) == data
    decoded = codec.decode_file(_program, _model_hash, data, engine)
    return same, psnr(picture.pixels, decoded.pixels)


def _check_decoded(picture, data):
    from litelic.host.engines.golden import GoldenEngine

    decoded = codec.decode_file(_program, _model_hash, data, GoldenEngine(_program))
    return (decoded.pixels == picture.pixels).all(), None
