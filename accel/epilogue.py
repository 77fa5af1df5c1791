"""What happens to a sum: requantise, then store it, or square it, or normalise by it."""

from litex.gen import *
from migen import *

from litelic.accel import fabric, multipliers
from litelic.accel.descriptor import (
    FLAG_GDN,
    FLAG_OUTPUT16,
    FLAG_SLOPE,
    FUNCTION_BITS,
    FUNCTION_OPERANDS15,
)
from litelic.accel.middle import MiddleMemory
from litelic.accel.normalise import Mantissa
from litelic.accel.requantise import Clamp, Requantiser, RoundingShift, delay
from litelic.accel.resets import WithoutReset
from litelic.accel.weights import SLOTS, WeightRing

# Epilogue Lane ------------------------------------------------------------------------------------


class EpilogueLane(LiteXModule):
    """The arithmetic of the epilogue for one sum a cycle, all of it in `latency` cycles.

    A sum is requantised; then there is one multiplication, shift and clamp for whatever it is:

    - of a convolution: times 1, not shifted; negative ones of a layer with a slope (`sloped`) times
      `slope`, shifted by 16;
    - of a convolution that a normalisation follows (`middle`): its magnitude, times itself for a
      square or 1, shifted by `operand_shift`. `result` is the operand, `middle_value` the value;
    - of a normalisation (`gdn`): `value` times the sum's mantissa, shifted by `output_shift` and
      its exponent. `value`, the convolution's, is wanted `value_latency` cycles after the sum.

    `wide` says that operands use all `middle_bits`, if these are more than 8.
    """

    value_latency = Requantiser.latency + Mantissa.latency
    multiply_latency = 1 + fabric.LATENCY + RoundingShift.latency + Clamp.latency
    latency = value_latency + multiply_latency

    def __init__(
        self, operand_shift, output_shift, function, lo, hi, middle, middle_bits=8, wide=0,
        sloped=0, slope=0, technology=multipliers.GENERIC,
    ):
        self.sum, self.bias = Signal((32, True)), Signal((32, True))
        self.multiplier, self.shift = Signal(16), Signal(6)
        self.gdn = Signal()  # of the sum; delayed here
        self.value = Signal((16, True), reset_less=True)
        self.middle_value = Signal((16, True))
        self.result = Signal((16, True))

        # # #

        gdn = [self.gdn]  # of every stage
        for _ in range(self.latency):
            gdn.append(delay(self, gdn[-1], 1))

        # Requantise -------------------------------------------------------------------------------
        self.requantiser = requantiser = Requantiser(technology)
        self.comb += [
            requantiser.sum.eq(self.sum),
            requantiser.bias.eq(self.bias),
            requantiser.multiplier.eq(self.multiplier),
            requantiser.shift.eq(self.shift),
        ]
        self.sync += If(gdn[Requantiser.latency - Clamp.latency - 1],
            requantiser.lo.eq(1),
            requantiser.hi.eq(2**24 - 1),
        ).Elif(middle | sloped,
            requantiser.lo.eq(-(2**15)),
            requantiser.hi.eq(2**15 - 1),
        ).Else(
            requantiser.lo.eq(lo),
            requantiser.hi.eq(hi),
        )
        requantised = Signal((16, True))
        self.comb += requantised.eq(requantiser.result)

        # The mantissa of a norm; a convolution's result waits as long -----------------------------
        self.mantissa = mantissa = Mantissa(technology)
        self.comb += [mantissa.norm.eq(requantiser.result[:24]), mantissa.function.eq(function)]
        waiting = delay(self, requantised, Mantissa.latency - 1)
        kept, magnitude = delay(self, waiting, 1), Signal(16)
        falls = Signal()  # `kept` is negative, and there is a slope
        self.sync += [
            magnitude.eq(Mux(waiting[15], -waiting, waiting)),
            falls.eq(waiting[15] & sloped),
        ]

        # Multiply ---------------------------------------------------------------------------------
        normalises, square = gdn[self.value_latency], function[1]
        left, right, total = Signal((17, True)), Signal(16), Signal((8, True))
        self.sync += [
            If(normalises,
                left.eq(self.value), right.eq(mantissa.mantissa),
            ).Elif(middle,
                left.eq(magnitude), right.eq(Mux(square, magnitude, 1)),
            ).Else(
                left.eq(kept), right.eq(Mux(falls, slope, 1)),
            ),
            total.eq(Cat(output_shift, Constant(0, 1)) + mantissa.adjust),
        ]
        product = fabric.product(technology, self, left, right)

        # Shift ------------------------------------------------------------------------------------
        shift = Signal(6)
        self.sync += [
            shift.eq(0),
            If(gdn[self.value_latency + 1],
                If(total > 47, shift.eq(47)).Elif(total > 0, shift.eq(total)),
            ).Elif(middle,
                shift.eq(operand_shift),
            ).Elif(delay(self, falls, 1),
                shift.eq(16),
            ),
        ]
        self.rounding = rounding = RoundingShift(len(product))
        self.comb += [
            rounding.value.eq(product),
            rounding.shift.eq(delay(self, shift, fabric.LATENCY - 1)),
        ]

        # Clamp ------------------------------------------------------------------------------------
        largest = 255 if middle_bits == 8 else Mux(wide, 2**middle_bits - 1, 255)
        self.clamp = clamp = Clamp(len(product), 16)
        self.sync += If(middle & ~gdn[self.latency - Clamp.latency - 1],
            clamp.lo.eq(0), clamp.hi.eq(largest),
        ).Else(
            clamp.lo.eq(lo), clamp.hi.eq(hi),
        )
        self.comb += [
            clamp.value.eq(rounding.result),
            self.result.eq(clamp.result),
            self.middle_value.eq(delay(self, kept, self.multiply_latency)),
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
    address : where the lanes' results go: in the middle memory (`middle_value`, and `result` as
              its operand) if a pixel lane's bit of `middle_enable` is up, in the output memory (a
              byte address) if its bit of `output_enable` is.
    lanes   : the `EpilogueLane`s; pixel lane m is served by lane m % epilogue.
    tile_end: the tile's last result leaves.
    """

    read_latency = 1 + WeightRing.parameter_latency  # from `captured` to the lanes

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
        self.address = Signal(16)
        self.middle_enable, self.output_enable = Signal(c.pixels), Signal(c.pixels)
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
        parameter = ring.parameter
        layout = [
            ("enable", 1), ("gdn", 1), ("tile_end", 1), ("group", len(group)),
            ("address", 16), ("source", 16),
        ]
        read, stage = Record(layout), Record(layout)
        self.comb += [
            read.enable.eq(active),
            read.gdn.eq(pixel.gdn),
            read.tile_end.eq(ended & pixel.tile_end),
            read.group.eq(group),
            read.address.eq(pixel.position),
            read.source.eq(pixel.source),
            stage.raw_bits().eq(delay(self, read.raw_bits(), WeightRing.parameter_latency)),
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
        placed, addressed = (Record(layout, reset_less=True) for _ in range(2))
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
            following = Record(layout, reset_less=True)
            self.sync += following.raw_bits().eq(stages[-1].raw_bits())
            stages.append(following)
        fetch = stages[EpilogueLane.value_latency - MiddleMemory.value_latency - 1]
        chosen = stages[EpilogueLane.value_latency - 1]
        before, last = stages[EpilogueLane.latency - 1], stages[EpilogueLane.latency]

        def lanes_of(stage, enable):
            """One enable a pixel lane: lane m belongs to group m // epilogue."""
            return Cat(*[enable & (stage.group == m // c.epilogue) for m in range(c.pixels)])

        uses_middle, to_middle = Signal(), Signal()
        self.comb += [
            uses_middle.eq((d.flags & FLAG_GDN) != 0),
            to_middle.eq(uses_middle & ~before.gdn),
            self.value_address.eq(fetch.source),
            self.address.eq(last.address),
            self.tile_end.eq(last.tile_end),
        ]
        self.sync += [
            self.middle_enable.eq(lanes_of(before, before.enable & to_middle)),
            self.output_enable.eq(lanes_of(before, before.enable & ~to_middle)),
        ]

        # Lanes ------------------------------------------------------------------------------------
        lo, hi = Signal((16, True)), Signal((16, True))
        sloped = Signal()
        self.comb += [
            lo.eq(d.clamp[:16]), hi.eq(d.clamp[16:]),
            sloped.eq((d.flags & FLAG_SLOPE) != 0),
        ]
        self.lanes = []
        for r in range(c.epilogue):
            lane = EpilogueLane(
                operand_shift=d.function[8:14], output_shift=d.function[16:22],
                function=d.function[:FUNCTION_BITS], lo=lo, hi=hi, middle=uses_middle,
                middle_bits=c.middle_bits, wide=(d.function & FUNCTION_OPERANDS15) != 0,
                sloped=sloped, slope=d.function[:16], technology=technology,
            )
            self.submodules += WithoutReset()(lane)
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
