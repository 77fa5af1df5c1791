"""Several ways to a host behind one link."""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import Case, Cat, If, Signal

# Link Switch --------------------------------------------------------------------------------------

class LinkSwitch(LiteXModule):
    """One byte stream each way out of several, which take turns.

    A way is chosen when a byte has come by it while the one chosen before has been silent for
    `silence` cycles, both ways. What is sent goes where the last byte came from. Until the first
    one has come, it goes by all ways: so a board announces itself everywhere. The first way sets
    the pace then, and what another one cannot take is not sent there.

    Bytes that come by a way that is not chosen wait in a FIFO of `depth` bytes, and behind it: a
    PHY that cannot wait, such as a UART's, loses them.

    Attributes
    ----------
    source, sink : Endpoint([("data", 8)])
        As those of each of `links`.

    chosen : Signal
        Index of the way.

    heard : Signal
        A byte has come.
    """
    def __init__(self, links, silence=1_000_000, depth=16):
        self.source = source = stream.Endpoint([("data", 8)])
        self.sink   = sink   = stream.Endpoint([("data", 8)])
        self.chosen = chosen = Signal(max=max(len(links), 2))
        self.heard  = heard  = Signal()

        # # #

        # Waiting bytes ----------------------------------------------------------------------------
        fifos = [stream.SyncFIFO([("data", 8)], depth) for _ in links]
        self.submodules += links + fifos
        self.comb += [link.source.connect(fifo.sink) for link, fifo in zip(links, fifos)]

        # Choice -----------------------------------------------------------------------------------
        left  = Signal(max=silence + 1)
        moved = Signal()
        self.comb += moved.eq((source.valid & source.ready) | (sink.valid & heard))
        self.sync += [
            If(moved, left.eq(silence)).Elif(left != 0, left.eq(left - 1)),
            If(source.valid & source.ready, heard.eq(1)),
        ]
        others = Signal(len(links))
        self.comb += others.eq(Cat(*[
            fifo.source.valid & (chosen != n) for n, fifo in enumerate(fifos)
        ]))
        for n in reversed(range(len(links))):
            self.sync += If(others[n] & ~moved & (left == 0), chosen.eq(n))

        # Ways -------------------------------------------------------------------------------------
        self.comb += Case(chosen, {n: [
            fifo.source.connect(source),
            If(heard, link.sink.valid.eq(sink.valid), sink.ready.eq(link.sink.ready)),
        ] for n, (link, fifo) in enumerate(zip(links, fifos))})
        self.comb += [link.sink.data.eq(sink.data) for link in links]
        self.comb += If(~heard,
            sink.ready.eq(links[0].sink.ready),
            links[0].sink.valid.eq(sink.valid),
            [link.sink.valid.eq(sink.valid & links[0].sink.ready) for link in links[1:]],
        )
