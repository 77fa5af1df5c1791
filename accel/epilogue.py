"""What happens to a sum: requantise, then store it, or square it, or normalise by it."""

from litex.gen import *
from migen import *

from litelic.accel import multipliers
from litelic.accel.descriptor import FLAG_GDN, FLAG_OUTPUT16, FUNCTION_OPERANDS15
from litelic.accel.normalise import Mantissa
from litelic.accel.requantise import Clamp, Requantiser, RoundingShift, delay
from litelic.accel.weights import PARAMETER_LAYOUT, SLOTS

# Epilogue Lane ------------------------------------------------------------------------------------


class EpilogueLane(LiteXModule):
    """The arithmetic of the epilogue for one sum a cycle. All latencies are fixed.

    A sum of a convolution gives `middle_value` and `middle_operand` (after `middle_latency`
    cycles) and `result` (after `latency` cycles); a sum of a normalisation gives `result`.
    `value`, the convolution result to be normalised, is wanted `value_latency` cycles after the
    sum. `wide` says that `middle_operand` uses all `middle_bits`, if these are more than 8.
    """

    operand_latency = 1 + multipliers.LATENCY + 1 + RoundingShift.latency + 1
    middle_latency = Requantiser.latency + operand_latency
    value_latency = Requantiser.latency + Mantissa.latency
    latency = value_latency + multipliers.LATENCY + RoundingShift.latency + Clamp.latency

    def __init__(
        self, operand_shift, output_shift, function, lo, hi, middle, middle_bits=8, wide=0,
        technology=multipliers.GENERIC,
    ):
        self.sum, self.bias = Signal((32, True)), Signal((32, True))
        self.multiplier, self.shift = Signal(16), Signal(6)
        self.gdn = Signal()  # of the sum; delayed here
        self.value = Signal((16, True))
        self.middle_value, self.middle_operand = Signal(16), Signal(middle_bits)
        self.result = Signal((16, True))

        # # #

        # Requantise -------------------------------------------------------------------------------
        self.requantiser = requantiser = Requantiser(technology)
        gdn = delay(self, self.gdn, Requantiser.latency - Clamp.latency - 1)
        self.comb += [
            requantiser.sum.eq(self.sum),
            requantiser.bias.eq(self.bias),
            requantiser.multiplier.eq(self.multiplier),
            requantiser.shift.eq(self.shift),
        ]
        self.sync += If(gdn,
            requantiser.lo.eq(1),
            requantiser.hi.eq(2**24 - 1),
        ).Elif(middle,
            requantiser.lo.eq(-(2**15)),
            requantiser.hi.eq(2**15 - 1),
        ).Else(
            requantiser.lo.eq(lo),
            requantiser.hi.eq(hi),
        )
        requantised = requantiser.result

        # Middle: the operand of the normalisation -------------------------------------------------
        value, magnitude, operand = Signal((16, True)), Signal((17, True)), Signal((34, True))
        self.comb += value.eq(requantised)
        self.sync += magnitude.eq(Mux(value[15], -value, value))
        square = multipliers.product(technology, self, magnitude, magnitude)
        plain = delay(self, magnitude, multipliers.LATENCY)
        self.operand_shift = shifter = RoundingShift(34)
        self.sync += operand.eq(Mux(function[1], square, plain))
        self.comb += [shifter.value.eq(operand), shifter.shift.eq(operand_shift)]
        largest = 255 if middle_bits == 8 else Mux(wide, 2**middle_bits - 1, 255)
        self.sync += self.middle_operand.eq(
            Mux(shifter.result > largest, largest, shifter.result[:middle_bits])
        )
        self.comb += self.middle_value.eq(delay(self, value, self.operand_latency))

        # Normalise --------------------------------------------------------------------------------
        self.mantissa = mantissa = Mantissa(technology)
        self.comb += [mantissa.norm.eq(requantised[:24]), mantissa.function.eq(function)]
        total, factor, shift = Signal((8, True)), Signal((17, True)), Signal(6)
        self.comb += [
            factor.eq(mantissa.mantissa),
            total.eq(Cat(output_shift, Constant(0, 1)) + mantissa.adjust),
        ]
        product = multipliers.product(technology, self, self.value, factor)
        self.rounding = rounding = RoundingShift(33)
        self.sync += If(total < 0, shift.eq(0)).Elif(total > 47, shift.eq(47)).Else(shift.eq(total))
        self.comb += [
            rounding.value.eq(product),
            rounding.shift.eq(delay(self, shift, multipliers.LATENCY - 1)),
        ]

        # Result -----------------------------------------------------------------------------------
        # Results of a convolution wait, so that all results leave in the order of their sums.
        waited = delay(self, value, self.latency - Requantiser.latency - Clamp.latency)
        self.clamp = clamp = Clamp(33, 16)
        self.comb += [
            clamp.value.eq(Mux(middle, rounding.result, waited)),
            clamp.lo.eq(lo),
            clamp.hi.eq(hi),
            self.result.eq(clamp.result),
        ]


