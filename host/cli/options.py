"""Options that several subcommands share, and what they mean."""

import argparse
import os
from pathlib import Path

from litelic.host import models
from litelic.host.errors import LitelicError
from litelic.host.link.protocol import BAUDRATE


def whole_number(lowest, highest=None):
    """A type for argparse: integers `lowest`..`highest`."""

    def parse(text):
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < lowest or (highest is not None and value > highest):
            limits = f"from {lowest} " + ("on" if highest is None else f"to {highest}")
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {limits}")
        return value

    return parse


def size(text):
    """A type for argparse: (width, height) of a picture, `64x48`."""
    try:
        width, height = (int(side) for side in text.lower().split("x"))
    except ValueError:
        width = height = 0
    if not (1 <= width <= 4096 and 1 <= height <= 4096):
        raise argparse.ArgumentTypeError(f"{text!r} is not WxH, like 64x48, with sides 1..4096")
    return width, height


def positive_number(text):
    """A type for argparse: finite numbers above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def fraction(text):
    """A type for argparse: numbers 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def word(text):
    """A type for argparse: text that can be printed, and is not empty."""
    if not text.strip() or not text.isprintable() or len(text) > 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is empty, too long or cannot be printed")
    return text


def add_program(parser, found=None):
    """Add --program and --quality; `found` says which model is taken without either."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--program", type=Path, metavar="FILE", help="the compiled model, a .licp file",
    )
    group.add_argument(
        "--quality", type=whole_number(models.QUALITIES[0], models.QUALITIES[-1]), metavar="Q",
        help=f"one of the models that come with LiteLIC, {models.QUALITIES[0]} (smallest files) to "
        f"{models.QUALITIES[-1]} (default: {found or models.DEFAULT_QUALITY})",
    )


def add_engine(parser, golden=True, required=True):
    """Add the options that say who computes: exactly one of them must be given."""
    group = parser.add_argument_group("where the network runs")
    group.add_argument(
        "--baudrate", type=whole_number(1, 100_000_000), default=BAUDRATE, metavar="N",
        help="speed of the serial port (default: %(default)s)",
    )
    group.add_argument(
        "--take-over", action="store_true", help="end the session of another host with the board",
    )
    group.add_argument(
        "--secret-file", type=Path, metavar="FILE",
        help="holds the words that the board was built with (default: those in the environment "
        "variable LITELIC_SECRET)",
    )
    group = group.add_mutually_exclusive_group(required=required)
    group.add_argument(
        "--port", type=word, metavar="URL",
        help="a board: /dev/ttyUSB0, COM3, udp://HOST or socket://HOST:PORT"
    )
    group.add_argument("--sim", action="store_true", help="a board in the simulator, started now")
    if golden:
        group.add_argument(
            "--golden", action="store_true", help="on this computer, without a board: same bytes"
        )
    else:
        parser.set_defaults(golden=False)


def access(args):
    """The `Access` that the options of `add_engine` ask for."""
    from litelic.host.link import secret
    from litelic.host.link.access import Access

    words = {"secret": secret.from_file(args.secret_file)} if args.secret_file else {}
    return Access(args.baudrate, args.take_over, **words)


def add_flatten(parser):
    parser.add_argument(
        "--flatten", metavar="COLOUR",
        help="the colour behind a transparent picture: white, '#102030' "
        "(default: transparent pictures are refused)",
    )


def add_force(parser):
    parser.add_argument(
        "-f", "--force", action="store_true",
        help="write over OUTPUT if it exists (otherwise that is an error)",
    )


def load_program(args):
    """Return (Program, model hash) of --program or of the model that comes with LiteLIC."""
    from litelic.host.api import load_program

    return load_program(args.program, args.quality)


def load_program_of(lic, args):
    """Return (Program, model hash) of --program, --quality, or of the model of LiteLIC's own that
    made the file `lic` (a `LicFile`); the default one if none did."""
    from litelic.host import api

    if args.program is None and args.quality is None:
        for quality in models.QUALITIES:
            program, model_hash = api.load_program(quality=quality)
            if model_hash.startswith(lic.model):
                return program, model_hash
    return load_program(args)


def open_engine(args, program, progress):
    """A context that gives the engine which --port, --sim or --golden asks for."""
    from litelic.host import engines

    return engines.open_engine(
        program, port=args.port, sim=args.sim, golden=args.golden, progress=progress,
        access=access(args),
    )


def open_codec(args, program, model_hash, progress):
    """The `api.Codec` of a program, on what --port, --sim or --golden asks for."""
    from litelic.host.api import Codec

    return Codec(
        program, model_hash, progress, port=args.port, sim=args.sim, golden=args.golden,
        access=access(args),
    )


def default_output(source, suffix):
    """`source` with another ending."""
    if not source.name:
        raise LitelicError(f"{source} is a folder; name a file")
    return source.with_suffix(suffix)


def check_place(output):
    """Raise `LitelicError` where the file `output` cannot be: before the work, not after it."""
    if output.is_dir():
        raise LitelicError(f"{output} is a folder; name a file in it")
    if not output.parent.is_dir():
        raise LitelicError(f"there is no folder {output.parent}; make it first")
    if not os.access(output.parent, os.W_OK):
        raise LitelicError(f"you may not write to the folder {output.parent}; name another")


def check_output(output, source, force):
    """Raise `LitelicError` where `output` must not be written: before the work, not after it."""
    check_place(output)
    if not output.exists():
        return
    if source.exists() and output.samefile(source):
        raise LitelicError(f"{output} is the input; name another output")
    if not force:
        raise LitelicError(f"{output} exists; name another output, or add --force to replace it")
