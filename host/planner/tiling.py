"""Choose the tiles of a layer: how many pixels a lane computes, and how lanes are arranged.

Every candidate that fits the array's memories is priced with the cycle model; the cheapest is
taken.
"""

from dataclasses import dataclass

from litelic.accel.config import BEAT_BYTES
from litelic.host.errors import LitelicError
from litelic.host.planner.cycles import ONE_CLOCK, price
from litelic.host.planner.pack import align, middle_channels
from litelic.host.program.layer import STORAGE_BYTES

OUTPUT_BYTES = {"int8": 1, "uint8": 1, "int16": 2}
LARGEST_SIDE = 64  # cells a lane computes in a direction, at most


@dataclass
class Tiling:
    """`cells` is (rows, columns) a lane and tile, `lanes` and `tiles` likewise."""

    cells: tuple
    lanes: tuple
    tiles: tuple
    strip_rows: int
    strip_beats: int  # words of the DRAM port a strip row
    strip_pitch: int  # operands
    output_pitch: int  # bytes of a row in the output memory
    price: float = 0.0  # of the whole layer, by which it was chosen


@dataclass(frozen=True)
class Task:
    """What a layer asks for, in cells (results, or phase cells of a transposed convolution)."""

    name: str
    cells: tuple  # (rows, columns) in all
    step: tuple  # (y, x)
    origin: tuple
    span: tuple
    cell: int
    in_channels: int
    in_bytes: int  # an element
    out_channels: int
    out_bytes: int
    middle: int  # middle values a pixel, 0 without a normalisation
    segments: tuple
    weight_words: int  # of the DRAM port


def task_of(layer, window, packed, config, height, width):
    """The `Task` of a `Layer` for an input of height x width."""
    out_height, out_width = layer.output_size(height, width)
    return Task(
        layer.name,
        (-(-out_height // window.cell), -(-out_width // window.cell)),
        window.step, window.origin, window.span, window.cell,
        layer.in_channels, STORAGE_BYTES[layer.input],
        layer.out_channels, OUTPUT_BYTES[layer.output],
        middle_channels(layer, config) if layer.gdn else 0,
        tuple(packed.segments), len(packed.data) // config.port_bytes,
    )


def _beats(first, size, step, count, beat):
    """Most words of `beat` bytes that `size` touch, over `count` placements `step` bytes apart."""
    phases = {(first + i * step) % beat for i in range(min(count, beat))}
    return -(-(max(phases) + size) // beat)


def _price(task, config, timing, cells, lanes):
    """The `Tiling` of a candidate, or None when it does not fit."""
    (rows, columns), (lane_rows, lane_columns) = cells, lanes
    in_pixel = task.in_channels * task.in_bytes
    out_pixel = task.out_channels * task.out_bytes
    in_step = columns * task.step[1] * in_pixel
    out_step = columns * task.cell * out_pixel
    port = config.port_bytes
    if lane_columns > 1 and (in_step % (config.bank * task.in_bytes) or out_step % BEAT_BYTES):
        return None  # all lanes must start at the same place of a bank word, and of a beat
    tiles = (-(-task.cells[0] // (rows * lane_rows)), -(-task.cells[1] // (columns * lane_columns)))
    strip_rows = (rows - 1) * task.step[0] + task.span[0]
    strip_bytes = ((columns - 1) * task.step[1] + task.span[1]) * in_pixel
    placements = tiles[1] * lane_columns
    strip_beats = _beats(task.origin[1] * in_pixel, strip_bytes, in_step, placements, port)
    strip_pitch = strip_beats * port // task.in_bytes
    output_beats = _beats(0, out_step, out_step * lane_columns, tiles[1], BEAT_BYTES)
    output_pitch = output_beats * BEAT_BYTES
    output_rows = rows * task.cell
    pixels = rows * columns
    if (
        strip_rows * strip_pitch > config.input_depth
        or output_rows * output_pitch > config.output_depth
        or pixels * task.cell**2 * task.middle > config.middle_depth
    ):
        return None
    for segment in task.segments:  # one that is larger than the ring is read once only
        repeats = pixels * task.cell**2 if segment.gdn else pixels
        if segment.words > config.weight_depth and repeats > 1:
            return None
    tiling = Tiling(cells, lanes, tiles, strip_rows, strip_beats, strip_pitch, output_pitch)
    tiling.price = price(task, tiling, config, timing)
    return tiling


def choose(task, config, timing=ONE_CLOCK):
    """Return the cheapest `Tiling` of a `Task`; `timing` is a `cycles.Timing`.

    Raises `LitelicError` when even a single pixel a lane does not fit the array's memories.
    """
    best = None
    arrangements = [
        (config.pixels // columns, columns) for columns in range(1, config.pixels + 1)
    ]
    for lanes in arrangements:
        for rows in range(1, min(LARGEST_SIDE, -(-task.cells[0] // lanes[0])) + 1):
            for columns in range(1, min(LARGEST_SIDE, -(-task.cells[1] // lanes[1])) + 1):
                tiling = _price(task, config, timing, (rows, columns), lanes)
                if tiling and (best is None or tiling.price < best.price):
                    best = tiling
                # Larger strips fit no better, but alignment may come back with more columns.
                if tiling is None and _too_wide(task, config, rows, columns):
                    break
    if best is None:
        words = max(segment.words for segment in task.segments)
        row = align(task.span[1] * task.in_channels + config.port_bytes, config.port_bytes)
        raise LitelicError(
            f"layer {task.name} does not fit the array {config.shape}: one pixel needs about "
            f"{task.span[0] * row} operands (input_depth {config.input_depth}), "
            f"{task.cell**2 * task.middle} middle values (middle_depth {config.middle_depth}), "
            f"{words} weight words (weight_depth {config.weight_depth}) and "
            f"{task.cell**2 * task.out_channels * task.out_bytes} result bytes "
            f"(output_depth {config.output_depth}); build an array with larger memories"
        )
    return best


def _too_wide(task, config, rows, columns):
    strip_rows = (rows - 1) * task.step[0] + task.span[0]
    strip = ((columns - 1) * task.step[1] + task.span[1]) * task.in_channels
    pixels = rows * columns * task.cell**2
    return (
        strip_rows * strip > config.input_depth
        or pixels * task.out_channels * task.out_bytes > config.output_depth
        or pixels * task.middle > config.middle_depth
    )
