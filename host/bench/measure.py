"""One row: run a direction on a board, compare it with the golden model, add up what it cost."""

from dataclasses import asdict

import numpy as np

from litelic.host.bench import float_time, models
from litelic.host.bench.rows import DIRECTIONS
from litelic.host.bench.traffic import minima
from litelic.host.codec.pictures import extend
from litelic.host.engines.golden import GoldenEngine
from litelic.host.link.board import Board
from litelic.host.program.symbols import latents_of
from litelic.host.report import layer_report


class TimedBoard(Board):
    """A board that keeps the cycles of its last run, by the firmware's clock."""

    run_cycles = None

    def finish(self, *args, **kwargs):
        self.run_cycles = super().finish(*args, **kwargs)
        return self.run_cycles


class Task:
    """A model and a picture size: its program, the inputs and the right results of both directions.

    The golden model computes them when they are first asked for. The picture is random bytes: what
    it shows does not change the cycles. The decoder's input are the encoder's right latents.
    """

    def __init__(self, model, width, height, activation_bits=8, progress=None):
        self.program = models.load(model, activation_bits)
        self.width, self.height = width, height
        self._golden = GoldenEngine(self.program, _named(progress, f"{model}, golden model"))
        self._kept = {}

    def input(self, direction):
        """uint8 pixels or int16 latents, [height][width][channels]."""
        if direction == "decoder":
            return latents_of(self.program, self.result("encoder"))
        shape = (self.height, self.width, 3)
        pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
        return extend(pixels, self.program.downsampling)

    def result(self, direction):
        """The golden model's result."""
        return self._keep(("result", direction), lambda: self._compute(direction))

    def float_time(self, direction):
        """`float_time.measure` of the same transform."""
        layers, size = self.layers(direction), self.input(direction).shape[:2]
        return self._keep(("float", direction), lambda: float_time.measure(layers, *size))

    def layers(self, direction):
        return getattr(self.program, DIRECTIONS[direction])

    def _compute(self, direction):
        if direction == "encoder":
            return self._golden.analyse(self.input(direction))
        return self._golden.synthesise(self.input(direction))

    def _keep(self, key, compute):
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]


def measure(row, task, engine, board, revision):
    """The results' entry of a `Row`: a mapping that JSON can hold.

    engine : `BoardEngine` of the task's program on `board`.
    board  : a `TimedBoard`.
    """
    x, expected = task.input(row.direction), task.result(row.direction)
    result = (engine.analyse if row.direction == "encoder" else engine.synthesise)(x)
    peak = engine.macs_per_cycle
    least = minima(task.layers(row.direction), *x.shape[:2])
    layers = [_layer(report, peak, minimum) for report, minimum in zip(engine.reports, least)]
    macs = sum(layer["macs"] for layer in layers)
    cycles = board.run_cycles * row.setup.array_clk_ratio  # as the hardware counts a layer's
    return {
        **row.key,
        "array_parameters": asdict(engine.config),
        "macs": macs,
        "cycles": cycles,
        "cycles_outside_layers": cycles - sum(layer["cycles"] for layer in layers),
        "utilisation": macs / (cycles * peak),
        "frames_per_s": row.setup.array_clock_hz / cycles,
        "dram_bytes": sum(sum(layer["dram"].values()) for layer in layers),
        "dram_minimum": sum(sum(layer["dram_minimum"].values()) for layer in layers),
        "bit_exact": bool(result.dtype == expected.dtype and np.array_equal(result, expected)),
        "layers": layers,
        "float_pytorch": task.float_time(row.direction),
        "command": row.command,
        "revision": revision,
    }


def _layer(report, peak, minimum):
    return {
        **layer_report(report, peak),
        "busy": report["counters"]["busy"],
        "dram": {kind: report["dram"][kind] for kind in minimum},
        "dram_minimum": minimum,
    }


def _named(progress, label):
    """`progress` with its labels after `label`."""
    return progress and (lambda part, done, total: progress(f"{label}, {part}", done, total))
