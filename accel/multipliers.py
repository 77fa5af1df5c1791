"""Multipliers of the array: a product of every operand and weight, as a family's blocks do it."""

from migen import *

# Technologies: what the multipliers of an FPGA family are built of.
GENERIC = "generic"  # left to the tools
ECP5 = "ecp5"  # MULT18X18D with its own registers: Yosys leaves them in the fabric
DSP48 = "dsp48"  # two products a block, where operands have 9 bits
TECHNOLOGIES = (GENERIC, ECP5, DSP48)

LATENCY = 3  # input register, product register, and one in the fabric: blocks lie far from adders
PACKED_OPERAND_BITS = 9
LOW_BITS = PACKED_OPERAND_BITS + 8  # of the lower one of two products

# Products -----------------------------------------------------------------------------------------


def products_a_block(technology, operand_bits):
    """How many products of signed operands of that width a multiplier block makes."""
    return 2 if technology == DSP48 and operand_bits <= PACKED_OPERAND_BITS else 1


def products(technology, module, operand, weights, names):
    """Multiply one signed operand with signed 8-bit weights, -127..127, in `LATENCY` cycles.

    names : of the blocks, one a weight, for where blocks are instantiated.

    Returns a (product, correction) a weight: their sum is what was asked for. The correction is
    a Signal of 1 bit, None for 0; an adder behind takes it as its carry.
    """
    found = []
    if products_a_block(technology, len(operand)) == 2:
        for pair in zip(weights[::2], weights[1::2]):
            found += _packed(module, operand, *pair)
    for name, weight in list(zip(names, weights))[len(found):]:
        if technology == ECP5:
            found.append((_ecp5(module, operand, weight, name), None))
        else:
            found.append((_inferred(module, operand, weight), None))
    return found


def _registered(module, signal):
    register = Signal((len(signal), True))
    module.sync += register.eq(signal)
    return register


def _inferred(module, operand, weight):
    a, b = _registered(module, operand), _registered(module, weight)
    block, result = (Signal((len(operand) + len(weight), True)) for _ in range(2))
    module.sync += [block.eq(a * b), result.eq(block)]
    return result


def _packed(module, operand, low, high):
    """Two products of one operand in a 25 x 18 bit multiplier.

    (high * 2^17 + low) * operand has `low * operand` in its lower 17 bits and the rest above: one
    less than `high * operand` where the lower product is negative. A 25-bit factor holds any two
    weights but high = -128 with a negative `low`, which is why weights are not -128.
    """
    factor = Signal((LOW_BITS + 8, True))
    upper = Signal((8, True))
    # A negative `low` borrows from what is above it.
    module.comb += [
        upper.eq(high - low[7]),
        factor.eq(Cat(low, Replicate(low[7], LOW_BITS - 8), upper)),
    ]
    both = _inferred(module, operand, factor)
    lower, higher = Signal((LOW_BITS, True)), Signal((LOW_BITS, True))
    module.comb += [lower.eq(both[:LOW_BITS]), higher.eq(both[LOW_BITS:])]
    return [(lower, None), (higher, both[LOW_BITS - 1])]


def _ecp5(module, operand, weight, name):
    """A MULT18X18D with its input and output registers (Lattice, FPGA-TN-02205).

    Factors lie at the upper end of its inputs, over zeros, and so does their product: a constant
    pin takes no wire, ten copies of a sign take ten, just where wires are scarce.
    """
    size = 18

    def bits(name, signal):
        unused = size - len(signal)
        return {f"i_{name}{i}": signal[i - unused] if i >= unused else 0 for i in range(size)}

    wide = Signal(2 * size)
    clocked = {}
    for register in ("INPUTA", "INPUTB", "OUTPUT"):
        clocked |= {
            f"p_REG_{register}_CLK": "CLK0", f"p_REG_{register}_CE": "CE0",
            f"p_REG_{register}_RST": "RST0",
        }
    module.specials += Instance(
        "MULT18X18D", name=name, **clocked, p_REG_PIPELINE_CLK="NONE", p_REG_INPUTC_CLK="NONE",
        p_GSR="DISABLED", p_RESETMODE="SYNC",
        i_CLK0=ClockSignal(), i_CE0=1, i_RST0=0,
        i_SIGNEDA=1, i_SIGNEDB=1, i_SOURCEA=0, i_SOURCEB=0,
        **bits("A", operand), **bits("B", weight),
        **{f"i_C{i}": 0 for i in range(size)},
        **{f"o_P{i}": wide[i] for i in range(2 * size)},
    )
    result = Signal((len(operand) + len(weight), True))
    module.sync += result.eq(wide[-len(result):])
    return result
