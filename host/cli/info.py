"""`litelic info`: what a file or a board says about itself."""

from pathlib import Path

from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.table import print_row
from litelic.host.errors import LitelicError

LAYER_WIDTHS = (-6, 8, 8, 6, 11, -1)  # behind the name
LAYER_TITLES = ("layer", "kind", "channels", "kernel", "stride", "MACs/pixel", "then")


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "info", help="describe a .lic file, a .licp program or a board",
        description="Describe a .lic file, a .licp program, or the board at --port or --sim. "
        "Without any of them, the model that comes with LiteLIC.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", nargs="?", help="a .lic or .licp file")
    options.add_engine(parser, golden=False, required=False)
    parser.set_defaults(run=run, program=None, quality=None)


def run(args):
    if args.port or args.sim:
        if args.file:
            raise LitelicError("name either a file or a board, not both")
        return _board(args)
    if args.file is None:
        return _program(args)
    try:
        with open(args.file, "rb") as file:
            start = file.read(4)
    except OSError as e:
        raise LitelicError(f"cannot read {args.file}: {e.strerror or e}") from e
    if start == b"LICP":
        args.program = args.file
        return _program(args)
    return _picture(args.file)


def _picture(path):
    from litelic.host.codec import container

    lic = container.unpack(container.read(path), path)
    size = container.HEADER_SIZE + len(lic.payload)
    _print_pairs({
        "file": f"{path}, version {container.VERSION}",
        "picture": f"{lic.width}x{lic.height}, {'greyscale' if lic.grey else 'colour'}",
        "model": lic.model.hex(),
        "size": f"{size} bytes, {8 * size / (lic.width * lic.height):.3f} bpp",
    })


def _program(args):
    from litelic.host.program.network import reduction, result_size, result_sizes, sources_of

    program, model_hash = options.load_program(args)
    latent = int(reduction(program.analysis))
    hyper = {}
    if program.hyperprior:
        hyper["hyper latents"] = f"{len(program.entropy)} channels, " + (
            "scales and means" if program.has_means else "scales"
        )
    _print_pairs({
        "program": program.name,
        "model": model_hash[:16].hex(),
        "activations": f"{program.activation_bits} bits",
        "weights": f"{sum(layer.weight.size for layer in program.layers)} bytes",
        "latents": f"{program.latent_channels} channels, one for {latent}x{latent} pixels",
        **hyper,
        **program.metadata,
    })
    print()
    size = 512, 512  # large enough that what borders add to the last column does not matter
    size = tuple(-(-side // program.downsampling) * program.downsampling for side in size)
    pixels = size[0] * size[1]
    inputs = {"analysis": size}
    inputs["synthesis"] = inputs["hyper_analysis"] = result_size(program.analysis, *size)
    if program.hyperprior:
        read = result_size(program.hyperprior.analysis, *inputs["hyper_analysis"])
        inputs["hyper_synthesis"] = read
    widths = (-max(len(layer.name) for layer in program.layers), *LAYER_WIDTHS)
    print_row(widths, LAYER_TITLES)
    for network, layers in program.networks.items():
        sizes = [inputs[network], *result_sizes(layers, *inputs[network])]
        for layer, sources in zip(layers, sources_of(layers), strict=True):
            height, width = layer.kernel
            print_row(widths, (
                layer.name, layer.kind, f"{layer.in_channels}>{layer.out_channels}",
                f"{height}x{width}", layer.stride,
                f"{layer.macs(*sizes[sources[0] + 1]) / pixels:.1f}", _behind(layer),
            ))


def _behind(layer):
    """What follows the sums of a layer."""
    from litelic.host.program.layer import SLOPE_ONE

    follows = layer.gdn.function if layer.gdn else "clamp"
    if layer.negative_slope != SLOPE_ONE:
        follows = f"slope {layer.negative_slope / SLOPE_ONE:.3g}"
    shuffled = f", shuffled by {layer.shuffle}" if layer.shuffle > 1 else ""
    return f"{follows} to {layer.lo}..{layer.hi}{shuffled}"


def _board(args):
    from litelic.host import engines

    with Progress() as progress:
        pairs = engines.describe_board(
            port=args.port, sim=args.sim, progress=progress, access=options.access(args)
        )
    _print_pairs(pairs)


def _print_pairs(pairs):
    width = max(map(len, pairs)) + 1
    for name, value in pairs.items():
        print(f"{name + ':':<{width}} {value}")
