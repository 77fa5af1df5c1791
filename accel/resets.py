"""Which registers are reset: those that remember. What only passes through leaves by itself."""

from migen.fhdl.decorators import ModuleTransformer
from migen.fhdl.tools import insert_reset, list_targets


class OwnResets(ModuleTransformer):
    """Registers of the module are reset by signals of its own: `OwnResets(sys=signal)(module)`.

    And by nothing else, not by the resets of their clock domains: a net with thousands of ends must
    come straight from a register, and two resets are put together by a LUT. `resets` maps names of
    clock domains to signals, which have to be up after power-on.
    """

    def __init__(self, **resets):
        self.resets = resets

    def transform_fragment(self, module, fragment):
        for domain, reset in self.resets.items():
            statements = fragment.sync[domain]
            fragment.sync[domain] = insert_reset(reset, statements)
            for register in list_targets(statements):
                register.reset_less = True


class WithoutReset(ModuleTransformer):
    """Registers of the module are not reset: `WithoutReset()(module)`.

    For pipelines without feedback: a reset is held for longer than they are deep, and what is in
    them goes nowhere meanwhile. Most registers of the engine are such; with them, its reset would
    be a net of fourteen thousand ends that crowds out all others.
    """

    def transform_fragment(self, module, fragment):
        for statements in fragment.sync.values():
            for register in list_targets(statements):
                register.reset_less = True
