"""The order in which a tile's lanes and rows are visited, shared by load and store."""

from litex.gen import *
from migen import *

# Helpers ------------------------------------------------------------------------------------------


class Rounds:
    """Count the rounds of a loop; that this round is the last one (`end`) is a register.

    `rounds`, at least 1, stands still meanwhile.
    """

    def __init__(self, rounds):
        self.rounds = rounds
        self.left, self.end = Signal(len(rounds)), Signal()  # `left`: this round included

    def begin(self):
        """Statements after which the first round is under way."""
        return [self.left.eq(self.rounds), self.end.eq(self.rounds == 1)]

    def step(self):
        """Statements that go to the next round; not for the last one."""
        return [self.left.eq(self.left - 1), self.end.eq(self.left == 2)]


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
        self.row_address = address = Signal(32)
        self.lane = lane = Signal(8)
        self.first_row = first_row = Signal()  # of its lane
        self.last_row = Signal()  # the tile's last row of its last lane

        # # #

        rows, lane_columns, lane_lines = (
            Rounds(count) for count in (axis.rows[:16], lanes[:8], lanes[16:24])
        )
        tile_columns, tile_lines = Rounds(tiles[:16]), Rounds(tiles[16:])
        tile_x, tile_y, tile_address = Signal((26, True)), Signal((20, True)), Signal(32)
        lane_y, lane_address = Signal((20, True)), Signal(32)
        idle, next_tile = Signal(), Signal()
        self.comb += self.last_row.eq(rows.end & lane_columns.end & lane_lines.end)
        self.fsm = fsm = FSM(reset_state="IDLE")
        fsm.act("IDLE",
            idle.eq(1),
            self.done.eq(~self.start),
            If(self.start, NextState("TILE")),
        )
        fsm.act("TILE",
            self.at_tile.eq(1),
            If(self.proceed, NextState("ROWS")),
        )
        fsm.act("ROWS",
            self.valid.eq(1),
            If(self.advance & self.last_row, NextState("NEXT")),
        )
        fsm.act("NEXT",
            next_tile.eq(1),
            NextState("TILE"),
            If(tile_columns.end & tile_lines.end, NextState("IDLE")),
        )

        # Rows and lanes ---------------------------------------------------------------------------
        # Between tiles a step does no harm: each begins anew. So `advance`, which comes late, need
        # not be combined with the state.
        self.sync += If(self.at_tile,
            *rows.begin(),
            *lane_columns.begin(),
            *lane_lines.begin(),
            first_row.eq(1),
            lane.eq(0),
            x.eq(tile_x),
            y.eq(tile_y),
            lane_y.eq(tile_y),
            address.eq(tile_address),
            lane_address.eq(tile_address),
        ).Elif(self.advance,
            first_row.eq(rows.end),
            If(~rows.end,
                *rows.step(),
                y.eq(y + 1),
                address.eq(address + axis.pitch),
            ).Else(
                *rows.begin(),
                lane.eq(lane + 1),
                If(~lane_columns.end,
                    *lane_columns.step(),
                    x.eq(x + axis.lane_bytes),
                    y.eq(lane_y),
                    address.eq(lane_address),
                ).Else(
                    *lane_columns.begin(),
                    *lane_lines.step(),
                    x.eq(tile_x),
                    y.eq(lane_y + axis.lane_rows),
                    lane_y.eq(lane_y + axis.lane_rows),
                    address.eq(lane_address + axis.lane_pitch),
                    lane_address.eq(lane_address + axis.lane_pitch),
                ),
            ),
        )

        # Tiles ------------------------------------------------------------------------------------
        self.sync += If(idle,
            *tile_columns.begin(),
            *tile_lines.begin(),
            tile_x.eq(axis.x),
            tile_y.eq(axis.y),
            tile_address.eq(axis.address),
        ).Elif(next_tile,
            *tile_columns.step(),
            tile_x.eq(tile_x + axis.tile_bytes),
            If(tile_columns.end,
                *tile_columns.begin(),
                *tile_lines.step(),
                tile_x.eq(axis.x),
                tile_y.eq(tile_y + axis.tile_rows),
                tile_address.eq(tile_address + axis.tile_pitch),
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
