"""Lay a network of a program out in DRAM and write its descriptors.

    0            descriptors, 256 bytes each
    64 KB        packed weights of all networks (the same for every picture)
    then         feature maps, rows padded to whole words of the DRAM port
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from litelic.accel import descriptor
from litelic.accel.descriptor import DESCRIPTOR_BYTES
from litelic.host.errors import LitelicError
from litelic.host.golden.network import STORAGE_DTYPE
from litelic.host.planner.cycles import ONE_CLOCK, estimate
from litelic.host.planner.maps import MAP_ALIGNMENT, FeatureMap, place
from litelic.host.planner.pack import align, middle_channels, pack
from litelic.host.planner.taps import split
from litelic.host.planner.tiling import OUTPUT_BYTES, Tiling, choose, task_of
from litelic.host.planner.timeline import predict
from litelic.host.program.layer import SLOPE_ONE, STORAGE_BYTES
from litelic.host.program.network import result_sizes, sources_of

WEIGHTS_ADDRESS = 64 << 10
LARGEST_DESCRIPTOR_COUNT = WEIGHTS_ADDRESS // DESCRIPTOR_BYTES


@dataclass(frozen=True)
class Step:
    """One layer of a plan.

    estimate : cycles of the array's clock, roughly.
    """

    layer: object
    tiling: Tiling
    input: FeatureMap
    output: FeatureMap
    macs: int
    estimate: float
    descriptor: bytes
    _predict: Callable

    @cached_property
    def cycles(self):
        """Of the array's clock, by the cycle model, which takes its time."""
        return self._predict()


@dataclass
class Plan:
    """A network of a program for one picture size: what to write, run and read."""

    steps: list

    @property
    def descriptors(self):
        """DRAM image of the descriptors, completion records cleared."""
        return b"".join(s.descriptor.ljust(DESCRIPTOR_BYTES, b"\0") for s in self.steps)

    @property
    def input(self):
        return self.steps[0].input

    @property
    def output(self):
        return self.steps[-1].output

    @property
    def macs(self):
        return sum(step.macs for step in self.steps)


class PackedProgram:
    """A program packed for an array: one weights image, and plans for any picture size.

    `timing` is the board's `cycles.Timing`.
    """

    def __init__(self, program, config, timing=ONE_CLOCK):
        self.program, self.config, self.timing = program, config, timing
        self._packed = {}
        image, address = [], WEIGHTS_ADDRESS
        for layer in program.layers:
            if layer.name in self._packed:
                raise LitelicError(f"two layers are called {layer.name}; rename one of them")
            if layer.activation_bits > config.activation_bits:
                raise LitelicError(
                    f"layer {layer.name} has 16-bit activations, the array {config.shape} operands "
                    "of 9 bits: build the board with --activation-bits 16, or compile the model "
                    "with --activation-bits 8"
                )
            packed = pack(layer, config)
            self._packed[layer.name] = (packed, address)
            image.append(packed.data)
            address += len(packed.data)
        self.weights = b"".join(image)
        self.maps_address = align(address, MAP_ALIGNMENT)

    def plan(self, layers, height, width, memory_bytes, kept=(), rooms=None):
        """Plan a network of this program for an input of height x width elements.

        memory_bytes : where the DRAM ends.
        kept : layers whose results are wanted besides the last one's; of the others' the DRAM may
               be too small to keep them to the end.
        rooms : (first byte, end) of the DRAM for the input and what is kept, and the same for what
                is between (default: all that is behind the weights, for both).
        Raises `LitelicError` when the network does not fit the array or the DRAM.
        """
        if len(layers) > LARGEST_DESCRIPTOR_COUNT:
            raise LitelicError(
                f"{len(layers)} layers are too many: there is room for {LARGEST_DESCRIPTOR_COUNT} "
                "descriptors; split the model"
            )
        port = self.config.port_bytes
        sources = sources_of(layers)
        maps = [FeatureMap.at(
            0, height, width, layers[0].in_channels, STORAGE_DTYPE[layers[0].input], port,
        )]
        for layer, size in zip(layers, result_sizes(layers, height, width), strict=True):
            maps.append(FeatureMap.at(0, *size, layer.out_channels, layer.output, port))
        if self.maps_address > memory_bytes:
            raise LitelicError(
                f"program {self.program.name} needs {self.maps_address / 2**20:.0f} MB for its "
                f"weights, the board has {memory_bytes / 2**20:.0f} MB of DRAM"
            )
        kept = {len(layers) - 1, *kept}
        ends, between = rooms or (None, (self.maps_address, memory_bytes))
        maps = place(maps, layers, kept, between, f"{width}x{height}", ends)
        steps = []
        for layer, read, after in zip(layers, sources, maps[1:], strict=True):
            before = maps[read[0] + 1]
            steps.append(self._step(layer, before.both() if len(read) > 1 else before, after))
        return Plan(steps)

    def _step(self, layer, before, after):
        packed, address = self._packed[layer.name]
        window = split(layer)
        height = before.height // 2 if layer.kind == "pair" else before.height
        task = task_of(layer, window, packed, self.config, height, before.width)
        tiling = choose(task, self.config, self.timing)
        macs = layer.macs(height, before.width)
        words = _descriptor(layer, window, task, tiling, self.config, before, after)
        words["weight_address"] = address
        words["weight_words"] = len(packed.data) // self.config.port_bytes
        return Step(
            layer, tiling, before, after, macs, estimate(task, tiling, self.config, self.timing),
            descriptor.pack(words), lambda: predict(words, task, self.config, self.timing),
        )


