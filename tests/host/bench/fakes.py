"""A board and an engine without hardware: golden results, invented counts that add up."""

import contextlib
from types import SimpleNamespace

from litelic.accel.config import ArrayConfig
from litelic.host.bench.traffic import layer_minimum
from litelic.host.golden import run_layers

OUTSIDE = 321  # cycles of the firmware beyond the layers'


class FakeBoard:
    """What `measure` and `command` ask of a `TimedBoard`."""

    def __init__(self):
        self.run_cycles = None
        self.info = SimpleNamespace(
            target="fake", gateware="1", firmware="1", protocol=1, program=None, array={},
            clock_hz=100_000_000, array_clock_hz=100_000_000, dram_bytes=1 << 28, dram_ok=True,
            statistics={}, revision="", memory="", mac="", ip="", temperature=None,
            dram_transfers=1,
        )


class FakeEngine:
    """A `BoardEngine` whose layers are busy for 9 cycles of 10, and read every input twice."""

    spoil = False  # results are wrong

    def __init__(self, board, program, progress=None):
        self.board, self.program = board, program
        self.config = ArrayConfig()
        self.macs_per_cycle = self.config.macs
        self.reports = []

    def analyse(self, pixels):
        return self._run(self.program.analysis, pixels)

    def synthesise(self, latents):
        return self._run(self.program.synthesis, latents)

    def _run(self, layers, x):
        self.reports = []
        for layer, y in run_layers(layers, x):
            height, width = x.shape[:2]
            macs = layer.macs(height, width)
            busy = -(-macs // self.macs_per_cycle)
            counters = {"busy": busy, "input": busy // 9, "fetch": 7}
            traffic = layer_minimum(layer, height, width)
            self.reports.append({
                "layer": layer, "macs": macs,
                "counters": {"cycles": sum(counters.values()), **counters},
                "dram": traffic | {"input": 2 * traffic["input"]},
            })
            x = y
        cycles = sum(report["counters"]["cycles"] for report in self.reports)
        self.board.run_cycles = cycles + OUTSIDE
        return x + 1 if self.spoil else x


@contextlib.contextmanager
def open_board(setup):
    """In place of `command.open_board`."""
    yield FakeBoard()
