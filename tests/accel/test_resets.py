"""Which registers a reset reaches."""

import pytest
from litex.soc.interconnect.stream import Endpoint, EndpointDescription
from migen import If, Module, Signal

from litelic.accel import resets
from litelic.accel.resets import OwnResets, WithoutReset, valid_only
from tests.accel.streams import simulate


class Counters(Module):
    """A counter beside one in a submodule, and one that is never reset."""

    def __init__(self):
        self.outer, self.free = Signal(8, reset=3), Signal(8, reset_less=True)
        self.submodules.inner = inner = Module()
        self.deep = Signal(8, reset=7)
        self.sync += [self.outer.eq(self.outer + 1), self.free.eq(self.free + 1)]
        inner.sync += self.deep.eq(self.deep + 1)


@pytest.mark.parametrize("registers_a_reset", (1, 300))
def test_own_resets_reach_everything_but_what_is_without(monkeypatch, registers_a_reset):
    monkeypatch.setattr(resets, "REGISTERS_A_RESET", registers_a_reset)
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
        for _ in range(3):
            yield
        assert (yield from values()) == (3, 7, 7)
        yield reset.eq(0)
        for _ in range(3):
            yield
        assert (yield from values()) == (4, 8, 10)

    simulate(dut, bench())
    assert all(signal.reset_less for signal in (dut.outer, dut.deep, dut.free)), \
        "the domain's reset would reach them as well"


def test_without_reset():
    dut = WithoutReset()(Counters())
    dut.get_fragment()
    assert dut.outer.reset_less and dut.deep.reset_less and dut.outer.reset.value == 3


def test_a_register_with_statements_in_two_groups(monkeypatch):
    monkeypatch.setattr(resets, "REGISTERS_A_RESET", 1)
    reset, dut = Signal(), Module()
    register = Signal(8, reset=3)
    dut.sync += [register.eq(5), If(register != 9, register.eq(9))]
    dut = OwnResets(sys=reset)(dut)

    def bench():
        yield reset.eq(1)
        for _ in range(3):
            yield
        for _ in range(4):
            yield
            assert (yield register) == 3

    simulate(dut, bench())


def test_of_a_stream_only_whether_something_is_there():
    endpoint = Endpoint(EndpointDescription([("data", 8)], [("address", 4)]))
    valid_only(endpoint)
    assert {signal for signal in endpoint.flatten() if not signal.reset_less} == {endpoint.valid}
