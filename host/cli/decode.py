"""`litelic decode`: a `.lic` file to a picture."""

import time
from pathlib import Path

from litelic.host.cli import options
from litelic.host.cli.progress import Progress


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "decode", help="a .lic file to a picture",
        description="Decode a .lic file. An existing OUTPUT is kept unless --force is given.",
    )
    parser.add_argument("input", type=Path, metavar="FILE.lic")
    parser.add_argument(
        "output", type=Path, metavar="OUTPUT", nargs="?",
        help="the picture: .png, .ppm, .bmp, .tif or .tiff (default: FILE.png)",
    )
    options.add_force(parser)
    options.add_program(parser, found="the one that made FILE")
    options.add_engine(parser)
    parser.set_defaults(run=run)


def run(args):
    from litelic.host.codec import container, pictures
    from litelic.host.codec.codec import open_file

    output = args.output or options.default_output(args.input, ".png")
    pictures.check_format(output)
    options.check_output(output, args.input, args.force)
    data = container.read(args.input)
    program, model_hash = options.load_program_of(container.unpack(data, args.input), args)
    started = time.monotonic()
    with Progress() as progress:
        # A bad file is told before a board is started.
        opened = open_file(program, model_hash, data, args.input, progress)
        with options.open_codec(args, program, model_hash, progress) as codec:
            (picture,) = codec.synthesise_all([opened])
    pictures.save(picture, output)
    print(f"{output}: {picture.width}x{picture.height}, {time.monotonic() - started:.1f} s")
