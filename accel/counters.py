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

    The counters show a cycle `latency` cycles later.
    """

    latency = 2

    def __init__(self, counters, causes):
        self.clear, self.enable, self.between = Signal(), Signal(), Signal()

        # # #

        # Causes are the last to be known in a cycle: they are counted in the next one.
        clear, enable, between = Signal(), Signal(), Signal()
        given = {name: Signal() for name in causes}
        self.sync += [
            clear.eq(self.clear), enable.eq(self.enable), between.eq(self.between),
            *[given[name].eq(cause) for name, cause in causes.items()],
        ]
        waited = Signal(16, reset_less=True)  # it clears itself
        self.sync += If(clear | ~(between | enable),
            waited.eq(0),
        ).Elif(between,
            waited.eq(waited + 1),
        )
        other = Signal()
        self.comb += other.eq(~(Cat(*given.values()) != 0))
        increments = {
            "total": enable,
            "finish": enable & other,
            "fetch": 0,
            **{name: enable & cause for name, cause in given.items()},
        }
        for name, counter in counters.items():
            start = waited + 1 if name in ("total", "fetch") else 0
            self.sync += If(clear,
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
