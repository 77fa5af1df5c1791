"""The time of the same transform in float PyTorch on this machine: what one would use instead."""

import importlib.util
import os
import platform
import time

from litelic.host.bench.machine import cpu_name

RUNS = 3


def available():
    """Whether torch is installed."""
    return importlib.util.find_spec("torch") is not None


def measure(layers, height, width):
    """Time the float transform of a program's `layers` on an input of height x width.

    Shapes are the program's, weights random. Returns {seconds, runs, threads, cpu, torch, python}:
    the fastest of `runs` runs with one thread and as many with one a CPU, after one that is not
    timed; or None where torch is not installed.
    """
    if not available():
        return None
    import torch

    before = torch.get_num_threads()
    transform = _transform(torch, layers)
    x = torch.rand(1, layers[0].in_channels, height, width)
    best = None
    try:
        for threads in sorted({1, os.cpu_count() or 1}):
            torch.set_num_threads(threads)
            with torch.inference_mode():
                seconds = min([_seconds(transform, x) for _ in range(1 + RUNS)][1:])
            if best is None or seconds < best[0]:
                best = seconds, threads
    finally:
        torch.set_num_threads(before)
    return {
        "seconds": best[0], "runs": RUNS, "threads": best[1], "cpu": cpu_name(),
        "torch": torch.__version__, "python": platform.python_version(),
    }


def _seconds(transform, x):
    started = time.perf_counter()
    transform(x)
    return time.perf_counter() - started


def _transform(torch, layers):
    """A `torch.nn.Sequential` of the layers' shapes."""
    steps = []
    for layer in layers:
        shape = (layer.in_channels, layer.out_channels, tuple(layer.kernel), layer.stride)
        if layer.kind == "conv":
            steps.append(torch.nn.Conv2d(*shape, layer.padding))
        else:
            steps.append(torch.nn.ConvTranspose2d(*shape, layer.padding, layer.output_padding))
        if layer.gdn:
            steps.append(_gdn(torch, layer.gdn.function, layer.out_channels))
    return torch.nn.Sequential(*steps)


def _gdn(torch, function, channels):
    """CompressAI's normalisation of that kind, without the reparametrisation of its weights."""
    gamma = torch.rand(channels, channels, 1, 1) / channels
    beta = torch.ones(channels)
    finish = {
        "reciprocal": lambda x, n: x / n,
        "multiply": lambda x, n: x * n,
        "rsqrt": lambda x, n: x * torch.rsqrt(n),
        "sqrt": lambda x, n: x * torch.sqrt(n),
    }[function]

    class Normalisation(torch.nn.Module):
        def forward(self, x):
            operand = x * x if function in ("rsqrt", "sqrt") else torch.abs(x)
            return finish(x, torch.nn.functional.conv2d(operand, gamma, beta))

    return Normalisation()
