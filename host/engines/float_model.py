"""A checkpoint in float as an engine: what the integer network is compared with.

It stands where a board stands: its latents go through the same entropy coder, tables and file
format, so that a difference in rate or distortion is the integers' alone.
"""

import numpy as np
import torch

from litelic.host.compiler.checkpoint import load_model
from litelic.host.compiler.compile import float_model

INT16 = (-32768, 32767)


class FloatEngine:
    """Runs a `layers.FloatModel` with PyTorch, float32. Not the same bytes on every machine."""

    def __init__(self, model, progress=None):
        self._model = model
        self._progress = progress or (lambda label, done, total: None)

    @classmethod
    def of(cls, checkpoint, progress=None):
        """The engine of whatever `checkpoint.load_model` accepts."""
        loaded = load_model(checkpoint)
        return cls(float_model(loaded.model, loaded.trained_entropy)[0], progress)

    def analyse(self, pixels):
        """Latents int16 [h][w][c] of pixels uint8 [height][width][3]."""
        x = self._run("analysis", self._model.operands(pixels[None]))
        return _rounded(x, *INT16).astype(np.int16)

    def synthesise(self, latents):
        """Pixels uint8 [height][width][3] of latents int16 [h][w][c]."""
        x = torch.from_numpy(latents.astype(np.float32)).permute(2, 0, 1)[None]
        return _rounded(self._run("synthesis", x), 0, 255).astype(np.uint8)

    @torch.inference_mode()
    def _run(self, direction, x):
        layers = getattr(self._model, direction)
        for i, layer in enumerate(layers):
            self._progress(f"float {direction}", i, len(layers))
            x = layer.activate(layer.convolve(x))
        return x


def _rounded(x, lowest, highest):
    return torch.floor(x[0].permute(1, 2, 0) + 0.5).clamp(lowest, highest).numpy()
