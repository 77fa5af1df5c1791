"""Count the cycles of a descriptor by cause."""

from litex.gen import *
from migen import *

# Cycle Counters -----------------------------------------------------------------------------------


class CycleCounters(LiteXModule):
    """One counter a cause and one for the total, so that the causes always add up to the total.

    A cycle in which no cause is given (everything is computed, stores are under way) counts as
    "finish".

    Parameters
    ----------
    counters : {"total": Signal, cause: Signal, ..., "finish": Signal}
    causes   : {cause: Signal}, at most one high in a cycle.
    """

    def __init__(self, counters, causes):
        self.clear, self.enable = Signal(), Signal()

        # # #

        other = Signal()
        self.comb += other.eq(~(Cat(*causes.values()) != 0))
        for name, counter in counters.items():
            cause = {"total": 1, "finish": other}.get(name)
            cause = causes[name] if cause is None else cause
            self.sync += If(self.clear,
                counter.eq(0),
            ).Elif(self.enable & cause,
                counter.eq(counter + 1),
            )
