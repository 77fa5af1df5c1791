"""Lay a direction of a program out in DRAM and write its descriptors.

    0            descriptors, 256 bytes each
    64 KB        packed weights of both directions (the same for every picture)
    then         feature maps, rows padded to whole words of the DRAM port
"""

from dataclasses import dataclass

import numpy as np

from litelic.accel import descriptor
from litelic.accel.descriptor import DESCRIPTOR_BYTES
from litelic.host.errors import LitelicError
from litelic.host.golden.network import STORAGE_DTYPE
from litelic.host.planner.cycles import ONE_CLOCK
from litelic.host.planner.pack import align, middle_channels, pack
from litelic.host.planner.taps import split
from litelic.host.planner.tiling import OUTPUT_BYTES, Tiling, choose, task_of
from litelic.host.planner.timeline import predict
from litelic.host.program.model import STORAGE_BYTES

WEIGHTS_ADDRESS = 64 << 10
MAP_ALIGNMENT = 4096
LARGEST_DESCRIPTOR_COUNT = WEIGHTS_ADDRESS // DESCRIPTOR_BYTES


@dataclass(frozen=True)
class FeatureMap:
    """An array [height][width][channels] in DRAM, `pitch` bytes from row to row."""

    address: int
    height: int
    width: int
    channels: int
    dtype: np.dtype
    pitch: int

    @classmethod
    def at(cls, address, height, width, channels, dtype, port_bytes):
        dtype = np.dtype(dtype).newbyteorder("<")
        pitch = align(width * channels * dtype.itemsize, port_bytes)
        return cls(address, height, width, channels, dtype, pitch)

    @property
    def size(self):
        """Bytes in DRAM."""
        return self.height * self.pitch

    def to_bytes(self, array):
        """The DRAM image of a NumPy array."""
        rows = np.zeros((self.height, self.pitch), np.uint8)
        stored = np.ascontiguousarray(array, self.dtype).reshape(self.height, -1).view(np.uint8)
        rows[:, : stored.shape[1]] = stored
        return rows.tobytes()

    def from_bytes(self, data):
        """The NumPy array of a DRAM image."""
        rows = np.frombuffer(data, np.uint8).reshape(self.height, self.pitch)
        used = self.width * self.channels * self.dtype.itemsize
        array = np.ascontiguousarray(rows[:, :used]).view(self.dtype)
        shape = (self.height, self.width, self.channels)
        return array.reshape(shape).astype(self.dtype.newbyteorder("="))


@dataclass(frozen=True)
class Step:
    """One layer of a plan."""

    layer: object
    tiling: Tiling
    input: FeatureMap
    output: FeatureMap
    macs: int
    cycles: float  # of the array's clock, by the cycle model
    descriptor: bytes


@dataclass
class Plan:
    """A direction of a program for one picture size: what to write, run and read."""

    steps: list

    @property
    def descriptors(self):
        """DRAM image at address 0, completion records cleared."""
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
        for layer in program.analysis + program.synthesis:
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

    def plan(self, layers, height, width, memory_bytes):
        """Plan `layers` (of this program) for an input of height x width elements.

        Every layer's output keeps its own place as long as the DRAM is large enough; otherwise
        two places are used in turns. Raises `LitelicError` when not even that fits.
        """
        if len(layers) > LARGEST_DESCRIPTOR_COUNT:
            raise LitelicError(
                f"{len(layers)} layers are too many: there is room for {LARGEST_DESCRIPTOR_COUNT} "
                "descriptors; split the model"
            )
        port = self.config.port_bytes
        maps = [(height, width, layers[0].in_channels, STORAGE_DTYPE[layers[0].input])]
        for layer in layers:
            size = layer.output_size(*maps[-1][:2])
            maps.append((*size, layer.out_channels, layer.output))
        sizes = [align(FeatureMap.at(0, *m, port).size, MAP_ALIGNMENT) for m in maps]
        places = self._places(sizes, memory_bytes, f"{width}x{height}")
        maps = [FeatureMap.at(place, *m, port) for place, m in zip(places, maps)]
        steps = []
        for layer, before, after in zip(layers, maps, maps[1:]):
            steps.append(self._step(layer, before, after))
        return Plan(steps)

    def _places(self, sizes, memory_bytes, what):
        room = memory_bytes - self.maps_address
        if room < 0:
            raise LitelicError(
                f"program {self.program.name} needs {self.maps_address / 2**20:.0f} MB for its "
                f"weights, the board has {memory_bytes / 2**20:.0f} MB of DRAM"
            )
        if sum(sizes) <= room:
            ends = np.cumsum([0] + sizes[:-1])
            return [self.maps_address + int(end) for end in ends]
        even, odd = max(sizes[::2]), max(sizes[1::2])
        if even + odd > room:
            raise LitelicError(
                f"an input of {what} needs {-(-(even + odd + self.maps_address) >> 20)} MB of "
                f"DRAM, the board has {memory_bytes >> 20} MB; use a smaller picture"
            )
        return [self.maps_address + (even if i % 2 else 0) for i in range(len(sizes))]

    def _step(self, layer, before, after):
        packed, address = self._packed[layer.name]
        window = split(layer)
        task = task_of(layer, window, packed, self.config, before.height, before.width)
        tiling = choose(task, self.config, self.timing)
        macs = layer.macs(before.height, before.width)
        words = _descriptor(layer, window, task, tiling, self.config, before, after)
        words["weight_address"] = address
        words["weight_words"] = len(packed.data) // self.config.port_bytes
        cycles = predict(words, task, self.config, self.timing)
        return Step(layer, tiling, before, after, macs, cycles, descriptor.pack(words))


def _pair(rows, columns):
    return columns | rows << 16


def _descriptor(layer, window, task, tiling, config, before, after):
    """Every descriptor field but the weights'."""
    rows, columns = tiling.cells
    lane_rows, lane_columns = tiling.lanes
    cell = window.cell
    in_bytes, out_bytes = STORAGE_BYTES[layer.input], OUTPUT_BYTES[layer.output]
    in_pixel, out_pixel = layer.in_channels * in_bytes, layer.out_channels * out_bytes
    in_rows, in_row = rows * window.step, columns * window.step * in_pixel
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
        middle, function = 0, 0
        result_step, result_pitch = out_pixel, tiling.output_pitch
    flags = descriptor.FLAG_GDN if layer.gdn else 0
    flags |= descriptor.FLAG_OUTPUT16 if out_bytes == 2 else 0
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
        "step_x": window.step * layer.in_channels,
        "step_y": window.step * tiling.strip_pitch,
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
