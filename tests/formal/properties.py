"""Properties of Migen modules for SymbiYosys.

A harness is a Migen module that holds the block under proof, the assumptions about what surrounds
it, and the properties. All of them speak of one clock cycle: an assertion must hold, an assumption
is taken for granted, and a cover must be reachable, at the end of some cycle.
"""

import sys
from functools import reduce
from operator import and_

from litex.gen.fhdl.verilog import convert
from migen import Cat, ClockDomain, If, Instance, Module, Signal

TOP = "harness"

# Properties ---------------------------------------------------------------------------------------


class Properties(Module):
    """A block with its environment and what is claimed of it.

    The power-up state is where every proof begins. `reset` is an input that the solver drives like
    any other, so resets come at any time; `self.was_reset` is its value of the cycle before.

    Parameters
    ----------
    only    : names of the claims to check, without lemmas; None for all, with lemmas.
    without : names of assumptions to leave out.
    """

    def __init__(self, only=None, without=()):
        self.only, self.without = only, without
        self.claims, self.covers = set(), set()
        self.clock_domains.cd_sys = ClockDomain()
        self.inputs = {self.cd_sys.clk, self.cd_sys.rst}
        self.reset = self.cd_sys.rst
        self.was_reset = Signal(reset_less=True)
        self.sync += self.was_reset.eq(self.reset)

    def free(self, *signals):
        """Let the solver choose these signals anew in every cycle."""
        self.inputs |= set(signals)

    def constant(self, width):
        """A value that the solver chooses once."""
        value = Signal(width)
        self.specials += Instance("formal_constant", p_WIDTH=width, o_value=value)
        return value

    def both(self, *conditions):
        """A signal that is high when all `conditions` are."""
        value = Signal()
        self.comb += value.eq(reduce(and_, conditions))
        return value

    def after(self, condition):
        """A signal that is high once `condition` has been, resets notwithstanding."""
        happened = Signal(reset_less=True)
        self.sync += If(condition, happened.eq(1))
        return happened

    def stands(self, endpoint, *fields):
        """What was offered in the cycle before and not taken is still offered, unchanged."""
        offered, same = Signal(), Signal()
        before = [Signal(len(getattr(endpoint, name))) for name in fields]
        now = [getattr(endpoint, name) for name in fields]
        self.sync += [
            offered.eq(endpoint.valid & ~endpoint.ready), *[b.eq(n) for b, n in zip(before, now)],
        ]
        self.comb += same.eq(Cat(*before) == Cat(*now))
        return implies(offered, endpoint.valid & same)

    def claim(self, name, condition):
        """Prove that `condition` always holds: a promise of the block."""
        self.claims.add(name)
        if self.only is None or name in self.only:
            self._check("formal_assert", name, "i_holds", condition)

    def lemma(self, name, condition):
        """Prove that `condition` always holds, for the sake of the induction."""
        if self.only is None:
            self._check("formal_assert", name, "i_holds", condition)

    def assume(self, name, condition):
        """Take it for granted that `condition` holds in every cycle."""
        if name not in self.without:
            self._check("formal_assume", name, "i_holds", condition)

    def cover(self, name, condition):
        """Show that `condition` can come true, so that the claims are not about nothing."""
        self.covers.add(name)
        self._check("formal_cover", name, "i_happens", condition)

    def _check(self, kind, name, port, condition):
        value = Signal()
        self.comb += value.eq(condition)
        self.specials += Instance(kind, name=name, **{port: value})

    def verilog(self):
        """The harness as Verilog, with module `TOP`."""
        return convert(self, self.inputs, name=TOP).main_source


def implies(condition, conclusion):
    return ~condition | conclusion


def build(block, *arguments, **keywords):
    """Construct a module; return it and `inside(module, name)`, to look into it.

    `inside` gives what the constructor of `module`, which is the block or a module in it, kept in
    the local variable `name`. Induction needs registers that are nobody else's business.
    """
    variables = {}

    def watch(frame, event, _):
        if event == "return" and frame.f_code.co_name == "__init__":
            variables[id(frame.f_locals["self"])] = dict(frame.f_locals)

    previous = sys.getprofile()
    sys.setprofile(watch)
    try:
        module = block(*arguments, **keywords)
    finally:
        sys.setprofile(previous)
    return module, lambda owner, name: variables[id(owner)][name]
