"""The rows of a walk over strips, cut into transfers of the DRAM port."""

from litex.gen import *
from litex.soc.interconnect import stream
from migen import *

from litelic.accel.walk import Rounds

# Strip Beats --------------------------------------------------------------------------------------


class StripBeats(LiteXModule):
    """Every transfer of every row of `walker`, one a cycle, also if a row has only one.

    In two steps, each with registers behind it: what holds for a row, and the transfer. So the
    walk, which goes back into itself, depends on no more than whether a transfer was taken.

    Attributes
    ----------
    source : address (words of the port); lane; zero: the transfer lies outside the feature map;
             count: bytes of it that lie inside; begin, end: first of its lane, last of the tile;
             start: the strip's first byte within the lane's first transfer.
    """

    def __init__(self, config, descriptor, walker, address_width):
        d, port = descriptor, config.port_bytes
        port_bits = log2_int(port)
        self.source = source = stream.Endpoint([
            ("address", address_width), ("lane", 8), ("zero", 1), ("count", port_bits + 1),
            ("begin", 1), ("end", 1), ("start", port_bits),
        ])

        # # #

        # Row --------------------------------------------------------------------------------------
        # Counted in transfers: a row is read from the one on in which it begins.
        position_bits = len(walker.x) - port_bits
        valid, take, ready = Signal(), Signal(), Signal()
        beats = Rounds(d.strip_beats[:12])
        visible, first_row, last_row, first_beat = (Signal() for _ in range(4))
        position = Signal((position_bits, True))
        address = Signal(address_width)
        lane, start = Signal(8), Signal(port_bits)
        self.comb += [
            take.eq(~valid | (ready & beats.end)),
            walker.advance.eq(take),
        ]
        self.sync += [
            If(take,
                valid.eq(walker.valid),
                visible.eq((walker.y >= 0) & (walker.y < d.in_rows[:19])),
                position.eq(walker.x >> port_bits),
                address.eq(walker.row_address[port_bits:] + (walker.x >> port_bits)),
                lane.eq(walker.lane),
                start.eq(walker.x[:port_bits]),
                first_row.eq(walker.first_row),
                last_row.eq(walker.last_row),
                first_beat.eq(1),
                *beats.begin(),
            ).Elif(ready,
                position.eq(position + 1),
                address.eq(address + 1),
                first_beat.eq(0),
                *beats.step(),
            ),
        ]

        # Transfer ---------------------------------------------------------------------------------
        # `rest`: whole transfers of the row from here on; what is left then has `part` bytes.
        rest, part = Signal((position_bits + 1, True)), Signal(port_bits)
        self.comb += [
            ready.eq(~source.valid | source.ready),
            rest.eq(d.in_row_bytes[port_bits:26] - position),
            part.eq(d.in_row_bytes[:port_bits]),
        ]
        self.sync += If(ready,
            source.valid.eq(valid),
            source.address.eq(address),
            source.lane.eq(lane),
            source.zero.eq(
                ~visible | (position < 0) | (rest < 0) | ((rest == 0) & (part == 0))
            ),
            source.count.eq(Mux(rest > 0, port, part)),
            source.begin.eq(first_row & first_beat),
            source.end.eq(last_row & beats.end),
            source.start.eq(start),
        )
