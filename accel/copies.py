"""Registers of which every place has its own, near what it drives."""

from migen import *

from litelic.accel.multipliers import ECP5


def own(module, signal, technology, domain="sys"):
    """`signal` a cycle later, in a register that is not merged with equal ones elsewhere.

    What goes to every lane of the array has half the die to cross. One cycle takes it to such a
    register in each lane, and the next one from there to the block RAMs or adders around it.
    The register is not reset.
    """
    copy = Signal((len(signal), getattr(signal, "signed", False)), reset_less=True)
    if technology == ECP5:  # Yosys merges registers whatever their attributes are, but not cells.
        module.specials += [
            Instance(
                "TRELLIS_FF", p_GSR="DISABLED", p_CEMUX="1", p_CLKMUX="CLK", p_LSRMUX="LSR",
                p_REGSET="RESET", p_SRMODE="LSR_OVER_CE",
                i_CLK=ClockSignal(domain), i_LSR=0, i_CE=1, i_DI=signal[i], o_Q=copy[i],
            )
            for i in range(len(signal))
        ]
    else:
        copy.attr.add("keep")
        sync = getattr(module.sync, domain)
        sync += copy.eq(signal)
    return copy
