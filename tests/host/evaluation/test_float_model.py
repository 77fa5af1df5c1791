"""The float engine computes what the checkpoint computes, in the codec's integers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from litelic.host.compiler.checkpoint import load_model  # noqa: E402
from litelic.host.compiler.entropy import medians  # noqa: E402
from litelic.host.engines.float_model import FloatEngine  # noqa: E402
from litelic.host.models import QUALITIES, checkpoint_path, program_path  # noqa: E402
from litelic.host.program.file import load_program  # noqa: E402
from litelic.host.program.symbols import latents_of  # noqa: E402


@pytest.mark.parametrize("quality", (QUALITIES[0], QUALITIES[-1]))
def test_latents_and_pixels_are_the_checkpoints(quality):
    y, x = np.mgrid[0:96, 0:128]
    pixels = np.stack([2 * x, 2 * y, 255 - x - y], axis=2).astype(np.uint8)
    model = load_model(checkpoint_path(quality)).model
    whole, fractions = medians(model.entropy_bottleneck)
    fractions = torch.from_numpy(fractions).float()[:, None, None]
    program, _ = load_program(program_path(quality))
    engine = FloatEngine.of(checkpoint_path(quality), program)
    inside = slice(2, -2), slice(2, -2)  # folding is exact but for the border
    with torch.inference_mode():
        picture = torch.from_numpy(pixels / 255).float().permute(2, 0, 1)[None]
        real = (model.g_a(picture - model.centre) * model.gain)[0] - fractions
    latents = engine.analyse(pixels)
    assert latents.dtype == np.int16 and latents.shape == (6, 8, model.M)
    error = latents - real.permute(1, 2, 0).numpy()
    assert np.abs(error[inside]).max() < 0.51 and np.abs(latents).max() > 10
    with torch.inference_mode():
        given = torch.from_numpy(latents.astype(np.float32)).permute(2, 0, 1) + fractions
        decoded = (model.g_s(given[None] / model.gain)[0] + model.centre) * 255
    decoded = decoded.permute(1, 2, 0).clamp(0, 255).numpy()
    got = engine.synthesise(latents_of(program, latents))
    # A constant has an answer that differs from phase to phase, of which only the mean is kept.
    assert got.dtype == np.uint8
    assert np.abs(got[32:-32, 32:-32] - decoded[32:-32, 32:-32]).max() < 2