# Epilogue -----------------------------------------------------------------------------------------


class Epilogue(LiteXModule):
    """Read finished sums out of the array and send each result to its memory.

    Attributes
    ----------
    captured, sums, result : from the array; `result` describes the pixel of these sums.
    parameter_address, parameter : of the weight ring.
    release_slot : to the weight ring.
    value_address, values : the lanes' middle memories.
    middle_enable (one bit a pixel lane), middle_address : where the lanes' `middle_value` and
              `middle_operand` go.
    output_enable (one bit a pixel lane), output_address (bytes) : where their `result` goes.
    lanes   : the `EpilogueLane`s; pixel lane m is served by lane m % epilogue.
    tile_end: the tile's last result is being written.
    """

    read_latency = 3  # from `captured` to the lanes

    def __init__(
        self, config, descriptor, ring, result_layout, technology=multipliers.GENERIC,
    ):
        d, c = descriptor, config
        groups = c.pixels // c.epilogue
        self.captured = Signal()
        self.sums = [Signal((32, True)) for _ in range(c.epilogue)]
        self.result = result = Record(result_layout)
        self.release_slot = Signal()
        self.value_address = Signal(16)
        self.values = [Signal((16, True)) for _ in range(c.pixels)]
        self.middle_enable = Signal(c.pixels)
        self.middle_address = Signal(16)
        self.output_enable = Signal(c.pixels)
        self.output_address = Signal(16)
        self.tile_end = Signal()

        # # #

        # Read-out ---------------------------------------------------------------------------------
        channel, group = Signal(max=max(2, c.outputs)), Signal(max=max(2, groups))
        active, ended, pixel = Signal(), Signal(), Record(result_layout)
        address = Signal(max=SLOTS * c.outputs)
        last_group = group == (groups - 1)
        self.comb += [
            ended.eq(active & last_group & (channel == (c.outputs - 1))),
            ring.parameter_address.eq(address),
        ]
        self.sync += [
            self.release_slot.eq(ended & pixel.segment_end),
            If(active,
                group.eq(group + 1),
                If(last_group,
                    group.eq(0),
                    channel.eq(channel + 1),
                    address.eq(address + 1),
                    If(ended, channel.eq(0), active.eq(0)),
                ),
            ),
            If(self.captured,
                active.eq(1),
                pixel.raw_bits().eq(result.raw_bits()),
                address.eq(result.slot * c.outputs),
            ),
        ]

        # Register the sums with their parameters --------------------------------------------------
        # Synthesis may make the parameters' memory a block RAM, with the first of two registers.
        read, parameter = Record(PARAMETER_LAYOUT), Record(PARAMETER_LAYOUT)
        layout = [
            ("enable", 1), ("gdn", 1), ("tile_end", 1), ("group", len(group)),
            ("address", 16), ("source", 16),
        ]
        before, stage = Record(layout), Record(layout)
        self.sync += [
            read.raw_bits().eq(ring.parameter.raw_bits()),
            before.enable.eq(active),
            before.gdn.eq(pixel.gdn),
            before.tile_end.eq(ended & pixel.tile_end),
            before.group.eq(group),
            before.address.eq(pixel.position),
            before.source.eq(pixel.source),
            parameter.raw_bits().eq(read.raw_bits()),
            stage.raw_bits().eq(before.raw_bits()),
        ]
        sums = [delay(self, sum_, self.read_latency) for sum_ in self.sums]

        # Where it goes ----------------------------------------------------------------------------
        wide, pitch = Signal(), d.result_pitch[:16]
        phase_offset, offset = Signal(16), Signal(16)
        self.comb += [
            wide.eq(stage.gdn & ((d.flags & FLAG_OUTPUT16) != 0)),
            # A normalisation's offset counts channels: middle values to read, bytes to write.
            offset.eq(Mux(wide, parameter.offset << 1, parameter.offset)),
        ]
        placed, addressed = Record(layout), Record(layout)
        self.sync += [
            placed.raw_bits().eq(stage.raw_bits()),
            placed.enable.eq(stage.enable & parameter.enable),
            placed.address.eq(stage.address + offset),
            placed.source.eq(stage.source + parameter.offset),
            phase_offset.eq(
                Mux(parameter.phase_row[0], pitch, 0) + Mux(parameter.phase_row[1], pitch << 1, 0)
            ),
            addressed.raw_bits().eq(placed.raw_bits()),
            addressed.address.eq(placed.address + phase_offset),
        ]

        # Control, delayed to where it is needed ---------------------------------------------------
        stages = [stage, placed, addressed]  # each a cycle after the one before
        while len(stages) <= EpilogueLane.latency:
            following = Record(layout)
            self.sync += following.raw_bits().eq(stages[-1].raw_bits())
            stages.append(following)
        fetch = stages[EpilogueLane.value_latency - 3]  # memory, its register, group choice
        chosen = stages[EpilogueLane.value_latency - 1]
        middle, output = stages[EpilogueLane.middle_latency], stages[EpilogueLane.latency]

        def lanes_of(stage, enable):
            """One enable a pixel lane: lane m belongs to group m // epilogue."""
            return Cat(*[enable & (stage.group == m // c.epilogue) for m in range(c.pixels)])

        uses_middle = Signal()
        self.comb += [
            uses_middle.eq((d.flags & FLAG_GDN) != 0),
            self.value_address.eq(fetch.source),
            self.middle_address.eq(middle.address),
            self.middle_enable.eq(lanes_of(middle, middle.enable & ~middle.gdn & uses_middle)),
            self.output_address.eq(output.address),
            self.output_enable.eq(lanes_of(output, output.enable & (output.gdn | ~uses_middle))),
            self.tile_end.eq(output.tile_end),
        ]

        # Lanes ------------------------------------------------------------------------------------
        lo, hi = Signal((16, True)), Signal((16, True))
        self.comb += [lo.eq(d.clamp[:16]), hi.eq(d.clamp[16:])]
        self.lanes = []
        for r in range(c.epilogue):
            lane = EpilogueLane(
                operand_shift=d.function[8:14], output_shift=d.function[16:22],
                function=d.function[:2], lo=lo, hi=hi, middle=uses_middle,
                middle_bits=c.middle_bits, wide=(d.function & FUNCTION_OPERANDS15) != 0,
                technology=technology,
            )
            self.submodules += lane
            self.lanes.append(lane)
            self.comb += [
                lane.sum.eq(sums[r]),
                lane.bias.eq(parameter.bias),
                lane.multiplier.eq(parameter.multiplier),
                lane.shift.eq(parameter.shift),
                lane.gdn.eq(stage.gdn),
            ]
            candidates = Array([self.values[g * c.epilogue + r] for g in range(groups)])
            self.sync += lane.value.eq(candidates[chosen.group] if groups > 1 else candidates[0])
