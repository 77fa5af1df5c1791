"""How long a layer takes: the engine's units and the DRAM, followed through the layer's tiles.

`cycles.estimate` is the cheap formula that tilings are chosen with; this is what users are told.
`docs/engine.md` has the reasoning and says how near it is, `tests/system/test_cycles.py` holds it
against simulation.
"""

from litelic.accel.descriptor import FIELDS
from litelic.host.planner.cycles import ONE_CLOCK
from litelic.host.planner.dram import Dram
from litelic.host.planner.rows import tiles_of
from litelic.host.planner.units import DATA, Loader, Sequencer, Store, Weights

# Bus cycles: a descriptor's first word, besides its words; the record before it; from the last
# write's command until the engine knows that the DRAM has it.
FETCH, RECORD, LAST_WRITE = 20, 16, 6
SETTLE = 15  # until the counters of an array with its own clock stand still
STEADY, BUSY = 3, 30  # tiles in the middle that stand for the others; where the DRAM may be late
RESERVE = 0.25  # of a tile's time: loaded so much too early, it is never late


def predict(fields, task, config, timing=ONE_CLOCK):
    """Array cycles of the layer of a descriptor, its fetch included.

    fields : the descriptor's, by name (`accel/descriptor.py`).
    task   : the `tiling.Task` behind it.
    timing : the board's `cycles.Timing`.
    """
    fetch = FETCH + len(FIELDS) * 4 // config.port_bytes + RECORD
    if timing.ratio != 1:
        fetch += SETTLE
    return timing.ratio * (fetch + run(fields, task, config, timing))


def run(fields, task, config, timing):
    """Bus cycles from a layer's start to its end."""
    tiles = tiles_of(fields)
    total, late = _with_some(STEADY, tiles, fields, task, config, timing)
    if late:
        total, _ = _with_some(BUSY, tiles, fields, task, config, timing)
    return total


def _with_some(count, tiles, fields, task, config, timing):
    """(bus cycles, tiles may be late), by the first tiles, `count` in the middle, and the last."""
    some = _sample(tiles, count)
    total, ends, spare = follow(some, fields, task, config, timing)
    if len(some) == len(tiles):
        return total, False
    pace = (ends[-2] - ends[1]) / (len(some) - 3)
    late = min(spare[2:-1]) < RESERVE * pace
    return total + (len(tiles) - len(some)) * pace, late


def _sample(tiles, count):
    """The first two tiles, `count` in the middle of the layer, and the last one."""
    if len(tiles) <= count + 3:
        return tiles
    columns = tiles[-1][1] + 1
    middle = len(tiles) // 2  # the middle of the middle row of tiles, or between the two
    if tiles[-1][0] % 2 and tiles[-1][0] > 1:
        middle += columns // 2
    start = min(max(2, middle - count // 2), len(tiles) - 1 - count)
    return [*tiles[:2], *tiles[start : start + count], tiles[-1]]


def follow(tiles, fields, task, config, timing):
    """(bus cycles, end of each tile, time each had to spare) of a layer with these tiles only."""
    dram, ratio, segments = timing.dram, timing.ratio, task.segments
    latency = dram.read + DATA
    loader = Loader(fields, tiles, config, latency)
    weights = Weights(fields, tiles, segments, config, latency, ratio)
    store = Store(fields, tiles, config)
    sequencer = Sequencer(
        fields, tiles, segments, task.cell, config, ratio, loader, weights, store
    )
    controller = Dram(dram, [loader, weights, store])
    idle = 0
    while idle < 2:  # what one unit learns lets another one go on
        idle = 0 if controller.step() else idle + 1
        sequencer.advance()
        weights.parse()
    end = max(store.walked, store.last + 1) + LAST_WRITE
    return end, sequencer.ends, sequencer.spare
