"""Fine-tune a trained model with the integer network's rounding in the loop.

The forward pass rounds what the integer network rounds where it hurts: stored activations to 8 bits
a channel, the operands of the normalisations to 8 bits, latents to integers (the rate still sees
uniform noise, as in training). Gradients pass through each rounding as if it were not there.
Scales follow the same rules as the compiler's (`calibrate.py`, `quantise_gdn.py`) and are taken
anew as the weights move. Weights are not rounded here: the compiler's error feedback makes their
rounding nearly free, and the weights that it starts from may then be any real numbers.
"""

import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from litelic.host.compiler.calibrate import clip_for_integers, load_crops, vivid
from litelic.host.compiler.checkpoint import load_model
from litelic.host.compiler.describe import describe
from litelic.host.compiler.quantise_gdn import choose_full
from litelic.host.errors import LitelicError
from litelic.host.training.photographs import load_photographs, random_crops
from litelic.host.training.train import CLIP, DOWNSAMPLING, save

SCALE_SAMPLES = 20_000
SIGNED = (-256, 255)  # stored activations, as the array reads them


class _Round(torch.autograd.Function):
    """Round to `lowest..highest`; the gradient passes inside that range."""

    @staticmethod
    def forward(ctx, x, lowest, highest):
        ctx.save_for_backward(x)
        ctx.limits = lowest, highest
        return torch.floor(x + 0.5).clamp(lowest, highest)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        lowest, highest = ctx.limits
        return gradient * ((x >= lowest - 0.5) & (x <= highest + 0.5)), None, None


def fake_round(x, step, lowest, highest):
    """`x` rounded to `lowest..highest` steps; `step` is [channels], `x` has them second."""
    step = step[:, None, None]
    return _Round.apply(x / step, lowest, highest) * step


