"""Which registers are reset: those that say that something is there, and not what it is."""

from migen import Module
from migen.fhdl.decorators import ModuleTransformer
from migen.fhdl.tools import insert_reset, list_targets

from litelic.accel.copies import own
from litelic.accel.multipliers import GENERIC

REGISTERS_A_RESET = 300  # bits


class OwnResets(ModuleTransformer):
    """Registers of the module are reset by signals of its own: `OwnResets(sys=signal)(module)`.

    And by nothing else, not by the resets of their clock domains: a net with thousands of ends must
    come straight from a register, and two resets are put together by a LUT. Every few hundred
    registers, as they follow each other in the module, have a register of the reset between.
    `resets` maps names of clock domains to signals, which have to be up for some cycles after
    power-on.
    """

    def __init__(self, technology=GENERIC, **resets):
        self.technology, self.resets = technology, resets

    def transform_fragment(self, module, fragment):
        for domain, reset in self.resets.items():
            copies, statements = Module(), fragment.sync.pop(domain)
            registers, following = list_targets(statements), []
            for group in _groups(statements):
                copy = own(copies, reset, self.technology, domain)
                following += insert_reset(copy, group)
            # Not before: a register may have statements in two groups, and each must reset it.
            for register in registers:
                register.reset_less = True
            fragment += copies.get_fragment()
            fragment.sync[domain] = fragment.sync.get(domain, []) + following


def valid_only(*endpoints):
    """Of the registers of these streams only `valid` is reset."""
    for endpoint in endpoints:
        for signal in endpoint.flatten():
            signal.reset_less = signal is not endpoint.valid


def _groups(statements):
    """The statements in their order, in lists that assign to `REGISTERS_A_RESET` bits or more."""
    group, bits = [], 0
    for statement in statements:
        group.append(statement)
        bits += sum(len(register) for register in list_targets(statement))
        if bits >= REGISTERS_A_RESET:
            yield group
            group, bits = [], 0
    yield group


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
