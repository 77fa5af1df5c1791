"""`litelic compile`: a model and a few photographs become one program file."""

import time
from pathlib import Path

import numpy as np
import torch

from litelic.host.compiler.balance import latent_factors
from litelic.host.compiler.calibrate import load_crops, vivid
from litelic.host.compiler.checkpoint import load_model
from litelic.host.compiler.entropy import (
    FITTED_WEIGHT,
    LEARNT_WEIGHT,
    bottleneck_prior,
    estimate_bits,
    laplace_prior,
    make_tables,
    medians,
)
from litelic.host.compiler.layers import fold
from litelic.host.compiler.quantise import Activations, Options, quantise_network
from litelic.host.program.file import save_program
from litelic.host.program.model import OPERAND_RANGE, Program


def _psnr(got, wanted):
    error = np.mean((got.astype(np.float64) - wanted) ** 2)
    return 10 * np.log10(255**2 / max(error, 1e-9))


def float_model(model, trained_entropy):
    """(`layers.FloatModel` of a torch `model`, what a latent stands for beyond its integer
    [channel])."""
    channels = len(model.g_s[0].weight)
    fractions = medians(model.entropy_bottleneck)[1] if trained_entropy else np.zeros(channels)
    return fold(model, fractions), fractions


@torch.inference_mode()
def compile_model(
    model, photographs, name, trained_entropy=True, metadata=None, crops=32, options=None,
    log=print,
):
    """Return the `Program` of a torch `model`, calibrated on `photographs` (files or folders).

    `crops` pictures of 256x256 pixels are used, some twice; `log` gets a line a layer. Raises
    `LitelicError` when a layer is not supported or the photographs cannot be read.
    """
    options = options or Options()
    natural = load_crops(photographs, crops)
    # Every fourth crop again in strong colours: what saturates, and how often, decides the scales.
    pictures = np.concatenate([natural, vivid(natural[::4])])
    height, width = pictures.shape[1:3]
    floats, fractions = float_model(model, trained_entropy)
    channels = len(fractions)

    def progress(report):
        log(f"{report.name:8}{report.macs_per_pixel:12.1f}{report.sqnr_db:12.1f}")

    log(f"{'layer':8}{'MACs/pixel':>12}{'SQNR in dB':>12}")
    picture = floats.operands(pictures)
    operand_range = OPERAND_RANGE[floats.input]
    start = Activations(picture, pictures, floats.input, np.ones(3), operand_range)
    analysis, behind, _ = quantise_network(
        floats.analysis, start, "int16", height * width, options, progress, floats.synthesis[0]
    )
    latents = behind.stored
    operand_range = behind.range if behind.storage == "wide" else OPERAND_RANGE["int16"]
    # The synthesis is fitted to what the float synthesis makes of the same latents.
    latent_values = torch.from_numpy(latents).permute(0, 3, 1, 2).float()
    factors = np.ones(channels, np.uint8)
    if options.balance and behind.storage != "wide":
        factors = latent_factors(floats.synthesis[0], latents)
    read = (latents.astype(np.int32) * factors).clip(-32768, 32767).astype(np.int16)
    start = Activations(latent_values, read, behind.storage, 1 / factors, operand_range)
    synthesis, behind, _ = quantise_network(
        floats.synthesis, start, "uint8", height * width, options, progress
    )
    latents = latents[: len(natural)]
    flat = latents.reshape(-1, channels)
    if trained_entropy:
        prior = bottleneck_prior(model.entropy_bottleneck, fractions)
        tables = make_tables(flat, prior, LEARNT_WEIGHT)
    else:
        tables = make_tables(flat, laplace_prior(flat), FITTED_WEIGHT)
    bpp = estimate_bits(tables, latents) / natural[..., 0].size
    decoded = behind.stored[: len(natural)]
    log(f"calibration pictures: {_psnr(decoded, natural):.2f} dB at {bpp:.3f} bpp")
    return Program(name, analysis, synthesis, tables, dict(metadata or {}), factors)


def compile_command(args):
    """`litelic compile`: `args` has source, output, calibration, quality, N, M, name and
    activation_bits."""
    torch.set_num_threads(1)
    begin = time.monotonic()
    loaded = load_model(args.source, quality=args.quality, N=args.N, M=args.M)
    name = args.name or loaded.name
    print(f"compiling {name} from {loaded.origin}", flush=True)
    source = "".join(c if c.isprintable() else "?" for c in loaded.origin)
    program = compile_model(
        loaded.model, args.calibration, name, loaded.trained_entropy, {"source": source},
        options=Options(activation_bits=args.activation_bits),
        log=lambda line: print(line, flush=True),
    )
    model_hash = save_program(program, args.output)
    size = Path(args.output).stat().st_size
    print(
        f"{args.output}: {size} bytes, model {model_hash.hex()[:16]}, "
        f"{time.monotonic() - begin:.0f} s"
    )
