"""What the proofs assume of a LiteDRAM native port, and of the reset around it.

LiteDRAM's controller takes commands whenever it likes. For every write command it takes one word,
for every read command it gives one, in the order of the commands and at least one cycle after
them, and it looks neither at `wdata.valid` nor at `rdata.ready`: whoever is late has lost.
It does not see the engine's reset, so what is owed then is still taken and given.
"""

from migen import Signal

from tests.formal.properties import implies

ADDRESS_BITS = 26
OWED_BITS = 8  # The controller's own queues hold fewer commands than this counts.


def assume_native_port(harness, port, answer):
    """Assume the contract of `port`; `answer` is `wdata.ready` or `rdata.valid`.

    Returns the number of commands whose word is still to be taken or given.
    """
    owed = Signal(OWED_BITS, reset_less=True)
    command = Signal()
    harness.comb += command.eq(port.cmd.valid & port.cmd.ready)
    harness.sync += owed.eq(owed + command - answer)
    harness.free(port.cmd.ready, answer)
    harness.assume("one_word_a_command", implies(answer, owed != 0))
    harness.assume("commands_are_finite", implies(owed == 2**OWED_BITS - 1, ~port.cmd.ready))
    harness.assume("reset_until_nothing_is_owed", implies(
        harness.was_reset & ~harness.reset, owed == 0
    ))
    return owed
