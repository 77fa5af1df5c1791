"""The order in which a tile's lanes and rows are visited, shared by load and store."""

from litex.gen import *
from migen import *

# Tile Walker --------------------------------------------------------------------------------------


class TileWalker(LiteXModule):
    """Visit every row of every lane of every tile: rows, then lanes, then tiles, columns first.

    `axis` has the walk's steps as signals: y, x (first row and row position of tile 0, lane 0),
    address (of row y at position 0), pitch, tile_rows, tile_pitch, tile_bytes, lane_rows,
    lane_pitch, lane_bytes, rows; `tiles` and `lanes` hold columns in the low and rows in the high
    16 bits.

    Attributes
    ----------
    start    : begin a walk (one cycle).
    proceed  : leave the state `at_tile`; the tile's first row is valid from the next cycle on.
    advance  : go to the next row.
    at_tile  : the walk stands before a tile.
    valid    : `y`, `x`, `row_address`, `lane`, `first_row`, `last_row` describe a row.
    done     : no walk is under way.
    """

    def __init__(self, tiles, lanes, axis):
        self.start = Signal()
        self.proceed = Signal()
        self.advance = Signal()
        self.at_tile = Signal()
        self.valid = Signal()
        self.done = Signal()
        self.y = y = Signal((20, True))
        self.x = x = Signal((26, True))
        self.tile_x = tile_x = Signal((26, True))
        self.row_address = address = Signal(32)
        self.row = row = Signal(16)
        self.lane = lane = Signal(8)
        self.first_row = Signal()
        self.last_row = Signal()  # the tile's last row of its last lane

        # # #

        column, line = Signal(16), Signal(16)
        lane_column, lane_line = Signal(8), Signal(8)
        tile_y, tile_address = Signal((20, True)), Signal(32)
        lane_y, lane_address = Signal((20, True)), Signal(32)
        end_row, end_column, end_line = Signal(), Signal(), Signal()
        end_tile_column, end_tile_line = Signal(), Signal()
        self.comb += [
            end_row.eq(row == (axis.rows[:16] - 1)),
            end_column.eq(lane_column == (lanes[:8] - 1)),
            end_line.eq(lane_line == (lanes[16:24] - 1)),
            end_tile_column.eq(column == (tiles[:16] - 1)),
            end_tile_line.eq(line == (tiles[16:] - 1)),
            self.first_row.eq(row == 0),
            self.last_row.eq(end_row & end_column & end_line),
        ]
        self.fsm = fsm = FSM(reset_state="IDLE")
        fsm.act("IDLE",
            self.done.eq(~self.start),
            NextValue(column, 0),
            NextValue(line, 0),
            NextValue(tile_x, axis.x),
            NextValue(tile_y, axis.y),
            NextValue(tile_address, axis.address),
            If(self.start, NextState("TILE")),
        )
        fsm.act("TILE",
            self.at_tile.eq(1),
            NextValue(row, 0),
            NextValue(lane, 0),
            NextValue(lane_column, 0),
            NextValue(lane_line, 0),
            NextValue(x, tile_x),
            NextValue(y, tile_y),
            NextValue(lane_y, tile_y),
            NextValue(address, tile_address),
            NextValue(lane_address, tile_address),
            If(self.proceed, NextState("ROWS")),
        )
        fsm.act("ROWS",
            self.valid.eq(1),
            If(self.advance,
                NextValue(row, row + 1),
                NextValue(y, y + 1),
                NextValue(address, address + axis.pitch),
                If(end_row,
                    NextValue(row, 0),
                    NextValue(lane, lane + 1),
                    NextValue(y, lane_y),
                    NextValue(address, lane_address),
                    NextValue(lane_column, lane_column + 1),
                    NextValue(x, x + axis.lane_bytes),
                    If(end_column,
                        NextValue(lane_column, 0),
                        NextValue(lane_line, lane_line + 1),
                        NextValue(x, tile_x),
                        NextValue(y, lane_y + axis.lane_rows),
                        NextValue(lane_y, lane_y + axis.lane_rows),
                        NextValue(address, lane_address + axis.lane_pitch),
                        NextValue(lane_address, lane_address + axis.lane_pitch),
                    ),
                ),
                If(self.last_row, NextState("NEXT")),
            ),
        )
        fsm.act("NEXT",
            NextValue(column, column + 1),
            NextValue(tile_x, tile_x + axis.tile_bytes),
            NextState("TILE"),
            If(end_tile_column,
                NextValue(column, 0),
                NextValue(line, line + 1),
                NextValue(tile_x, axis.x),
                NextValue(tile_y, tile_y + axis.tile_rows),
                NextValue(tile_address, tile_address + axis.tile_pitch),
                If(end_tile_line, NextState("IDLE")),
            ),
        )


class Axis:
    """The steps of a walk, picked from descriptor fields by prefix (`in_` or `out_`)."""

    def __init__(self, descriptor, prefix, rows):
        for name in (
            "y", "x", "address", "pitch", "tile_rows", "tile_pitch", "tile_bytes", "lane_rows",
            "lane_pitch", "lane_bytes",
        ):
            setattr(self, name, getattr(descriptor, f"{prefix}_{name}"))
        self.rows = rows
