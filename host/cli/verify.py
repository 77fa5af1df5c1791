"""`litelic verify`: every layer of a board against the golden model, bit for bit."""

import functools
from pathlib import Path

from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.table import print_row
from litelic.host.errors import LitelicError
from litelic.host.report import percent

WIDTHS = (-12, -8, 14, 14, 12, 7, -1)
TITLES = ("layer", "kind", "size", "MACs", "cycles", "util %", "result")


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "verify", help="compare every layer of a board with the golden model",
        description="Run a program's networks on a board layer by layer, and compare each "
        "layer's result with the golden model. The exit status is 1 if one byte differs.",
    )
    parser.add_argument(
        "input", type=Path, metavar="PICTURE", nargs="?",
        help="what to analyse (default: random pixels)",
    )
    parser.add_argument(
        "--size", type=options.size, default=(64, 48), metavar="WxH",
        help="of the random picture (default: 64x48)",
    )
    parser.add_argument(
        "--seed", type=options.whole_number(0), default=1,
        help="of the random picture (default: 1)",
    )
    options.add_flatten(parser)
    options.add_program(parser)
    options.add_engine(parser, golden=False)
    parser.set_defaults(run=run)


def run(args):
    from litelic.host.codec.pictures import extend, load
    from litelic.host.program.symbols import input_of

    if args.input:
        pixels = load(args.input, args.flatten).pixels
    else:
        pixels = _random_pixels(args.size, args.seed)
    program, _ = options.load_program(args)
    x = extend(pixels, program.downsampling)
    print(f"{program.name}, {x.shape[1]}x{x.shape[0]} pixels")
    print_row(WIDTHS, TITLES)
    differences, results = 0, {}
    with Progress() as progress, options.open_engine(args, program, progress) as engine:
        for network in program.networks:
            layers = program.networks[network]
            read = input_of(program, network, x, results)
            results[network], different = _compare(layers, engine, network, read, progress)
            differences += different
    if differences:
        print(f"{differences} layers differ from the golden model")
        return 1
    print("every layer equals the golden model")
    return 0


def _compare(layers, engine, network, x, progress):
    """Print one row a layer; return (the golden model's last output, how many layers differ)."""
    from litelic.host.golden import run_layers
    from litelic.host.program.network import INPUT, sources_of

    differences, sizes = 0, {INPUT: x.shape[:2]}
    computed = engine.layers(network, x)
    golden = run_layers(layers, x, functools.partial(progress, f"golden {network}"))
    rows = zip(sources_of(layers), golden, computed, strict=True)
    for i, (sources, (layer, expected), (ran, y, counters)) in enumerate(rows):
        if ran.name != layer.name:
            raise LitelicError(f"the board ran {ran.name} where {layer.name} was expected")
        macs = layer.macs(*sizes[sources[0]])
        height, width, channels = expected.shape
        sizes[i] = height, width
        difference = _first_difference(y, expected)
        differences += difference is not None
        cycles, utilisation = _performance(counters, macs, engine)
        progress.wipe()
        print_row(WIDTHS, (
            layer.name, layer.kind, f"{width}x{height}x{channels}", macs, cycles, utilisation,
            difference or "equal",
        ))
    return expected, differences


def _performance(counters, macs, engine):
    """(cycles, share of the array's peak in per cent) as text."""
    if not counters:
        return "-", "-"
    cycles = counters["cycles"]
    return cycles, percent(macs / (cycles * engine.macs_per_cycle))


def _first_difference(y, expected):
    """Where and how `y` differs first, as text; None if it does not."""
    import numpy as np

    if y.shape != expected.shape or y.dtype != expected.dtype:
        return f"{y.dtype}{list(y.shape)} instead of {expected.dtype}{list(expected.shape)}"
    different = np.argwhere(y != expected)
    if not len(different):
        return None
    row, column, channel = map(int, different[0])
    return (
        f"{len(different)} differ, first at x={column} y={row} channel={channel}: "
        f"{y[row, column, channel]}, golden {expected[row, column, channel]}"
    )


def _random_pixels(size, seed):
    import numpy as np

    width, height = size
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
