"""Follow one item through a queue: the solver picks which.

If whatever item is picked leaves as the right one in the right place, then no item is dropped,
duplicated, changed or overtaken: the n-th that leaves is the n-th that entered, for every n.
"""

from migen import If, Signal

COUNT_BITS = 8  # Far more than any queue here holds; the claims bound the counts.


class Scoreboard:
    """Counts what enters and leaves, and follows one item at a time.

    Attributes
    ----------
    inside  : items that entered and did not leave.
    picked  : the item that enters now is the one to follow (at most one is followed at a time).
    follows : an item is being followed.
    ahead   : how many items leave up to and including the followed one.
    last    : the followed item is the next to leave.
    tag     : what was `known` of the item when it was picked: {name: Signal}.
    """

    def __init__(self, harness, enters, leaves, known=None):
        self.inside, self.ahead = Signal(COUNT_BITS), Signal(COUNT_BITS)
        self.picked, self.follows, self.last = Signal(), Signal(), Signal()
        choice = Signal()
        harness.free(choice)
        known = known or {}
        self.tag = {name: Signal(len(value)) for name, value in known.items()}
        harness.comb += [
            self.picked.eq(enters & choice & ~self.follows),
            self.last.eq(self.follows & (self.ahead == 1)),
        ]
        harness.sync += [
            self.inside.eq(self.inside + enters - leaves),
            If(self.picked,
                self.follows.eq(1),
                self.ahead.eq(self.inside + 1 - leaves),
                *[self.tag[name].eq(value) for name, value in known.items()],
            ).Elif(self.follows & leaves,
                self.ahead.eq(self.ahead - 1),
                If(self.last, self.follows.eq(0)),
            ),
        ]
