"""Train a codec: rate plus lambda times distortion, through CompressAI's entropy bottleneck.

A checkpoint (`.pth`) is complete: model name and configuration, weights, optimiser, step and
random states. The same command goes on where the checkpoint stopped: on one machine, an interrupted
run ends with the very weights of one that was not.
"""

import io
import json
import math
import pickle
import time
from pathlib import Path

import numpy as np
import torch

from litelic.host.atomic import make_folder, write_atomically
from litelic.host.compiler.bls2017 import Bls2017
from litelic.host.compiler.checkpoint import load_model
from litelic.host.errors import LitelicError
from litelic.host.training.photographs import load_photographs, random_crops

CLIP = 5.0
DOWNSAMPLING = 16  # of the model
NEEDED = {"config": dict, "state_dict": dict, "step": int}


def initialise(model):
    """Scale the initial weights so that every layer keeps the variance of its input.

    A transposed convolution of stride s sees only 1/s^2 of its taps at each output pixel.
    """
    for module in model.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
            transposed = isinstance(module, torch.nn.ConvTranspose2d)
            taps = math.prod(module.kernel_size)
            if transposed:
                taps /= math.prod(module.stride)
            torch.nn.init.normal_(module.weight, std=1 / math.sqrt(taps * module.in_channels))
            torch.nn.init.zeros_(module.bias)


def learning_rate(step, steps, peak):
    """Warm up for 200 steps, hold `peak` for 40 % of the steps, then fall along a cosine."""
    warm = min(1.0, (step + 1) / 200)
    decay = max(0.0, (step / steps - 0.4) / 0.6)
    return peak * warm * 0.5 * (1 + math.cos(math.pi * min(1.0, decay)))


def rate_distortion(model, x, autocast):
    """Return (bits per pixel, mean squared error) of the batch `x`, both differentiable."""
    with autocast():
        y = model.g_a(x - model.centre)
    y_hat, likelihoods = model.entropy_bottleneck(y.float() * model.gain)
    with autocast():
        x_hat = model.g_s(y_hat / model.gain)
    bpp = -torch.log2(likelihoods).sum() / (x.shape[0] * x.shape[2] * x.shape[3])
    mse = ((x_hat.float() + model.centre - x) ** 2).mean()
    return bpp, mse


@torch.no_grad()
def validate(model, crops):
    """Return (bits per pixel, PSNR in dB) with rounded latents, over the batch `crops`."""
    model.eval()
    bpp, mse = rate_distortion(model, crops, torch.inference_mode)
    model.train()
    return bpp.item(), -10 * math.log10(mse.item())


