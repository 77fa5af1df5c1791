"""A progress bar on the standard error, for terminals only."""

import sys
import time

WIDTH = 30
PATIENCE = 1.0  # seconds before the first bar: what is quick needs none
INTERVAL = 0.1  # seconds between two drawings


class Progress:
    """Call it as `progress(label, done, total)`; leaving the context wipes the bar.

    `done` and `total` are any numbers of the same unit; a new label begins a new bar. Where the
    stream is not a terminal nothing is ever written.
    """

    def __init__(self, stream=None, clock=time.monotonic):
        self.stream = sys.stderr if stream is None else stream
        self.clock = clock
        self.visible = self.stream.isatty()
        self.started = self.clock()
        self.drawn = None  # when
        self.label = None

    def __call__(self, label, done, total):
        if not self.visible:
            return
        now = self.clock()
        if now - self.started < PATIENCE:
            return
        fresh = label == self.label and self.drawn is not None and now - self.drawn < INTERVAL
        if fresh and done < total:
            return
        self.drawn, self.label = now, label
        share = min(max(done / total, 0), 1) if total else 1
        bar = "#" * round(share * WIDTH)
        self.stream.write(f"\r\x1b[K{label} [{bar:<{WIDTH}}] {share * 100:3.0f} %")
        self.stream.flush()

    def wipe(self):
        """Take the bar away, so that a line can be printed; the next call draws it again."""
        if self.drawn is not None:
            self.drawn = None
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wipe()
