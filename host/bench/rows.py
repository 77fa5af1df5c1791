"""What is measured: one row a model, picture size, direction and board."""

from dataclasses import dataclass

from litelic.host.boards import (
    ARTY,
    ARTY_16_BITS,
    ARTY_FAST,
    ECPIX5,
    ULX3S,
    WIDE_1024,
    WIDE_2048,
    Setup,
)
from litelic.host.errors import LitelicError

DIRECTIONS = {"encoder": "analysis", "decoder": "synthesis"}  # and the program's name for it
COMMAND = "python -m litelic.host.bench --row"


@dataclass(frozen=True)
class Row:
    """One direction of a codec on a board. `width` and `height` are the picture's, in pixels."""

    model: str  # a key of `models.MODELS`
    width: int
    height: int
    direction: str  # a key of DIRECTIONS
    setup: Setup
    quick: bool = False

    @property
    def key(self):
        """What tells this row from all others, as it stands in the results."""
        setup = self.setup
        return {
            "model": self.model, "direction": self.direction,
            "width": self.width, "height": self.height,
            "array": setup.array, "activation_bits": setup.activation_bits,
            "memory": setup.memory, "clock_hz": setup.clock_hz,
            "array_clock_hz": setup.array_clock_hz,
        }

    @property
    def name(self):
        """The key in a word, for the command line; no name is part of another."""
        setup = self.setup
        ratio = f"array{setup.array_clk_ratio}x-" if setup.array_clk_ratio > 1 else ""
        return (
            f"{self.model}-{self.width}x{self.height}-{setup.array}-int{setup.activation_bits}-"
            f"{setup.memory}-{setup.clock_hz / 1e6:g}MHz-{ratio}{self.direction}"
        )

    @property
    def command(self):
        """Measures this row again, and no other."""
        return f"{COMMAND} {self.name}"


_CODECS = (
    # model, width, height, board, quick
    ("default", 768, 512, ARTY, True),
    ("default", 768, 512, ARTY_16_BITS, False),
    ("bls2017", 1280, 720, ARTY, False),
    ("bls2017", 1280, 720, ARTY_FAST, False),
    ("bls2017", 1280, 720, WIDE_1024, False),
    ("bls2017", 1280, 720, WIDE_2048, False),
    ("bmshj2018-factorized", 768, 512, ARTY, False),
    ("bls2017", 2048, 1365, WIDE_1024, False),  # the picture of X-LIC's public demo
    *(("default", 1280, 720, board, False) for board in (ECPIX5, ULX3S)),  # for docs/boards.md
    *(("bls2017", 1280, 720, board, False) for board in (ECPIX5, ULX3S)),
)
ROWS = tuple(
    Row(model, width, height, direction, setup, quick)
    for model, width, height, setup, quick in _CODECS
    for direction in DIRECTIONS
)


def select(texts=(), quick=False, rows=ROWS):
    """The rows of that name, or whose name has one of `texts` in it; all of them without texts."""
    chosen = [row for row in rows if row.quick or not quick]
    if not texts:
        return chosen
    found = []
    for text in texts:
        matching = [row for row in chosen if text in row.name]
        if not matching:
            raise LitelicError(f"no row has {text!r} in its name; --list shows the names")
        found += matching
    return [row for row in chosen if row in found]
