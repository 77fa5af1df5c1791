"""The models that are measured: LiteLIC's own, and random ones of the shape of published models.

What weights a program has does not change its cycles, so published models need neither their
weights nor PyTorch here. But results must be worth comparing with the golden model: every layer
brings its sums to a typical size that neither saturates nor rounds to nothing.
"""

import argparse
import importlib.util
from pathlib import Path

import numpy as np

from litelic.host.bench import float_time
from litelic.host.cli import options
from litelic.host.errors import LitelicError
from litelic.host.models import checkpoint_path
from litelic.host.program.layer import Gdn, Layer
from litelic.host.program.model import EntropyTable, Program

CALIBRATION = ("chelsea.png", "coffee.png", "astronaut.png")  # of the default model in 16 bits

WEIGHT_RMS = 73  # of integers -127..127, each as likely
OPERAND_RMS = {"uint8": 148, "int8": 40, "int16": 60}  # 148: of bytes, each as likely
RESULT_RMS = {"uint8": 40, "int8": 40, "int16": 60}
BEFORE_GDN_RMS = 2048
GAMMA_MEAN, MAGNITUDE_MEAN, SQUARE_MEAN = 7.5, 51, 64  # operands of a normalisation

# Per function: operand shift, output shift, and the typical norm with which values of the size
# BEFORE_GDN_RMS leave with the size RESULT_RMS["int8"], by section 5 of docs/numerics.md.
NORMS = {
    "reciprocal": (5, 8, 13107),
    "multiply": (5, 34, 10240),
    "rsqrt": (16, 12, 671089),
    "sqrt": (16, 30, 409600),
}


def bls2017(channels=128, latents=128):
    """Balle, Laparra, Simoncelli 2017, as in X-LIC: magnitudes and reciprocals in its GDN."""
    n, m = channels, latents
    return (
        ("g_a.0", "conv", 3, n, 9, 4, "reciprocal"),
        ("g_a.2", "conv", n, n, 5, 2, "reciprocal"),
        ("g_a.4", "conv", n, m, 5, 2, None),
    ), (
        ("g_s.0", "deconv", m, n, 5, 2, "multiply"),
        ("g_s.2", "deconv", n, n, 5, 2, "multiply"),
        ("g_s.4", "deconv", n, 3, 9, 4, None),
    )


def bmshj2018_factorized(channels=128, latents=192):
    """CompressAI's model of that name, qualities 1 to 5: squares and roots in its GDN."""
    n, m = channels, latents
    return (
        ("g_a.0", "conv", 3, n, 5, 2, "rsqrt"),
        ("g_a.2", "conv", n, n, 5, 2, "rsqrt"),
        ("g_a.4", "conv", n, n, 5, 2, "rsqrt"),
        ("g_a.6", "conv", n, m, 5, 2, None),
    ), (
        ("g_s.0", "deconv", m, n, 5, 2, "sqrt"),
        ("g_s.2", "deconv", n, n, 5, 2, "sqrt"),
        ("g_s.4", "deconv", n, n, 5, 2, "sqrt"),
        ("g_s.6", "deconv", n, 3, 5, 2, None),
    )


def random_program(name, analysis, synthesis, seed=1):
    """A `Program` with random integers of layers (name, kind, in, out, kernel, stride, GDN)."""
    rng = np.random.default_rng(seed)
    analysis = _chain(rng, analysis, "uint8", "int16")
    synthesis = _chain(rng, synthesis, "int16", "uint8")
    tables = [
        EntropyTable(0, np.array([0, 1 << 15, 1 << 16], np.uint32))
        for _ in range(analysis[-1].out_channels)
    ]
    return Program(name, analysis, synthesis, tables, {"source": "random integers"})


def default():
    """LiteLIC's own trained model."""
    return options.load_program(argparse.Namespace(program=None, quality=None))[0]


