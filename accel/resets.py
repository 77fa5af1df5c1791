"""Which registers are reset: those that remember. What only passes through leaves by itself."""

from migen.fhdl.decorators import ModuleTransformer
from migen.fhdl.tools import list_targets


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
