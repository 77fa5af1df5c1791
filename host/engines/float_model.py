"""A checkpoint in float as an engine: what the integer network is compared with.

It stands where a board stands: its latents go through the same entropy coder, tables and file
format, so that a difference in rate or distortion is the integers' alone.
"""

import numpy as np
import torch

from litelic.host.compiler.checkpoint import load_model
from litelic.host.compiler.fold import fold
from litelic.host.compiler.layers import run
from litelic.host.errors import LitelicError

INT16 = (-32768, 32767)


class FloatEngine:
    """Runs a `fold.FloatModel` with PyTorch, float32. Not the same bytes on every machine.

    `factors` [latent channel] are those of the program whose files it writes and reads.
    """

    def __init__(self, model, factors, progress=None):
        self._model = model
        self._factors = torch.from_numpy(np.asarray(factors, np.float32))[:, None, None]
        self._progress = progress or (lambda label, done, total: None)
        if model.hyper_analysis:
            model.in_parts(np.asarray(factors, np.float64))

    @classmethod
    def of(cls, checkpoint, program, progress=None):
        """The engine of whatever `checkpoint.load_model` accepts, for files of `program`."""
        loaded = load_model(checkpoint)
        model = fold(loaded.model, loaded.trained_entropy)
        suits = (
            model.channels == program.latent_channels
            and bool(model.hyper_analysis) == bool(program.hyperprior)
            and len(model.fractions) == len(program.entropy)
            and (not program.hyperprior or model.has_means == program.has_means)
        )
        if not suits:
            raise LitelicError(
                f"{checkpoint} is not what program {program.name} was compiled from: it has other "
                "networks or channels; name its own checkpoint"
            )
        return cls(model, program.latent_factors, progress)

    def analyse(self, pixels):
        """Latents int16 [h][w][c] of pixels uint8 [height][width][3]."""
        return _integers(self._run("analysis", self._model.operands(pixels[None])))

    def analyse_with_hyperprior(self, pixels):
        """Latents, hyper latents and parameters, int16 [h][w][c], of such pixels."""
        latents = self._run("analysis", self._model.operands(pixels[None]))
        read = latents / self._factors
        hyper = self._run("hyper_analysis", read.abs() if self._model.magnitudes else read)
        hyper = _integers(hyper)
        return _integers(latents), hyper, self.hyper_synthesise(hyper)

    def hyper_synthesise(self, hyper):
        """Parameters int16 [h][w][c] of hyper latents int16 [h][w][c]."""
        return _integers(self._run("hyper_synthesis", _tensor(hyper)))

    def synthesise(self, latents):
        """Pixels uint8 [height][width][3] of what the synthesis reads, int16 [h][w][c]."""
        x = self._run("synthesis", _tensor(latents) / self._factors)
        return _rounded(x, 0, 255).astype(np.uint8)

    @torch.inference_mode()
    def _run(self, network, x):
        layers = getattr(self._model, network)
        label = f"float {network.replace('_', ' ')}"
        return run(layers, x, lambda done, total: self._progress(label, done, total))[-1]


def _tensor(x):
    return torch.from_numpy(x.astype(np.float32)).permute(2, 0, 1)[None]


def _integers(x):
    return _rounded(x, *INT16).astype(np.int16)


def _rounded(x, lowest, highest):
    return torch.floor(x[0].permute(1, 2, 0) + 0.5).clamp(lowest, highest).numpy()
