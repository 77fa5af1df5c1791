"""The golden model as an engine."""

import functools
import time

from litelic.host.golden import run_layers
from litelic.host.program.symbols import check_input


class GoldenEngine:
    """Runs a program with NumPy on this computer."""

    macs_per_cycle = None

    def __init__(self, program, progress=None):
        self._program = program
        self._progress = progress or (lambda label, done, total: None)

    def layers(self, network, x):
        """Yield (layer, output, None) for the layers of one of the program's networks."""
        check_input(self._program, network, x)
        layers = self._program.networks[network]
        label = network.replace("_", " ")
        for layer, y in run_layers(layers, x, functools.partial(self._progress, label)):
            yield layer, y, None

    def analyse(self, pixels):
        """Latents int16 [h][w][c] of pixels uint8 [height][width][3]."""
        return self._last("analysis", pixels)

    def analyse_with_hyperprior(self, pixels):
        """Latents, hyper latents and parameters, int16 [h][w][c], of such pixels."""
        latents = self.analyse(pixels)
        hyper = self._last("hyper_analysis", latents)
        return latents, hyper, self.hyper_synthesise(hyper)

    def hyper_synthesise(self, hyper):
        """Parameters int16 [h][w][c] of hyper latents int16 [h][w][c]."""
        return self._last("hyper_synthesis", hyper)

    def synthesise(self, latents):
        """Pixels uint8 [height][width][3] of what the synthesis reads, int16 [h][w][c]."""
        return self._last("synthesis", latents)

    def stream(self, names, inputs, note=None):
        """Yield (input, results of the networks, one after the other) of many inputs."""
        for number, x in enumerate(inputs):
            begin, results = time.monotonic(), []
            for name in names:
                results.append(self._last(name, results[-1] if results else x))
            if note:
                note(number, "compute", begin, time.monotonic())
            yield x, results

    def _last(self, network, x):
        *_, (_, last, _) = self.layers(network, x)
        return last