def save(path, state):
    """Write the checkpoint so that an interruption leaves the old one or the new one, whole."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getbuffer())


def load(path, config):
    """Return the checkpoint at `path`, or None when there is none.

    Raises `LitelicError` for a file that is none, or that training cannot go on from: another
    configuration, or fine-tuned.
    """
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (
        pickle.UnpicklingError, RuntimeError, KeyError, TypeError, EOFError, OSError, ValueError
    ) as e:
        raise _not_a_checkpoint(path, "it is damaged or something else") from e
    if not isinstance(state, dict) or state.get("model") != "bls2017":
        raise _not_a_checkpoint(path, "it holds something else")
    for key, kind in NEEDED.items():
        if not isinstance(state.get(key), kind):
            raise _not_a_checkpoint(path, f"it has no {key}")
    if state["config"] != config:
        raise LitelicError(
            f"{path} holds a model with {state['config']}, this run wants {config}; "
            "name another output or give the same options"
        )
    if not isinstance(state.get("optimiser"), dict):
        raise LitelicError(
            f"{path} has no state of the optimiser, as fine-tuned checkpoints have none: training "
            "cannot go on from it; name another output"
        )
    return state


def restore(path, state, model, optimiser):
    """Put the weights and the optimiser of a checkpoint in place. Raises `LitelicError`."""
    try:
        model.load_state_dict(state["state_dict"])
        optimiser.load_state_dict(state["optimiser"])
    except (RuntimeError, KeyError, TypeError, ValueError, AttributeError, IndexError) as e:
        raise _not_a_checkpoint(path, str(e).split("\n")[-1].strip()) from e


def random_states(rng):
    """What decides every random number to come, as a checkpoint holds it."""
    states = {"numpy": json.dumps(rng.bit_generator.state), "torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random_states(path, states, rng):
    """Undo `random_states`. A checkpoint made on another kind of machine has no state of this."""
    try:
        rng.bit_generator.state = json.loads(states["numpy"])
        torch.set_rng_state(states["torch"])
        if torch.cuda.is_available() and "cuda" in states:
            torch.cuda.set_rng_state(states["cuda"])
    except (RuntimeError, KeyError, TypeError, ValueError) as e:
        raise _not_a_checkpoint(path, "its random state is damaged") from e


def start_from(path, config, model):
    """Take the weights of another checkpoint, for instance of a neighbouring rate. Raises
    `LitelicError` where there is none of the same configuration."""
    loaded = load_model(path).model
    if not isinstance(loaded, Bls2017) or loaded.config != config:
        raise LitelicError(
            f"{path} is no model with {config}: training can start from the same architecture only"
        )
    model.load_state_dict(loaded.state_dict())


def _not_a_checkpoint(path, detail):
    return LitelicError(f"{path} is not a checkpoint of `litelic train` ({detail}); move it away")


def train(
    output, photographs, validation=None, N=64, M=96, lmbda=0.016, steps=85_000, batch=4,
    crop=128, peak=3e-3, seed=1, threads=1, report_every=500, start=None, log=print,
    progress=None,
):
    """Train a `Bls2017` (centred input, gain 4) and write `output`, a checkpoint.

    `photographs` and `validation` are lists of folders; `lmbda` weighs the squared error on the
    0..255 scale; `peak` is the highest learning rate; `start` is a checkpoint with the first
    weights, or None for random ones. Goes on from `output` if it exists, also with another number
    of `steps`. Runs on the first GPU when there is one. `log` gets lines of text,
    `progress(label, done, total)` every step.
    """
    progress = progress or (lambda label, done, total: None)
    if crop % DOWNSAMPLING:
        raise LitelicError(f"crops of {crop} pixels: give a multiple of {DOWNSAMPLING}")
    output = Path(output)
    make_folder(output.parent)
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    config = {"N": N, "M": M, "centre": 0.5, "gain": 4.0}
    model = Bls2017(**config)
    state = load(output, config)
    if start and not state:
        start_from(start, config, model)
    else:
        initialise(model)
    model.to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=peak)
    first = 0
    if state:
        restore(output, state, model, optimiser)
        first = state["step"]
        log(f"going on from step {first} of {output}")
    log("reading the photographs")
    data = load_photographs(photographs, crop, progress)
    held_out = load_photographs(validation or photographs, 256, progress)
    probe = random_crops(held_out, 16, 256, np.random.default_rng(0))
    probe = torch.from_numpy(probe).to(device)
    parameters = sum(p.numel() for p in model.parameters())
    log(f"{len(data)} photographs, {parameters} parameters, {device}")

    def autocast():
        return torch.autocast(device.type, torch.bfloat16)

    def checkpoint(step):
        save(output, {
            "model": "bls2017", "config": config, "lmbda": lmbda, "step": step, "steps": steps,
            "state_dict": model.state_dict(), "optimiser": optimiser.state_dict(),
            "random": random_states(rng),
        })

    if state:
        if "random" in state:
            restore_random_states(output, state["random"], rng)
        else:
            rng = np.random.default_rng([seed, first])
    model.train()
    mean_bpp = mean_mse = 0.0
    since = time.monotonic()
    for step in range(first, steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        x = torch.from_numpy(random_crops(data, batch, crop, rng)).to(device)
        bpp, mse = rate_distortion(model, x, autocast)
        loss = lmbda * 255**2 * mse + bpp
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        progress("training", step + 1, steps)
        mean_bpp += bpp.item() / report_every
        mean_mse += mse.item() / report_every
        if (step + 1) % report_every == 0:
            val_bpp, val_psnr = validate(model, probe)
            pace = (time.monotonic() - since) / report_every
            log(
                f"step {step + 1}/{steps}  train {mean_bpp:.3f} bpp "
                f"{-10 * math.log10(mean_mse):.2f} dB  held out {val_bpp:.3f} bpp {val_psnr:.2f} dB"
                f"  {pace * 1000:.0f} ms/step  {(steps - step - 1) * pace / 60:.0f} min left"
            )
            checkpoint(step + 1)
            mean_bpp = mean_mse = 0.0
            since = time.monotonic()
    checkpoint(max(first, steps))
    return output
