"""The golden model as an engine."""

import functools

from litelic.host.golden import run_layers


class GoldenEngine:
    """Runs a program with NumPy on this computer."""

    macs_per_cycle = None

    def __init__(self, program, progress=None):
        self._program = program
        self._progress = progress or (lambda label, done, total: None)

    def layers(self, direction, x):
        """Yield (layer, output, None) for the layers of "analysis" or "synthesis"."""
        layers = getattr(self._program, direction)
        if direction == "synthesis":
            x = self._program.synthesis_input(x)
        for layer, y in run_layers(layers, x, functools.partial(self._progress, direction)):
            yield layer, y, None

    def analyse(self, pixels):
        """Latents int16 [h][w][c] of pixels uint8 [height][width][3]."""
        return self._last("analysis", pixels)

    def synthesise(self, latents):
        """Pixels uint8 [height][width][3] of latents int16 [h][w][c]."""
        return self._last("synthesis", latents)

    def _last(self, direction, x):
        *_, (_, last, _) = self.layers(direction, x)
        return last
