"""Count the cycles of a descriptor by cause."""

from litex.gen import *
from migen import *

from litelic.accel.requantise import delay

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

    latency = 3

    def __init__(self, counters, causes):
        self.clear, self.enable, self.between = Signal(), Signal(), Signal()

        # # #

        # Causes are the last to be known in a cycle, and far from the counters: what is counted is
        # decided in the next one.
        controls = Cat(self.clear, self.enable, self.between)
        _, enabled, _ = before = delay(self, controls, 1)
        clear, enable, between = delay(self, before, 1)
        given = {name: delay(self, cause, 1) for name, cause in causes.items()}
        waited = Signal(16, reset_less=True)  # it clears itself
        self.sync += If(clear | ~(between | enable),
            waited.eq(0),
        ).Elif(between,
            waited.eq(waited + 1),
        )
        other = Cat(*given.values()) == 0
        increments = {"total": enable, "fetch": 0} | {
            name: delay(self, enabled & cause, 1)
            for name, cause in (given | {"finish": other}).items()
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
