"""The multiplier array: reduction x outputs x pixels, output-stationary."""

from litex.gen import *
from migen import *

from litelic.accel import multipliers
from litelic.accel.adders import accumulated, total
from litelic.accel.config import CHANNELS_A_GROUP
from litelic.accel.copies import own
from litelic.accel.places import LANE
from litelic.accel.requantise import delay

LANES_A_COPY = 2  # of the weights

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
    operands : a pixel lane: a Signal(operand_bits * reduction), signed operands, for each of
               `config.channel_groups`, all of them the same.
    weights  : a Signal(8 * reduction) an output channel, signed weights, a cycle before their
               operands: they have all lanes to go to.
    valid, first, last : describe the operands of this cycle.
    captured : the second rank holds new sums from this cycle on (the first read-out cycle).
    sums     : `epilogue` sums, signed 32 bits, of this read-out cycle.
    latency  : cycles from `last` to `captured`.

    `technology` is one of `multipliers.TECHNOLOGIES`; all give the same sums at the same time.
    """

    def __init__(self, config, technology=multipliers.GENERIC):
        c, bits = config, config.operand_bits
        self.operands = [
            [Signal(bits * c.reduction) for _ in c.channel_groups] for _ in range(c.pixels)
        ]
        self.weights = [Signal(8 * c.reduction) for _ in range(c.outputs)]
        self.valid, self.first, self.last = Signal(), Signal(), Signal()
        self.captured = Signal()
        self.sums = [Signal((32, True)) for _ in range(c.epilogue)]
        levels = log2_int(c.reduction)
        self.latency = multipliers.LATENCY + levels + 2
        groups, n_groups = c.pixels // c.epilogue, len(c.channel_groups)

        # # #

        # Control travels with the data ------------------------------------------------------------
        # A lane has its own of what its accumulators are told: they take all of the cycle.
        control = delay(
            self, Cat(self.valid, self.first, self.last), multipliers.LATENCY + levels - 1
        )
        ended = Signal()
        self.sync += ended.eq(control[0] & control[2])
        self.comb += self.captured.eq(delay(self, ended, 2))

        def in_lane(signal):
            return own(self, signal, technology)

        valid, keep, capture = (
            {(m, group): in_lane(signal) for m in range(c.pixels) for group in range(n_groups)}
            for signal in (control[0], ~control[1], ended)
        )

        # Products and sums ------------------------------------------------------------------------
        accumulators = {}
        for m, operands in enumerate(self.operands):
            if m % LANES_A_COPY == 0:
                weights = [in_lane(signal) for signal in self.weights]
            terms = [
                [
                    product
                    for copy, channels in zip(operands, c.channel_groups)
                    for product in multipliers.products(
                        technology, self, copy[bits * k : bits * k + bits],
                        [word[8 * k : 8 * k + 8] for word in weights[channels]],
                        [f"{LANE.format(m)}_product_{n}_{k}" for n in range(c.outputs)[channels]],
                    )
                ]
                for k in range(c.reduction)
            ]
            for n, column in enumerate(zip(*terms)):
                term, carry = self._sum(column)
                accumulator = Signal((32, True))
                here = m, n // CHANNELS_A_GROUP
                self.sync += If(valid[here], accumulator.eq(
                    accumulated(self, technology, term, accumulator, keep[here], carry)
                ))
                accumulators[m, n] = accumulator

        # Read-out ---------------------------------------------------------------------------------
        for r in range(c.epilogue):
            order = [(g * c.epilogue + r, n) for n in range(c.outputs) for g in range(groups)]
            rank = [Signal((32, True)) for _ in order]
            following = rank[1:] + [rank[-1]]
            for (m, n), sum_, next_ in zip(order, rank, following):
                self.sync += If(capture[m, n // CHANNELS_A_GROUP],
                    sum_.eq(accumulators[m, n]),
                ).Else(
                    sum_.eq(next_),
                )
            self.comb += self.sums[r].eq(rank[0])

    def _sum(self, terms):
        """The sum of (term, correction) pairs, a register a level: a pair again.

        An adder has one carry to take, so each level leaves half of the corrections to the next,
        and the last one is the accumulator's.
        """
        values = [value for value, _ in terms]
        carries = [carry for _, carry in terms if carry is not None]
        while len(values) > 1:
            sums = []
            for a, b in zip(values[::2], values[1::2]):
                carry = carries.pop() if carries else None
                sum_ = Signal((len(a) + 1, True))
                self.sync += sum_.eq(total(self, a, b, carry))
                sums.append(sum_)
            waiting = [Signal() for _ in carries]
            self.sync += [later.eq(carry) for later, carry in zip(waiting, carries)]
            values, carries = sums, waiting
        return values[0], carries[0] if carries else None
