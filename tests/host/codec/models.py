"""Small random tables, latents, programs, and an engine that runs the golden model."""

from dataclasses import replace

import numpy as np

from litelic.host.engines import golden
from litelic.host.program.model import EntropyTable, Hyperprior, Program
from tests.random_layers import random_layer


def table_from(frequency, offset):
    """An `EntropyTable` of frequencies that add up to 65536, the escape's last."""
    return EntropyTable(int(offset), np.concatenate([[0], np.cumsum(frequency)]).astype(np.uint32))


def laplacian_table(scale, tail=20):
    """A table of integers round 0 with that mean magnitude, and a small escape."""
    k = np.arange(-tail, tail + 1)
    weight = np.append(np.exp(-np.abs(k) / scale), 1e-9)
    frequency = 1 + np.floor(weight / weight.sum() * (65536 - len(weight))).astype(np.int64)
    frequency[tail] += 65536 - frequency.sum()
    return table_from(frequency, -tail)


def random_table(rng):
    """Any shape of table, from one symbol (the escape) to several hundred."""
    symbols = int(rng.choice([1, 2, 3, int(rng.integers(4, 60)), int(rng.integers(60, 400))]))
    cuts = np.sort(rng.choice(np.arange(1, 65536), symbols - 1, replace=False))
    return table_from(np.diff([0, *cuts, 65536]), rng.integers(-100, 100))


def laplacian_latents(rng, height, width, scales):
    """Latents whose magnitudes vary over the picture as those of photographs do."""
    rows = np.exp(rng.normal(0, 1, (height, width, 1)))
    noise = rng.laplace(0, 1, (height, width, len(scales)))
    return np.rint(noise * rows * np.asarray(scales)).clip(-32768, 32767).astype(np.int16)


def small_program(seed, channels=6, activation_bits=8):
    """A random program that shrinks by 8 in each direction."""
    rng = np.random.default_rng(seed)
    down = {"kind": "conv", "kernel": 5, "padding": 2, "activation_bits": activation_bits}
    up = down | {"kind": "deconv"}
    stored, read, latents = "int8", "int8", "int16"
    if activation_bits == 16:
        stored, read, latents = "int16", "wide", "wide"
    analysis = [
        random_layer(rng, **down, name="g_a.0", stride=4, in_channels=3, out_channels=4,
                     input="uint8", output=stored, gdn="reciprocal"),
        random_layer(rng, **down, name="g_a.2", stride=2, in_channels=4, out_channels=channels,
                     input=read, output="int16", gdn=False),
    ]
    synthesis = [
        random_layer(rng, **up, name="g_s.0", stride=2, output_padding=1, in_channels=channels,
                     out_channels=4, input=latents, output=stored, gdn="multiply"),
        random_layer(rng, **up, name="g_s.2", stride=4, output_padding=3, in_channels=4,
                     out_channels=3, input=read, output="uint8", gdn=False),
    ]
    tables = [random_table(rng) for _ in range(channels)]
    suffix = "-wide" if activation_bits == 16 else ""
    factors = None
    if activation_bits == 8:
        # Latents so small that most of them times their factor do not saturate: else nothing would
        # tell whether they have been multiplied.
        analysis[-1] = replace(analysis[-1], lo=-14, hi=13)
        factors = rng.integers(1, 20, channels).astype(np.uint8)
    return Program(
        f"small-{seed}{suffix}", analysis, synthesis, tables, latent_factors=factors
    )


def hyper_program(seed, means=True, activation_bits=8):
    """A random program with a hyperprior that shrinks by 16; sums, gates and slopes are in it."""
    rng = np.random.default_rng(seed)
    base = small_program(seed, activation_bits=activation_bits)
    channels, hyper_channels = base.latent_channels, 4
    wide = activation_bits == 16
    read = "wide" if wide else "int16"
    limit = 20000 if wide else 900
    analysis = [base.analysis[0], replace(base.analysis[1], lo=-limit, hi=limit)]
    shape = {"stride": 1, "kernel": 3, "padding": 1, "kind": "conv", "gdn": False}
    shape |= {"activation_bits": activation_bits, "output": "int16"}
    magnitude = ("wide_magnitude" if wide else "magnitude") if not means else read
    hyper_analysis = [
        random_layer(rng, **shape, name="h_a.0", in_channels=channels, out_channels=hyper_channels,
                     input=magnitude),
        random_layer(rng, **shape | {"kernel": 1, "padding": 0}, name="h_a.1", input=read,
                     in_channels=hyper_channels, out_channels=hyper_channels),
        replace(
            random_layer(rng, kind="pair", name="h_a.2", input=read, gdn="sigmoid", output="int16",
                         in_channels=hyper_channels, activation_bits=activation_bits),
            sources=(0, 1),
        ),
    ]
    gate = hyper_analysis[-1]
    hyper_analysis.append(replace(
        random_layer(rng, **shape | {"stride": 2}, name="h_a.3", in_channels=gate.out_channels,
                     out_channels=hyper_channels, input=read), lo=-30, hi=30,
    ))
    last = random_layer(
        rng, **shape | {"kernel": 1, "padding": 0}, name="h_s.1", in_channels=hyper_channels,
        out_channels=channels * (2 if means else 1), input=read,
    )
    hyper_synthesis = [
        random_layer(rng, **shape, name="h_s.0", in_channels=hyper_channels,
                     out_channels=4 * hyper_channels, input=read, shuffle=2),
        replace(last, lo=-700, hi=3000),
    ]
    tables = [laplacian_table(scale) for scale in (0.3, 1, 4, 16, 60)]
    return Program(
        f"hyper-{base.name}", analysis, base.synthesis,
        [random_table(rng) for _ in range(hyper_channels)],
        latent_factors=rng.integers(1, 12, channels).astype(np.uint8),
        hyperprior=Hyperprior(
            hyper_analysis, hyper_synthesis, np.array([-50, 20, 400, 1500], np.int32), tables
        ),
    )


class GoldenEngine(golden.GoldenEngine):
    """With what a board's layers tell besides."""

    macs_per_cycle = 64

    def __init__(self, program):
        super().__init__(program)
        self.program = program

    def layers(self, network, x):
        for layer, y, _ in super().layers(network, x):
            yield layer, y, {"cycles": 1000}
