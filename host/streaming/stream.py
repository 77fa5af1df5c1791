"""A stream through boards: transfers, computing and the entropy coder side by side."""

import threading
from collections import deque
from dataclasses import dataclass

from litelic.host.codec import pictures
from litelic.host.errors import LitelicError
from litelic.host.streaming.order import spread

AHEAD = 2  # items that the entropy coders may have before a board wants them
IN_WORK = 4  # items a board that may wait for those before them, besides those in it


@dataclass(frozen=True)
class Result:
    """Of an item: the bytes of its .lic file and its `Picture`, one made of the other."""

    name: str
    data: bytes
    picture: pictures.Picture
    seconds: float  # of the entropy coder


class Times:
    """What boards were busy with, told by any thread.

    keep : keep `rows`, (board, number, what, begin, end), for a timeline; sums are kept anyway.
    """

    def __init__(self, keep=False):
        self.rows = []
        self._keep, self._sums, self._lock = keep, {}, threading.Lock()
        self._spans = {}  # of each board and what: from the first begin to the last end

    def of(self, board):
        """A function to be told, as the pipelines want it."""

        def note(number, what, begin, end):
            with self._lock:
                self._sums[board, what] = self.busy(board, what) + end - begin
                first, last = self._spans.get((board, what), (begin, end))
                self._spans[board, what] = min(first, begin), max(last, end)
                if self._keep:
                    self.rows.append((board, number, what, begin, end))

        return note

    def busy(self, board, what):
        """Seconds."""
        return self._sums.get((board, what), 0.0)

    def kept_busy(self, board):
        """The share of the time from its first run to the end of its last one in which a board's
        array had something to compute: None if it never had."""
        first, last = self._spans.get((board, "compute"), (0.0, 0.0))
        return self.busy(board, "compute") / (last - first) if last > first else None


def encode(items, codecs, coders, times):
    """Yield the `Result` of each `Item` of pictures, in order.

    codecs : an opened `api.Codec` for each board.
    times  : a `Times`, which is told of board after board as 0, 1, ...
    """

    def worker(codec, note):
        def work(arriving):
            sources = (item.read() for item in arriving)
            for picture, results in codec.analyse_all(sources, note):
                yield picture, coders.pack(picture, results)

        return work

    for item, (picture, coding) in _spread(items, codecs, coders, times, worker):
        data, seconds = coding.result()
        yield Result(item.name, data, picture, seconds)


def decode(items, codecs, coders, times):
    """Yield the `Result` of each `Item` of .lic files, in order; arguments as of `encode`."""

    def worker(codec, note):
        def work(arriving):
            files = deque()

            def opened():
                for data, opening in _ahead(arriving, coders):
                    found, seconds = opening.result()
                    files.append((data, seconds))
                    yield found

            for picture in codec.synthesise_all(opened(), note):
                yield picture, *files.popleft()

        return work

    for item, (picture, data, seconds) in _spread(items, codecs, coders, times, worker):
        yield Result(item.name, data, picture, seconds)


def _ahead(arriving, coders):
    """(bytes, Future of what is in them); a few are opened before they are wanted."""
    waiting = deque()
    for item in arriving:
        data = item.read()
        waiting.append((data, coders.open(data)))
        if len(waiting) > AHEAD:
            yield waiting.popleft()
    yield from waiting


def _spread(items, codecs, coders, times, worker):
    workers = [worker(codec, times.of(number)) for number, codec in enumerate(codecs)]
    return spread(items, workers, IN_WORK * len(workers) + coders.count)


def check(result, coders, decoding):
    """dB between what was coded and what comes of it (None when decoding). Raises `LitelicError`
    where the golden model gives other bytes."""
    checking = (coders.check_decoded if decoding else coders.check)(result.picture, result.data)
    (same, decibels), _ = checking.result()
    if not same:
        raise LitelicError(
            f"{result.name}: the board's result differs from the golden model's; `litelic verify` "
            "tells in which layer"
        )
    return decibels
