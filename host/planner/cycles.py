"""The cycle model's cheap half: a formula for how long a layer takes, to choose tiles with.

Every unit of the engine needs so many cycles for a tile; the slowest sets the pace, and the first
load and the last store have nothing to hide behind. It is off where units get into each other's
way; `timeline.py` is not. `docs/engine.md` has the reasoning.
"""

from dataclasses import dataclass, field

from litelic.accel.config import BEAT_BYTES
from litelic.host.planner.dram import DramTiming

# Bus cycles from the start of a walk to its first request and from the last data to the array;
# around a descriptor's words; from the array's last result to the last beat in DRAM.
LOAD_OVERHEAD, FETCH_OVERHEAD, STORE_OVERHEAD = 12, 22, 20
# Array cycles from a tile, or a segment, that the array has waited for until its first word.
TILE_LEAD, SEGMENT_LEAD = 10, 7

TRAFFIC_PRICE = 0.01  # of a bus cycle, in array cycles at the bus clock


@dataclass(frozen=True)
class Timing:
    """What a layer's time depends on besides the array.

    latency : bus cycles from a read request to its data, nothing else being under way.
    word    : bus cycles a word of a DRAM port, refresh included.
    row     : bus cycles more for each row of a strip or a result: it lies in another DRAM page.
    ratio   : the array's clock over the bus clock.
    dram    : what the timeline knows of the DRAM; `latency`, `word` and `row` sum it up.
    """

    latency: float = 26
    word: float = 1.14
    row: float = 1.5
    ratio: float = 1
    dram: DramTiming = field(default_factory=lambda: DramTiming.of(100e6))

    @classmethod
    def of(cls, bus_hz, array_hz, transfers=1):
        """Of a board with such clocks: pages of a DRAM open in nanoseconds, not in cycles.

        A DRAM that is narrower than its ports takes several `transfers` a word. The timeline knows
        nothing of them: it is for DDR3.
        """
        return cls(
            row=cls.row * bus_hz / 100e6, ratio=array_hz / bus_hz, dram=DramTiming.of(bus_hz),
            word=cls.word * transfers,
        )


ONE_CLOCK = Timing()


def compute_cycles(task, config, cells):
    """Array cycles of a tile whose operands and weights are there: (multiplying, in all)."""
    busy, cycles, flush = 0, 0, 0
    for segment in task.segments:
        results = cells[0] * cells[1] * (task.cell**2 if segment.gdn else 1)
        busy += results * segment.words
        cycles += results * max(segment.words, config.drain_cycles)
        if segment.gdn:
            flush = config.flush_cycles
    return busy, cycles + flush


def bus_cycles(task, tiling, config, timing):
    """Bus cycles of (the first load, a tile in the middle), were the array infinitely fast."""
    lanes, port = tiling.lanes[0] * tiling.lanes[1], config.port_bytes
    rows_in, rows_out = lanes * tiling.strip_rows, lanes * tiling.cells[0] * task.cell
    words, beats = rows_in * tiling.strip_beats, rows_out * (tiling.output_pitch // BEAT_BYTES)
    write = beats * timing.word + rows_out * timing.row
    weights = task.weight_words * max(port // BEAT_BYTES, timing.word)
    together = (words + task.weight_words) * timing.word + rows_in * timing.row + write

    # Loader and weight ring take turns at the DRAM while both want it; first the ring is filled.
    alone = max(port // task.in_bytes // config.granule, timing.word)
    turns = max(0, 2 * timing.word - alone)
    ring = config.weight_depth * config.reduction * config.outputs // port
    load = words * alone + rows_in * timing.row + timing.latency + LOAD_OVERHEAD
    first = load + min(words, task.weight_words, ring) * turns
    later = load + min(words, task.weight_words) * turns + write
    return first, max(later, weights, together)


def estimate(task, tiling, config, timing=ONE_CLOCK):
    """Array cycles that a `Task` takes, cut up by a `Tiling`, its descriptor's fetch included."""
    _, compute = compute_cycles(task, config, tiling.cells)
    first, pace = bus_cycles(task, tiling, config, timing)
    before = timing.latency + FETCH_OVERHEAD + first
    after = _last_store(task, tiling) + STORE_OVERHEAD
    tiles = tiling.tiles[0] * tiling.tiles[1]
    between = (tiles - 1) * max(compute, timing.ratio * pace)
    return timing.ratio * (before + after) + between + compute + config.flush_cycles


def price(task, tiling, config, timing=ONE_CLOCK):
    """What tilings are compared by: cycles, and a little of what the bus does behind the array.

    Traffic that just fits behind the array gets in its own way, which `estimate` does not know.
    """
    _, pace = bus_cycles(task, tiling, config, timing)
    tiles = tiling.tiles[0] * tiling.tiles[1]
    return estimate(task, tiling, config, timing) + TRAFFIC_PRICE * tiles * timing.ratio * pace


def _last_store(task, tiling):
    """Bus cycles to store the last tile; rows and lanes outside the feature map cost one a row."""
    inside = []  # cells of each line, and of each column, of lanes
    for axis in (0, 1):
        lanes, cells = tiling.lanes[axis], tiling.cells[axis]
        first = (tiling.tiles[axis] - 1) * lanes * cells
        rests = (task.cells[axis] - first - lane * cells for lane in range(lanes))
        inside.append([min(max(rest, 0), cells) * task.cell for rest in rests])
    beats = sum(
        max(1, -(-width * task.out_channels * task.out_bytes // BEAT_BYTES)) for width in inside[1]
    )
    outside = tiling.lanes[0] * tiling.cells[0] * task.cell - sum(inside[0])
    return sum(inside[0]) * beats + outside * tiling.lanes[1]