class RoundedNetwork:
    """`g_a` or `g_s` of a model, with rounding after every normalisation or ReLU."""

    def __init__(self, network):
        self.parts = []  # of [convolution, what follows it or None]
        for module in network:
            if isinstance(module, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
                self.parts.append([module, None])
            else:
                self.parts[-1][1] = module
        self.network = network
        self.steps = self.full = None

    @torch.no_grad()
    def take_scales(self, x, path, rng):
        """Choose all scales on the input `x`; returns the float network's output."""
        self.steps, self.full = [], []
        for layer in describe(self.network, path):
            z = layer.convolve(x)
            y = layer.activate(z)
            rows = torch.from_numpy(rng.integers(z[:, 0].numel(), size=SCALE_SAMPLES))
            before, after = (
                t.permute(0, 2, 3, 1).reshape(-1, t.shape[1])[rows].double().numpy() for t in (z, y)
            )
            limits = (0, 255) if layer.slope == 0 else SIGNED
            step, full = clip_for_integers(after, *limits), None
            if layer.gdn:
                largest = z.abs().amax(dim=(0, 2, 3)).double().numpy()
                full = torch.from_numpy(choose_full(layer.gdn, before, step, largest)).float()
            self.steps.append(torch.from_numpy(step).float())
            self.full.append(full)
            x = y
        return x

    def _normalise(self, gdn, x, full):
        squares = type(gdn).__name__ == "GDN"
        size, full = (x * x, full * full) if squares else (x.abs(), full)
        beta, gamma = gdn.beta_reparam(gdn.beta), gdn.gamma_reparam(gdn.gamma)
        norm = F.conv2d(fake_round(size, full / 255, 0, 255), gamma[:, :, None, None], beta)
        norm = torch.sqrt(norm) if squares else norm
        return x * norm if gdn.inverse else x / norm

    def __call__(self, x):
        for (convolution, after), step, full in zip(self.parts, self.steps, self.full, strict=True):
            x = convolution(x)
            if after is None:
                continue
            if isinstance(after, torch.nn.ReLU):
                x = fake_round(F.relu(x), step, 0, 255)
            else:
                x = fake_round(self._normalise(after, x, full), step, *SIGNED)
        return x


class RoundedModel:
    """A model as the integer codec will compute it, differentiable."""

    def __init__(self, model):
        self.model = model
        self.centre, self.gain = getattr(model, "centre", 0.0), getattr(model, "gain", 1.0)
        self.analysis, self.synthesis = RoundedNetwork(model.g_a), RoundedNetwork(model.g_s)

    @torch.no_grad()
    def take_scales(self, pictures, rng):
        """Choose all scales on `pictures`, float (batch, 3, height, width) in 0..1."""
        y = self.analysis.take_scales(pictures - self.centre, "g_a", rng)
        self.synthesis.take_scales(torch.round(y * self.gain) / self.gain, "g_s", rng)

    def rate_distortion(self, x):
        """(bits per pixel with noisy latents, mean squared error with rounded ones)."""
        y = self.analysis(x - self.centre) * self.gain
        _, likelihoods = self.model.entropy_bottleneck(y)
        y_hat = _Round.apply(y, -256, 255)
        x_hat = self.synthesis(y_hat / self.gain) + self.centre
        bpp = -torch.log2(likelihoods).sum() / (x.shape[0] * x.shape[2] * x.shape[3])
        return bpp, ((x_hat.clamp(-0.01, 1.01) - x) ** 2).mean()


def finetune(
    checkpoint, output, photographs, calibration, steps=4000, peak=2e-4, lmbda=None, batch=8,
    crop=128, seed=1, threads=1, report_every=250, log=print,
):
    """Fine-tune the `litelic train` checkpoint `checkpoint`; write one like it to `output`.

    `photographs` is a list of folders to train on, `calibration` one of folders or files that the
    scales are chosen on; `peak` is the first learning rate, falling to 0 along a cosine; `lmbda`
    is the checkpoint's own if not given.
    """
    if crop % DOWNSAMPLING:
        raise LitelicError(f"crops of {crop} pixels: give a multiple of {DOWNSAMPLING}")
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    loaded = load_model(checkpoint)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    whole = isinstance(state.get("step"), int) and (lmbda or isinstance(state.get("lmbda"), float))
    if state.get("model") != "bls2017" or not whole:
        raise LitelicError(f"{checkpoint} is not a checkpoint of `litelic train`; name one")
    lmbda = state["lmbda"] if lmbda is None else lmbda
    model = loaded.model.train()
    rounded = RoundedModel(model)
    crops = load_crops(calibration, 12)
    crops = np.concatenate([crops, vivid(crops[::3])])
    crops = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255
    data = load_photographs(photographs, crop)
    optimiser = torch.optim.Adam(model.parameters(), lr=peak)
    mean_bpp = mean_mse = 0.0
    since = time.monotonic()
    for step in range(steps):
        if step % report_every == 0:
            rounded.take_scales(crops, np.random.default_rng(seed))
        for group in optimiser.param_groups:
            group["lr"] = peak * 0.5 * (1 + math.cos(math.pi * step / steps))
        x = torch.from_numpy(random_crops(data, batch, crop, rng))
        bpp, mse = rounded.rate_distortion(x)
        optimiser.zero_grad()
        (lmbda * 255**2 * mse + bpp).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        mean_bpp += bpp.item() / report_every
        mean_mse += mse.item() / report_every
        if (step + 1) % report_every == 0:
            pace = (time.monotonic() - since) / report_every
            log(
                f"step {step + 1}/{steps}  train {mean_bpp:.3f} bpp "
                f"{-10 * math.log10(mean_mse):.2f} dB  {pace * 1000:.0f} ms/step  "
                f"{(steps - step - 1) * pace / 60:.0f} min left"
            )
            mean_bpp = mean_mse = 0.0
            since = time.monotonic()
    if not all(torch.isfinite(value).all() for value in model.state_dict().values()):
        raise LitelicError("fine-tuning ended in weights that are not finite; give a lower --rate")
    save(Path(output), {
        "model": "bls2017", "config": state["config"], "lmbda": lmbda, "step": state["step"],
        "finetuned": steps, "state_dict": model.state_dict(),
    })
    return Path(output)
