"""Which registers a reset reaches."""

from migen import Module, Signal

from litelic.accel.resets import OwnResets, WithoutReset
from tests.accel.streams import simulate


class Counters(Module):
    """A counter beside one in a submodule, and one that is never reset."""

    def __init__(self):
        self.outer, self.free = Signal(8, reset=3), Signal(8, reset_less=True)
        self.submodules.inner = inner = Module()
        self.deep = Signal(8, reset=7)
        self.sync += [self.outer.eq(self.outer + 1), self.free.eq(self.free + 1)]
        inner.sync += self.deep.eq(self.deep + 1)


def test_own_resets_reach_everything_but_what_is_without():
    reset = Signal()
    dut = OwnResets(sys=reset)(Counters())

    def values():
        return (yield dut.outer), (yield dut.deep), (yield dut.free)

    def bench():
        assert (yield from values()) == (3, 7, 0)
        for _ in range(4):
            yield
        assert (yield from values()) == (7, 11, 4)
        yield reset.eq(1)
        yield
        yield
        assert (yield from values()) == (3, 7, 6)
        yield reset.eq(0)
        yield
        yield
        assert (yield from values()) == (4, 8, 8)

    simulate(dut, bench())
    assert all(signal.reset_less for signal in (dut.outer, dut.deep, dut.free)), \
        "the domain's reset would reach them as well"


def test_without_reset():
    dut = WithoutReset()(Counters())
    dut.get_fragment()
    assert dut.outer.reset_less and dut.deep.reset_less and dut.outer.reset.value == 3
