"""rANS over many lanes at once, in integers only.

A symbol is an interval of the line 0..65535: it starts at `start` and is `frequency` long. Symbol
`i` belongs to lane `i mod lanes`, so a step codes one symbol of each lane with a few NumPy calls.
A lane's state is 32 bits wide, 2^16 or more between symbols, and sheds 16-bit words; all lanes
share one string of words. Whatever the machine, every byte is the same: all arithmetic is on int64
arrays, which nothing here can overflow, and nothing depends on the order of bytes in memory.

An interval of length 65536 leaves the state alone, so the last step is filled up with those.

The method is Duda's (arXiv 1311.2540), the interleaving Giesen's (arXiv 1402.3392).
"""

import numpy as np

from litelic.host.errors import LitelicError

PRECISION = 16
WHOLE = 1 << PRECISION
LOWEST = 1 << 16  # of a state between two symbols, and the first state
MAX_LANES = 256
BYTES_A_LANE = 600  # a lane wastes about 3 bytes: 0.5 % of these
STEPS_A_REPORT = 1000


def damaged(detail):
    return LitelicError(f"the coded picture is damaged ({detail}); fetch the file again")


def choose_lanes(size):
    """The number of lanes for a payload of about `size` bytes."""
    return min(1 << max(size // BYTES_A_LANE, 1).bit_length() - 1, MAX_LANES)


def fill_steps(values, lanes, filler):
    """`values` as [steps][lanes], the last step filled up."""
    steps = -(-len(values) // lanes)
    filled = np.full(steps * lanes, filler, dtype=np.int64)
    filled[: len(values)] = values
    return filled.reshape(steps, lanes)


def encode_lanes(start, frequency, progress=None):
    """Return (states int64 [lanes], words uint16) for intervals given as int64 [steps][lanes].

    `progress(done, total)` counts steps, if it is given.
    """
    limit = frequency << PRECISION
    states = np.full(start.shape[1], LOWEST, dtype=np.int64)
    words = []
    for step in range(len(start) - 1, -1, -1):
        if progress and step % STEPS_A_REPORT == 0:
            progress(len(start) - step, len(start))
        full = states >= limit[step]
        if full.any():
            words.append(states[full] & 0xFFFF)
            states = np.where(full, states >> 16, states)
        quotient, remainder = np.divmod(states, frequency[step])
        states = (quotient << PRECISION) + remainder + start[step]
    words.reverse()
    words = np.concatenate(words) if words else np.empty(0, dtype=np.int64)
    return states, words.astype(np.uint16)


class LaneDecoder:
    """Takes intervals from states and words, pass by pass.

    A pass is any number of symbols that are looked up on the same line; it starts with lane 0.
    """

    def __init__(self, states, words):
        self.states = np.asarray(states, dtype=np.int64)
        self.words = np.asarray(words, dtype=np.int64)
        self.position = 0
        if (self.states < LOWEST).any():
            raise damaged("a state is below 65536")

    def decode(self, line, table, count):
        """Return the positions on `line` of the next `count` symbols, int64 [count].

        `line` is int64 and rises strictly from 0 to a multiple of 65536: tables laid end to end.
        Symbol `i` belongs to the table that begins at `65536 * table[i]`. `line[p]` is the start
        of the interval at position `p`, `line[p + 1]` its end.
        """
        lanes = len(self.states)
        bases = fill_steps(table, lanes, 0) << PRECISION
        positions = np.empty(bases.shape, dtype=np.int64)
        states = self.states
        for step, base in enumerate(bases):
            if (step + 1) * lanes > count:
                break
            states, positions[step] = self._step(states, line, base)
        rest = count % lanes
        if rest:
            some, positions[-1, :rest] = self._step(states[:rest], line, bases[-1, :rest])
            states = np.concatenate([some, states[rest:]])
        self.states = states
        return positions.reshape(-1)[:count]

    def _step(self, states, line, base):
        slot = base + (states & 0xFFFF)
        position = line.searchsorted(slot, side="right") - 1
        start = line[position]
        states = (line[position + 1] - start) * (states >> PRECISION) + slot - start
        empty = states < LOWEST
        needed = np.count_nonzero(empty)
        if needed:
            word = self.words[self.position : self.position + needed]
            if len(word) < needed:
                raise damaged("it ends too early")
            self.position += needed
            states[empty] = (states[empty] << 16) | word
        return states, position

    def finish(self):
        """Check that everything was used up: the states are those the encoder began with."""
        if self.position != len(self.words):
            raise damaged("words are left over")
        if (self.states != LOWEST).any():
            raise damaged("the last state is wrong")
