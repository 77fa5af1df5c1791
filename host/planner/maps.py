"""Feature maps in DRAM: how they lie there, and where.

The two maps of a pair lie row by row in turns, so that a tile's rows of both are one strip.
"""

from dataclasses import dataclass, replace

import numpy as np

from litelic.host.errors import LitelicError
from litelic.host.planner.pack import align
from litelic.host.program.network import INPUT, last_uses, pairs_of

MAP_ALIGNMENT = 4096


@dataclass(frozen=True)
class FeatureMap:
    """An array [height][width][channels] in DRAM, `pitch` bytes from row to row.

    Rows have `row_bytes`, whole words of the DRAM port.
    """

    address: int
    height: int
    width: int
    channels: int
    dtype: np.dtype
    row_bytes: int
    pitch: int

    @classmethod
    def at(cls, address, height, width, channels, dtype, port_bytes):
        """One row behind the other."""
        dtype = np.dtype(dtype).newbyteorder("<")
        row = align(width * channels * dtype.itemsize, port_bytes)
        return cls(address, height, width, channels, dtype, row, row)

    @property
    def size(self):
        """Bytes in DRAM, up to the last row's end."""
        return (self.height - 1) * self.pitch + self.row_bytes

    def paired(self, second):
        """This map as the first or the second one of a pair whose place is its own so far."""
        return replace(
            self, address=self.address + second * self.row_bytes, pitch=2 * self.row_bytes
        )

    def both(self):
        """The first map of a pair, and the second with it: rows in turns."""
        return replace(self, height=2 * self.height, pitch=self.row_bytes)

    def to_bytes(self, array):
        """The DRAM image of a NumPy array; zeros between its rows."""
        rows = np.zeros((self.height, self.pitch), np.uint8)
        stored = np.ascontiguousarray(array, self.dtype).reshape(self.height, -1).view(np.uint8)
        rows[:, : stored.shape[1]] = stored
        return rows.tobytes()[: self.size]

    def from_bytes(self, data):
        """The NumPy array of a DRAM image."""
        whole = np.zeros(self.height * self.pitch, np.uint8)
        whole[: self.size] = np.frombuffer(data, np.uint8)
        rows = whole.reshape(self.height, self.pitch)
        used = self.width * self.channels * self.dtype.itemsize
        array = np.ascontiguousarray(rows[:, :used]).view(self.dtype)
        shape = (self.height, self.width, self.channels)
        return array.reshape(shape).astype(self.dtype.newbyteorder("="))


def place(maps, layers, kept, room, what, ends=None):
    """Give each map of a network its address.

    maps         : `FeatureMap`s, the input's first, then those of the layers' results.
    kept         : results that must still be there at the end.
    room         : (first byte, end) of the DRAM that is theirs.
    what         : the input, for the message.
    ends         : the same of the input and of what is kept, if they have a room of their own.

    Every map keeps its own place as long as the DRAM is large enough; otherwise maps take places
    of those that nobody reads any more. Raises `LitelicError` when not even that fits.
    """
    apart = {INPUT, *kept} if ends else set()
    for lasting in (range(INPUT, len(layers)), kept):
        placed, beyond = _arrange(
            maps, layers, lasting, lambda results: room if apart.isdisjoint(results) else ends)
        if beyond <= 0:
            return placed
    raise LitelicError(
        f"an input of {what} needs {-(-(room[1] + beyond) >> 20)} MB of DRAM, the board has "
        f"{room[1] >> 20} MB; use a smaller picture"
    )


def _arrange(maps, layers, lasting, room_of):
    """(placed maps, bytes by which the highest goes beyond its room): the largest first, each as
    low as those allow that are there at the same time.

    lasting : results that are there to the end.
    room_of : room_of(results that lie together) is their room.
    """
    last = last_uses(layers)
    for result in lasting:
        last[result + 1] = len(layers)
    partners = {first: second for first, second in pairs_of(layers).values()}
    blocks = []  # (bytes, from the layer, to the layer, results)
    for result in range(INPUT, len(layers)):
        if result in partners.values():
            continue
        results = [result, partners[result]] if result in partners else [result]
        size = sum(maps[r + 1].size for r in results)
        blocks.append((size, min(results), max(last[r + 1] for r in results), results))
    taken, placed, beyond = [], {}, 0  # taken: (begin, end, from, to)
    for size, first, end, results in sorted(blocks, key=lambda block: -block[0]):
        # A layer's result must not lie where one of its inputs does.
        room = room_of(results)
        begin = _gap([t[:2] for t in taken if t[2] <= end and first <= t[3]], room[0], size)
        taken.append((begin, begin + size, first, end))
        beyond = max(beyond, begin + size - room[1])
        for second, result in enumerate(results):
            placed[result] = replace(maps[result + 1], address=begin)
            if len(results) > 1:
                placed[result] = placed[result].paired(second)
    return [placed[result] for result in range(INPUT, len(layers))], beyond


def _gap(spans, start, size):
    """The lowest free place of `size` bytes from `start` on."""
    begin = start
    for taken, end in sorted(spans):
        if taken - begin >= size:
            break
        begin = max(begin, align(end, MAP_ALIGNMENT))
    return begin
