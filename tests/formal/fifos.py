"""Look inside LiteX's synchronous FIFOs, for the induction.

Induction starts from an arbitrary state, so the proofs say what a reachable state looks like: how
the counters hang together and where each item is. These lemmas are proven like the claims.
"""

from migen import If, Memory, Mux, Signal


class FifoView:
    """The inside of a `stream.SyncFIFO`, buffered or not, of two places or more.

    Attributes
    ----------
    depth : places of the memory.
    level : items inside, that of a buffered FIFO's output register included.
    sound : the counters agree with each other.
    """

    def __init__(self, harness, fifo):
        self.harness, outer = harness, fifo.fifo
        self.inner = inner = getattr(outer, "fifo", outer)
        self.memory, = (s for s in inner._fragment.specials if isinstance(s, Memory))
        write, read = self.memory.ports
        self.consume, self.depth = read.adr, self.memory.depth
        # A buffered FIFO shows its oldest item in a register: then the memory holds the others.
        self.in_register = outer.readable if outer is not inner else None
        self.output = outer.dout
        self.level = outer.level
        self.sound = (
            (inner.level <= self.depth)
            & (self.consume < self.depth) & (write.adr < self.depth)
            & (self._wrapped(inner.level) == write.adr)
        )

    def _wrapped(self, distance):
        """The address `distance` (0 to depth) places behind the oldest item of the memory."""
        address = Signal(max=2 * self.depth + 1)
        place = Signal(max=self.depth)
        self.harness.comb += [
            address.eq(self.consume + distance),
            If(address >= self.depth, place.eq(address - self.depth)).Else(place.eq(address)),
        ]
        return place

    def item(self, index):
        """The payload of an item, the oldest being 0; `index` is a signal below `level`."""
        port, item = self.memory.get_port(async_read=True), Signal(self.memory.width)
        self.harness.specials += port
        if self.in_register is None:
            self.harness.comb += port.adr.eq(self._wrapped(index)), item.eq(port.dat_r)
        else:
            self.harness.comb += [
                port.adr.eq(self._wrapped(index - self.in_register)),
                item.eq(Mux(self.in_register & (index == 0), self.output, port.dat_r)),
            ]
        return item
