"""Count the cycles of a descriptor by cause."""

from litex.gen import *
from migen import *

# Cycle Counters -----------------------------------------------------------------------------------


class CycleCounters(LiteXModule):
    """One counter a cause and one for the total, so that the causes always add up to the total.

    A cycle of a descriptor in which no cause is given (everything is computed, stores are under
    way) counts as "finish". Cycles between two descriptors count as "fetch" of the second.

    Parameters
    ----------
    counters : {name: Signal} of "total", every cause, "finish" and "fetch".
    causes   : {cause: Signal}, at most one high in a cycle.

    Attributes
    ----------
    enable   : a descriptor is under way.
    between  : a descriptor waits for its turn.
    clear    : the descriptor starts (one cycle, which counts as "fetch"); `between` is up as well.
    """

    def __init__(self, counters, causes):
        self.clear, self.enable, self.between = Signal(), Signal(), Signal()

        # # #

        waited = Signal(16)
        self.sync += If(self.clear | ~(self.between | self.enable),
            waited.eq(0),
        ).Elif(self.between,
            waited.eq(waited + 1),
        )
        other = Signal()
        self.comb += other.eq(~(Cat(*causes.values()) != 0))
        increments = {
            "total": self.enable,
            "finish": self.enable & other,
            "fetch": 0,
            **{name: self.enable & cause for name, cause in causes.items()},
        }
        for name, counter in counters.items():
            start = waited + 1 if name in ("total", "fetch") else 0
            self.sync += If(self.clear,
                counter.eq(start),
            ).Elif(increments[name],
                counter.eq(counter + 1),
            )


class EventCounters(LiteXModule):
    """Count the cycles of every event since `clear`.

    Parameters
    ----------
    counters, events : {name: Signal}.
    """

    def __init__(self, counters, events):
        self.clear = Signal()

        # # #

        for name, event in events.items():
            self.sync += If(self.clear,
                counters[name].eq(0),
            ).Elif(event,
                counters[name].eq(counters[name] + 1),
            )