def _pair(rows, columns):
    return columns | rows << 16


def _descriptor(layer, window, task, tiling, config, before, after):
    """Every descriptor field but the weights'."""
    rows, columns = tiling.cells
    lane_rows, lane_columns = tiling.lanes
    cell = window.cell
    in_bytes, out_bytes = STORAGE_BYTES[layer.input], OUTPUT_BYTES[layer.output]
    in_pixel, out_pixel = layer.in_channels * in_bytes, layer.out_channels * out_bytes
    step_rows, step_columns = window.step
    in_rows, in_row = rows * step_rows, columns * step_columns * in_pixel
    out_rows, out_row = rows * cell, columns * cell * out_pixel
    in_y, in_x = window.origin
    if layer.gdn:
        middle = middle_channels(layer, config)
        result_step, result_pitch = middle, columns * cell * middle
        gdn = layer.gdn
        function = (
            descriptor.FUNCTION_CODES[gdn.function]
            | gdn.operand_shift << 8 | gdn.output_shift << 16
            | (descriptor.FUNCTION_OPERANDS15 if gdn.operand_bits > 8 else 0)
        )
    else:
        middle, function = 0, layer.negative_slope & 0xFFFF
        result_step, result_pitch = out_pixel, tiling.output_pitch
    flags = descriptor.FLAG_GDN if layer.gdn else 0
    flags |= descriptor.FLAG_OUTPUT16 if out_bytes == 2 else 0
    flags |= descriptor.FLAG_SLOPE if layer.negative_slope != SLOPE_ONE else 0
    return {
        "flags": flags,
        "tiles": _pair(*tiling.tiles),
        "lanes": _pair(*tiling.lanes),
        "in_storage": descriptor.STORAGE_CODES[layer.input],
        "in_address": before.address + in_y * before.pitch,
        "in_pitch": before.pitch,
        "in_rows": before.height,
        "in_row_bytes": before.width * in_pixel,
        "in_y": in_y,
        "in_x": in_x * in_pixel,
        "in_tile_rows": in_rows * lane_rows,
        "in_tile_pitch": in_rows * lane_rows * before.pitch,
        "in_tile_bytes": in_row * lane_columns,
        "in_lane_rows": in_rows,
        "in_lane_pitch": in_rows * before.pitch,
        "in_lane_bytes": in_row,
        "strip_rows": tiling.strip_rows,
        "strip_beats": tiling.strip_beats,
        "strip_pitch": tiling.strip_pitch,
        "step_x": step_columns * layer.in_channels,
        "step_y": step_rows * tiling.strip_pitch,
        "pixels": _pair(rows, columns),
        "result_step_x": cell * result_step,
        "result_step_y": cell * result_pitch,
        "result_pitch": result_pitch,
        "norm_step": middle,
        "norm_pixels": _pair(out_rows, columns * cell),
        "output_step": out_pixel,
        "output_pitch": tiling.output_pitch,
        "clamp": layer.lo & 0xFFFF | (layer.hi & 0xFFFF) << 16,
        "function": function,
        "out_address": after.address,
        "out_pitch": after.pitch,
        "out_rows": after.height,
        "out_row_bytes": after.width * out_pixel,
        "out_y": 0,
        "out_x": 0,
        "out_tile_rows": out_rows * lane_rows,
        "out_tile_pitch": out_rows * lane_rows * after.pitch,
        "out_tile_bytes": out_row * lane_columns,
        "out_lane_rows": out_rows,
        "out_lane_pitch": out_rows * after.pitch,
        "out_lane_bytes": out_row,
        "block_rows": out_rows,
        "block_bytes": out_row,
    }
