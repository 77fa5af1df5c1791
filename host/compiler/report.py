"""`litelic compile --report`: what became of each layer, and what it will cost on a board."""

import json

import numpy as np

from litelic.host.atomic import write_atomically
from litelic.host.boards import describe
from litelic.host.cli.table import print_row
from litelic.host.compiler.simulate import sums_of
from litelic.host.golden.arithmetic import requantise, round_shift
from litelic.host.planner.plan import PackedProgram
from litelic.host.program.layer import OUTPUT_RANGE, STORAGE_BYTES
from litelic.host.program.network import join, result_size
from litelic.host.report import percent

DRAM_BYTES = 1 << 40  # more than any: what fits is told when a picture is sent
PICTURES = 4  # on which operands of normalisations are looked at
WIDTHS = (8, 8, 6, -6, 17, 7, 7, 5, 10, 6)  # behind the layer's name
TITLES = (
    "MACs/px", "weights", "B/px", "stored", "step", "sat. %", "norm. %", "SQNR", "cycles", "util %",
)


class LayerNotes:
    """Collects what only the compiler sees, layer by layer, from `quantise.Report`s."""

    def __init__(self):
        self.layers = {}

    def __call__(self, report):
        layer, result = report.layer, report.result
        height, width = result.stored.shape[1:3]
        bytes_ = height * width * layer.out_channels * STORAGE_BYTES[layer.output]
        self.layers[layer.name] = {
            "name": layer.name,
            "kind": layer.kind + (f"+{layer.gdn.function}" if layer.gdn else ""),
            "macs_per_pixel": report.macs_per_pixel,
            "weight_bytes": layer.weight.size + (layer.gdn.gamma.size if layer.gdn else 0),
            "output_bytes_per_pixel": bytes_ / report.pixels,
            "stored": f"{layer.output} {layer.lo}..{layer.hi}",
            "step": [float(step) for step in result.scale],
            "saturated": saturation(layer, result.stored),
            "operands_saturated": operand_saturation(layer, report.inputs),
            "sqnr_db": report.sqnr_db,
        }


def saturation(layer, stored):
    """The share of results at an end of the clamp; 0 is no end, but what a ReLU leaves."""
    return float(np.mean((stored == layer.hi) | (stored == layer.lo) & (layer.lo != 0)))


def operand_saturation(layer, inputs):
    """The share of a normalisation's operands that are saturated, None without one."""
    if layer.gdn is None:
        return None
    sums = sums_of(layer, *[activations.operands()[:PICTURES] for activations in inputs])
    x = requantise(np.stack(list(sums)), layer, *OUTPUT_RANGE["int16"])
    size = round_shift(x * x if layer.gdn.squares else abs(x), layer.gdn.operand_shift)
    return float(np.mean(size > layer.gdn.largest_operand))


def complete(program, notes, board, size):
    """The whole report, a mapping that JSON can hold.

    notes : `LayerNotes` of the program's compilation.
    board : a `boards.Setup`.
    size  : (width, height) of the picture whose cycles are predicted.
    """
    packed = PackedProgram(program, board.config, board.timing)
    width, height = (side + -side % program.downsampling for side in size)
    networks = [program.networks[name] for name in program.encoder_networks]
    latents = result_size(program.analysis, height, width)
    plans = {
        "encoder": packed.plan(join(*networks), height, width, DRAM_BYTES),
        "decoder": packed.plan(program.synthesis, *latents, DRAM_BYTES),
    }
    if program.hyperprior:
        hyper = result_size(program.hyperprior.analysis, *latents)
        plans["decoder, scales"] = packed.plan(program.hyperprior.synthesis, *hyper, DRAM_BYTES)
    peak = board.config.macs
    directions = {}
    for name, plan in plans.items():
        cycles = sum(step.cycles for step in plan.steps)
        directions[name] = {
            "cycles": round(cycles), "macs": int(plan.macs),
            "utilisation": plan.macs / (cycles * peak),
        }
        for step in plan.steps:
            notes.layers[step.layer.name] |= {
                "cycles": round(step.cycles), "utilisation": step.macs / (step.cycles * peak),
            }
    return {
        "program": program.name, "board": describe(board), "width": size[0], "height": size[1],
        "layers": list(notes.layers.values()), "predicted": directions,
    }


def save(report, path):
    """Write a report as JSON."""
    write_atomically(path, (json.dumps(report, indent=2, allow_nan=False) + "\n").encode())


def show(report):
    """Print a report."""
    widths = (-max(len(layer["name"]) for layer in report["layers"]), *WIDTHS)
    print_row(widths, ("layer", *TITLES))
    for layer in report["layers"]:
        operands = layer["operands_saturated"]
        print_row(widths, (
            layer["name"], f"{layer['macs_per_pixel']:.1f}", layer["weight_bytes"],
            f"{layer['output_bytes_per_pixel']:.2f}", layer["stored"].split()[0],
            f"{min(layer['step']):.2g}..{max(layer['step']):.2g}", _share(layer["saturated"]),
            _share(operands) if operands is not None else "-", f"{layer['sqnr_db']:.1f}",
            layer["cycles"], percent(layer["utilisation"]),
        ))
    print(
        "weights in bytes; step: what one step of a channel stands for; sat., norm.: what "
        "saturates\non the calibration pictures, of what is stored and of operands of "
        "normalisations; SQNR in dB;\n"
        f"cycles of a picture of {report['width']}x{report['height']} by the cycle model, on "
        f"{report['board']}"
    )
    for name, row in report["predicted"].items():
        print(f"{name}: {row['cycles']} cycles, {percent(row['utilisation'])} % of the peak")


def _share(share):
    return f"{100 * share:.3f}"
