"""Layers ready to run: a DRAM image with everything in it, and what it must become."""

from types import SimpleNamespace

import numpy as np

from litelic.accel.descriptor import DESCRIPTOR_BYTES, RECORD_OFFSET
from litelic.host.golden import run_layers
from litelic.host.planner.plan import WEIGHTS_ADDRESS, PackedProgram


class Job:
    """A network for an array, in a DRAM that is otherwise full of random bytes.

    memory    : bytearray, the DRAM before the run.
    addresses : of the descriptors.
    steps     : of the plan.
    """

    def __init__(self, rng, config, layers, x, memory_bytes):
        program = SimpleNamespace(layers=layers)
        packed = PackedProgram(program, config)
        plan = packed.plan(layers, *x.shape[:2], memory_bytes)
        self.memory = bytearray(rng.bytes(memory_bytes))
        self._put(0, plan.descriptors)
        self._put(WEIGHTS_ADDRESS, packed.weights)
        self._put(plan.input.address, plan.input.to_bytes(x))
        self.steps = plan.steps
        self.addresses = [i * DESCRIPTOR_BYTES for i in range(len(layers))]
        self._before, self._x = bytes(self.memory), x

    def _put(self, address, data):
        self.memory[address : address + len(data)] = data

    def check(self):
        """Compare every byte of the DRAM with the golden model's: only the pixels of the outputs
        and the completion records may have changed."""
        expected = np.frombuffer(self._before, np.uint8).copy()
        got = np.frombuffer(bytes(self.memory), np.uint8)
        for step, (_, x) in zip(
            self.steps, run_layers([step.layer for step in self.steps], self._x), strict=True
        ):
            output = step.output
            image = got[output.address : output.address + output.size]
            wrong = np.argwhere(output.from_bytes(image.tobytes()) != x)
            assert len(wrong) == 0, (
                f"{len(wrong)} of {x.size} results of {describe(step.layer)} are wrong, the first "
                f"at [y, x, channel] {wrong[0].tolist()}; tiling {step.tiling}"
            )
            used = np.frombuffer(np.ascontiguousarray(x, output.dtype).tobytes(), np.uint8)
            for y, row in enumerate(used.reshape(output.height, -1)):
                begin = output.address + y * output.pitch
                expected[begin : begin + len(row)] = row
        for address in self.addresses:
            record = slice(address + RECORD_OFFSET, address + DESCRIPTOR_BYTES)
            expected[record] = got[record]
        strays = np.flatnonzero(expected != got)
        assert len(strays) == 0, f"{len(strays)} strange bytes, from {strays[0]:#x} on"


def describe(layer):
    """A layer on one line, for messages."""
    return (
        f"{layer.kind} {list(layer.weight.shape)} stride {layer.stride} padding {layer.padding}"
        f"+{layer.output_padding} {layer.input} -> {layer.output} gdn "
        f"{layer.gdn and layer.gdn.function}"
    )
