"""Where the rows lie that a tile reads and writes: the walks of `accel/walk.py`, from a descriptor.

`fields` is a mapping with the fields of `accel/descriptor.py`, a tile a (line, column).
"""

from litelic.accel.config import BEAT_BYTES
from litelic.host.planner.dram import PAGE_WORDS


def tiles_of(fields):
    """Every tile of a layer, in the order in which the engine takes them."""
    columns, lines = fields["tiles"] & 0xFFFF, fields["tiles"] >> 16
    return [(line, column) for line in range(lines) for column in range(columns)]


def runs_of(address, count):
    """Cut `count` words from `address` on at the ends of DRAM pages."""
    while count:
        some = min(count, PAGE_WORDS - address % PAGE_WORDS)
        yield address, some
        address, count = address + some, count - some


def strip_rows(fields, tile, port):
    """Yield (zeros, address, count) of each row that a tile reads, in words of the port."""
    rows, beats = fields["strip_rows"], fields["strip_beats"]
    base = fields["in_address"] - fields["in_y"] * fields["in_pitch"]
    zeros = 0
    tile_y = fields["in_y"] + tile[0] * fields["in_tile_rows"]
    tile_x = fields["in_x"] + tile[1] * fields["in_tile_bytes"]
    row_bytes = fields["in_row_bytes"]
    for lane_line in range(fields["lanes"] >> 16):
        y = tile_y + lane_line * fields["in_lane_rows"]
        for lane_column in range(fields["lanes"] & 0xFFFF):
            x = (tile_x + lane_column * fields["in_lane_bytes"]) // port * port
            before = min(max(0, -x // port), beats)
            count = max(0, min(beats, -(-(row_bytes - x) // port)) - before)
            after = beats - before - count
            for row in range(y, y + rows):
                if count and 0 <= row < fields["in_rows"]:
                    address = (base + row * fields["in_pitch"] + x) // port + before
                    yield zeros + before, address, count
                    zeros = after
                else:
                    zeros += beats
    yield zeros, 0, 0


def block_rows(fields, tile):
    """Yield (rows skipped, first beat, beats) of each row that a tile writes."""
    base = fields["out_address"]
    skipped = 0
    tile_y = tile[0] * fields["out_tile_rows"]
    tile_x = tile[1] * fields["out_tile_bytes"]
    for lane_line in range(fields["lanes"] >> 16):
        y = tile_y + lane_line * fields["out_lane_rows"]
        for lane_column in range(fields["lanes"] & 0xFFFF):
            x = tile_x + lane_column * fields["out_lane_bytes"]
            end = min(x + fields["block_bytes"], fields["out_row_bytes"])
            for row in range(y, y + fields["block_rows"]):
                if row < fields["out_rows"] and end > x // BEAT_BYTES * BEAT_BYTES:
                    address = base + row * fields["out_pitch"]
                    first = (address + x) // BEAT_BYTES
                    yield skipped, first, (address + end - 1) // BEAT_BYTES + 1 - first
                    skipped = 0
                else:
                    skipped += 1
    yield skipped, 0, 0