MODELS = {
    "default": default,
    "bls2017": lambda: random_program("bls2017", *bls2017()),
    "bls2017, 32 channels": lambda: random_program("bls2017, 32 channels", *bls2017(32, 32)),
    "bmshj2018-factorized": lambda: random_program(
        "bmshj2018-factorized", *bmshj2018_factorized()
    ),
}


def load(name, activation_bits=8):
    """The `Program` of a model's name."""
    if name not in MODELS:
        raise LitelicError(f"there is no model {name!r} to measure; choose of {', '.join(MODELS)}")
    if activation_bits == 8:
        return MODELS[name]()
    if name != "default":
        raise LitelicError(f"only the default model is measured with 16 bits, not {name}")
    return _default_of_16_bits()


def _default_of_16_bits():
    """LiteLIC's own model, compiled anew; calibrated on what scikit-image ships, since cycles do
    not depend on it."""
    skimage = importlib.util.find_spec("skimage")
    if not float_time.available() or skimage is None:
        raise LitelicError("compiling the 16-bit model takes more packages: make install-test")
    from litelic.host.compiler.torch_compat import import_compressai

    import_compressai()
    from litelic.host.compiler.checkpoint import load_model
    from litelic.host.compiler.compile import compile_model
    from litelic.host.compiler.quantise import Options

    photographs = [Path(skimage.origin).parent / "data" / name for name in CALIBRATION]
    loaded = load_model(checkpoint_path())
    return compile_model(
        loaded.model, photographs, loaded.name, loaded.trained_entropy, crops=4,
        options=Options(activation_bits=16), log=lambda line: None,
    )


def _chain(rng, shapes, first, last):
    stored = [first, *["int8"] * (len(shapes) - 1), last]
    return [_layer(rng, *shape, *ends) for shape, ends in zip(shapes, zip(stored, stored[1:]))]


def _layer(rng, name, kind, in_channels, out_channels, kernel, stride, gdn, input, output):
    taps = kernel**2 * in_channels / (stride**2 if kind == "deconv" else 1)
    typical = WEIGHT_RMS * OPERAND_RMS[input] * np.sqrt(taps)
    lo, hi = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}[output]
    result = BEFORE_GDN_RMS if gdn else RESULT_RMS[output]
    centre = 128 if output == "uint8" else 0
    bias = rng.normal(centre * typical / result, typical / 8, out_channels)
    shape = (out_channels, kernel, kernel, in_channels)
    return Layer(
        name=name, kind=kind, weight=rng.integers(-127, 128, shape, dtype=np.int8),
        bias=np.rint(bias).astype(np.int32), **_scales(rng, out_channels, result / typical),
        stride=stride, padding=kernel // 2, output_padding=stride - 1 if kind == "deconv" else 0,
        input=input, output=output, lo=lo, hi=hi,
        gdn=_gdn(rng, f"{name}.gdn", gdn, out_channels) if gdn else None,
    )


def _gdn(rng, name, function, channels):
    operand_shift, output_shift, norm = NORMS[function]
    operand = SQUARE_MEAN if function in ("rsqrt", "sqrt") else MAGNITUDE_MEAN
    typical = channels * GAMMA_MEAN * operand
    return Gdn(
        name=name, function=function, operand_shift=operand_shift,
        gamma=rng.integers(0, 16, (channels, channels), dtype=np.int8),
        bias=np.full(channels, typical, np.int32),  # beta: half of the norm
        **_scales(rng, channels, norm / (2 * typical)), output_shift=output_shift,
    )


def _scales(rng, channels, scale):
    """Multipliers of 16 bits and shifts that multiply by about `scale`."""
    scales = scale * 2.0 ** rng.uniform(-0.5, 0.5, channels)
    shift = 15 - np.floor(np.log2(scales))
    return {
        "multiplier": np.floor(scales * 2.0**shift).astype(np.uint16),
        "shift": shift.astype(np.uint8),
    }
