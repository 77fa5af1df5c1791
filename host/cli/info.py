"""`litelic info`: what a file or a board says about itself."""

from pathlib import Path

from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.table import print_row
from litelic.host.errors import LitelicError

LAYER_WIDTHS = (-12, -8, 8, 8, 6, 11, -1)
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
    program, model_hash = options.load_program(args)
    layers = program.analysis + program.synthesis
    _print_pairs({
        "program": program.name,
        "model": model_hash[:16].hex(),
        "activations": f"{program.activation_bits} bits",
        "weights": f"{sum(layer.weight.size for layer in layers)} bytes",
        "latents": f"{program.latent_channels} channels, one for {program.downsampling}x"
        f"{program.downsampling} pixels",
        **program.metadata,
    })
    print()
    print_row(LAYER_WIDTHS, LAYER_TITLES)
    size = 512, 512  # large enough that what borders add to the last column does not matter
    size = tuple(-(-side // program.downsampling) * program.downsampling for side in size)
    pixels = size[0] * size[1]
    for layer in layers:
        height, width = layer.kernel
        print_row(LAYER_WIDTHS, (
            layer.name, layer.kind, f"{layer.in_channels}>{layer.out_channels}",
            f"{height}x{width}", layer.stride, f"{layer.macs(*size) / pixels:.1f}",
            f"{layer.gdn.function if layer.gdn else 'clamp'} to {layer.lo}..{layer.hi}",
        ))
        size = layer.output_size(*size)


def _board(args):
    from litelic.host import engines

    with Progress() as progress:
        pairs = engines.describe_board(
            port=args.port, sim=args.sim, progress=progress, baudrate=args.baudrate
        )
    _print_pairs(pairs)


def _print_pairs(pairs):
    width = max(map(len, pairs)) + 1
    for name, value in pairs.items():
        print(f"{name + ':':<{width}} {value}")
