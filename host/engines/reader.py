"""Items of an iterator, asked for in a thread of its own: one can see whether one is there."""

from concurrent.futures import ThreadPoolExecutor, wait

END = object()  # there are no more


class Reader:
    """The next item is asked for when the one before has been taken. A context manager."""

    def __init__(self, items):
        self._items = iter(items)
        self._thread = ThreadPoolExecutor(1)
        self._ask()

    def _ask(self):
        self._coming = self._thread.submit(next, self._items, END)

    def ready(self, seconds):
        """Whether `take` would not wait, in so many seconds at most."""
        return bool(wait([self._coming], seconds).done)

    def take(self):
        """The next item, or END; raises what the iterator does."""
        item = self._coming.result()
        if item is not END:
            self._ask()
        return item

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        # Nobody knows how long the iterator takes.
        self._thread.shutdown(wait=False, cancel_futures=True)
