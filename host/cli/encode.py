"""`litelic encode`: a picture to a `.lic` file."""

import time
from pathlib import Path

from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.errors import LitelicError


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "encode", help="a picture to a .lic file",
        description="Encode a picture. An existing OUTPUT is kept unless --force is given.",
    )
    parser.add_argument("input", type=Path, metavar="PICTURE", help="any picture Pillow reads")
    parser.add_argument(
        "output", type=Path, metavar="OUTPUT", nargs="?",
        help="the .lic file (default: PICTURE's name with .lic)",
    )
    options.add_flatten(parser)
    options.add_force(parser)
    options.add_program(parser)
    options.add_engine(parser)
    parser.set_defaults(run=run)


def run(args):
    output = args.output or options.default_output(args.input, ".lic")
    if output.suffix.lower() != ".lic":
        raise LitelicError(f"{output}: the name of an encoded picture ends with .lic")
    options.check_output(output, args.input, args.force)

    from litelic.host.atomic import write_atomically
    from litelic.host.codec import pictures

    picture = pictures.load(args.input, args.flatten)
    program, model_hash = options.load_program(args)
    started = time.monotonic()
    with Progress() as progress, options.open_codec(args, program, model_hash, progress) as codec:
        data = codec.encode(picture)
    write_atomically(output, data)
    print(
        f"{output}: {picture.width}x{picture.height}, {len(data)} bytes, "
        f"{8 * len(data) / (picture.width * picture.height):.3f} bpp, "
        f"{time.monotonic() - started:.1f} s"
    )
