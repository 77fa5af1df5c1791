"""What happens to a sum: requantise, then store it, or square it, or normalise by it."""

from litex.gen import *
from migen import *

from litelic.accel.descriptor import FLAG_GDN, FLAG_OUTPUT16, FUNCTION_OPERANDS15
from litelic.accel.normalise import Mantissa
from litelic.accel.requantise import Requantiser, RoundingShift

# Epilogue Lane ------------------------------------------------------------------------------------


class EpilogueLane(LiteXModule):
    """The arithmetic of the epilogue for one sum a cycle. All latencies are fixed.

    A sum of a convolution gives `middle_value` and `middle_operand` (after `middle_latency`
    cycles) and `result` (after `latency` cycles); a sum of a normalisation gives `result`.
    `value`, the convolution result to be normalised, is wanted `value_latency` cycles after the
    sum. `wide` says that `middle_operand` uses all `middle_bits`, if these are more than 8.
    """

    middle_latency = Requantiser.latency + 1 + RoundingShift.latency + 1
    value_latency = Requantiser.latency + Mantissa.latency
    latency = value_latency + 2 + RoundingShift.latency + 1

    def __init__(
        self, operand_shift, output_shift, function, lo, hi, middle, middle_bits=8, wide=0,
    ):
        self.sum, self.bias = Signal((32, True)), Signal((32, True))
        self.multiplier, self.shift = Signal(16), Signal(6)
        self.gdn = Signal()  # of the sum; delayed here
        self.value = Signal((16, True))
        self.middle_value, self.middle_operand = Signal(16), Signal(middle_bits)
        self.result = Signal((16, True))

        # # #

        # Requantise -------------------------------------------------------------------------------
        self.requantiser = requantiser = Requantiser()
        gdn = self._delay(self.gdn, Requantiser.latency - 1)
        self.comb += [
            requantiser.sum.eq(self.sum),
            requantiser.bias.eq(self.bias),
            requantiser.multiplier.eq(self.multiplier),
            requantiser.shift.eq(self.shift),
            If(gdn,
                requantiser.lo.eq(1),
                requantiser.hi.eq(2**24 - 1),
            ).Elif(middle,
                requantiser.lo.eq(-(2**15)),
                requantiser.hi.eq(2**15 - 1),
            ).Else(
                requantiser.lo.eq(lo),
                requantiser.hi.eq(hi),
            ),
        ]
        requantised = requantiser.result

        # Middle: the operand of the normalisation -------------------------------------------------
        value, magnitude, operand = Signal((16, True)), Signal((17, True)), Signal((34, True))
        self.comb += [value.eq(requantised), magnitude.eq(Mux(value[15], -value, value))]
        self.operand_shift = shifter = RoundingShift(34)
        self.sync += operand.eq(Mux(function[1], magnitude * magnitude, magnitude))
        self.comb += [shifter.value.eq(operand), shifter.shift.eq(operand_shift)]
        largest = 255 if middle_bits == 8 else Mux(wide, 2**middle_bits - 1, 255)
        self.sync += self.middle_operand.eq(
            Mux(shifter.result > largest, largest, shifter.result[:middle_bits])
        )
        self.comb += self.middle_value.eq(self._delay(value, 2 + RoundingShift.latency))

        # Normalise --------------------------------------------------------------------------------
        self.mantissa = mantissa = Mantissa()
        self.comb += [mantissa.norm.eq(requantised[:24]), mantissa.function.eq(function)]
        total = Signal((8, True))
        product, registered = Signal((33, True)), Signal((33, True))
        factor, shift, shift2 = Signal((17, True)), Signal(6), Signal(6)
        self.comb += [
            factor.eq(mantissa.mantissa),
            total.eq(Cat(output_shift, Constant(0, 1)) + mantissa.adjust),
        ]
        self.rounding = rounding = RoundingShift(33)
        self.sync += [
            product.eq(self.value * factor),
            registered.eq(product),
            If(total < 0, shift.eq(0)).Elif(total > 47, shift.eq(47)).Else(shift.eq(total)),
            shift2.eq(shift),
        ]
        self.comb += [rounding.value.eq(registered), rounding.shift.eq(shift2)]

        # Result -----------------------------------------------------------------------------------
        # Results of a convolution wait, so that all results leave in the order of their sums.
        waited = self._delay(value, EpilogueLane.latency - Requantiser.latency - 1)
        normalised = rounding.result
        direct = ~middle
        self.sync += If(direct,
            self.result.eq(waited),
        ).Elif(normalised < lo,
            self.result.eq(lo),
        ).Elif(normalised > hi,
            self.result.eq(hi),
        ).Else(
            self.result.eq(normalised),
        )

    def _delay(self, signal, cycles):
        for _ in range(cycles):
            delayed = Signal((len(signal), getattr(signal, "signed", False)))
            self.sync += delayed.eq(signal)
            signal = delayed
        return signal


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

    def __init__(self, config, descriptor, ring, result_layout):
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
        active, valid, ended = Signal(), Signal(), Signal()
        pixel, held = Record(result_layout), Record(result_layout)
        self.comb += [
            valid.eq(self.captured | active),
            pixel.raw_bits().eq(Mux(self.captured, result.raw_bits(), held.raw_bits())),
            ended.eq(valid & (group == (groups - 1)) & (channel == (c.outputs - 1))),
            ring.parameter_address.eq(pixel.slot * c.outputs + channel),
            self.release_slot.eq(ended & pixel.segment_end),
        ]
        self.sync += [
            If(self.captured, held.raw_bits().eq(result.raw_bits())),
            If(valid,
                active.eq(~ended),
                group.eq(group + 1),
                If(group == (groups - 1),
                    group.eq(0),
                    channel.eq(channel + 1),
                    If(ended, channel.eq(0)),
                ),
            ),
        ]

        # Register the sums with their parameters --------------------------------------------------
        parameter = ring.parameter
        layout = [
            ("valid", 1), ("enable", 1), ("gdn", 1), ("tile_end", 1), ("group", len(group)),
            ("address", 16), ("source", 16),
        ]
        stage = Record(layout)
        bias, multiplier, shift = Signal((32, True)), Signal(16), Signal(6)
        sums = [Signal((32, True)) for _ in range(c.epilogue)]
        phase_offset, offset = Signal(16), Signal(16)
        wide = pixel.gdn & ((d.flags & FLAG_OUTPUT16) != 0)
        pitch = d.result_pitch[:16]
        self.comb += [
            phase_offset.eq(
                Mux(parameter.phase_row[0], pitch, 0) + Mux(parameter.phase_row[1], pitch << 1, 0)
            ),
            # A normalisation's offset counts channels: middle values to read, bytes to write.
            offset.eq(Mux(wide, parameter.offset << 1, parameter.offset)),
        ]
        self.sync += [
            stage.valid.eq(valid),
            stage.enable.eq(valid & parameter.enable),
            stage.gdn.eq(pixel.gdn),
            stage.tile_end.eq(ended & pixel.tile_end),
            stage.group.eq(group),
            stage.address.eq(pixel.position + offset + phase_offset),
            stage.source.eq(pixel.source + parameter.offset),
            bias.eq(parameter.bias),
            multiplier.eq(parameter.multiplier),
            shift.eq(parameter.shift),
            *[registered.eq(sum_) for registered, sum_ in zip(sums, self.sums)],
        ]

        # Control, delayed to where it is needed ---------------------------------------------------
        stages = [stage]
        for _ in range(EpilogueLane.latency):
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
            )
            self.submodules += lane
            self.lanes.append(lane)
            self.comb += [
                lane.sum.eq(sums[r]),
                lane.bias.eq(bias),
                lane.multiplier.eq(multiplier),
                lane.shift.eq(shift),
                lane.gdn.eq(stage.gdn),
            ]
            candidates = Array([self.values[g * c.epilogue + r] for g in range(groups)])
            self.sync += lane.value.eq(candidates[chosen.group] if groups > 1 else candidates[0])
