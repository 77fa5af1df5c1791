"""The multiplier array: reduction x outputs x pixels, output-stationary."""

from litex.gen import *
from migen import *

# Multiplier Array ---------------------------------------------------------------------------------


class MultiplierArray(LiteXModule):
    """Accumulate, for every pixel lane and output channel, `reduction` products a cycle.

    `first` and `last` frame the words of one result; a new result may start in the cycle after
    `last`. Finished sums move to a second rank of registers that is read out, `epilogue` sums a
    cycle, while the array goes on: results must be at least `config.drain_cycles` apart.

    Read-out order: output channel after output channel, and for each of them the pixel lanes in
    groups of `epilogue`.

    Attributes
    ----------
    operands : a Signal(operand_bits * reduction) a pixel lane, signed operands.
    weights  : a Signal(8 * reduction) an output channel, signed weights.
    valid, first, last : describe the operands and weights of this cycle.
    captured : the second rank holds new sums from this cycle on (the first read-out cycle).
    sums     : `epilogue` sums, signed 32 bits, of this read-out cycle.
    latency  : cycles from `last` to `captured`.
    """

    def __init__(self, config):
        c, bits = config, config.operand_bits
        self.operands = [Signal(bits * c.reduction) for _ in range(c.pixels)]
        self.weights = [Signal(8 * c.reduction) for _ in range(c.outputs)]
        self.valid, self.first, self.last = Signal(), Signal(), Signal()
        self.captured = Signal()
        self.sums = [Signal((32, True)) for _ in range(c.epilogue)]
        levels = log2_int(c.reduction)
        self.latency = 2 + levels + 2
        groups = c.pixels // c.epilogue

        # # #

        # Control travels with the data ------------------------------------------------------------
        control = Cat(self.valid, self.first, self.last)
        for _ in range(2 + levels):
            delayed = Signal(3)
            self.sync += delayed.eq(control)
            control = delayed
        valid, first, last = control[0], control[1], control[2]
        capture = Signal()
        self.sync += [capture.eq(valid & last), self.captured.eq(capture)]

        # Products and sums ------------------------------------------------------------------------
        accumulators = {}
        for m, operands in enumerate(self.operands):
            for n, weights in enumerate(self.weights):
                terms = [
                    self._product(operands[bits * k : bits * k + bits], weights[8 * k : 8 * k + 8])
                    for k in range(c.reduction)
                ]
                while len(terms) > 1:
                    terms = [self._sum(a, b) for a, b in zip(terms[::2], terms[1::2])]
                accumulator = Signal((32, True))
                kept = Signal((32, True))
                self.comb += kept.eq(Mux(first, 0, accumulator))
                self.sync += If(valid, accumulator.eq(kept + terms[0]))
                accumulators[m, n] = accumulator

        # Read-out ---------------------------------------------------------------------------------
        for r in range(c.epilogue):
            order = [
                accumulators[g * c.epilogue + r, n] for n in range(c.outputs) for g in range(groups)
            ]
            rank = [Signal((32, True)) for _ in order]
            following = rank[1:] + [rank[-1]]
            for sum_, accumulator, next_ in zip(rank, order, following):
                self.sync += If(capture, sum_.eq(accumulator)).Else(sum_.eq(next_))
            self.comb += self.sums[r].eq(rank[0])

    def _product(self, operand, weight):
        """A signed product, registered twice: once in the DSP block, once in the fabric."""
        bits = len(operand) + len(weight)
        a, b = Signal((len(operand), True)), Signal((len(weight), True))
        product, result = Signal((bits, True)), Signal((bits, True))
        self.comb += [a.eq(operand), b.eq(weight)]
        self.sync += [product.eq(a * b), result.eq(product)]
        return result

    def _sum(self, a, b):
        total = Signal((len(a) + 1, True))
        self.sync += total.eq(a + b)
        return total
