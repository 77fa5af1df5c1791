"""Options that several subcommands share, and what they mean."""

from pathlib import Path

from litelic.host.errors import LitelicError


def add_program(parser):
    parser.add_argument(
        "--program", type=Path, metavar="FILE",
        help="the compiled model, a .licp file (default: the model that comes with LiteLIC)",
    )


def add_engine(parser, golden=True, required=True):
    """Add the options that say who computes: exactly one of them must be given."""
    group = parser.add_argument_group("where the network runs").add_mutually_exclusive_group(
        required=required
    )
    group.add_argument(
        "--port", metavar="URL", help="a board: /dev/ttyUSB0, COM3 or socket://HOST:PORT"
    )
    group.add_argument("--sim", action="store_true", help="a board in the simulator, started now")
    if golden:
        group.add_argument(
            "--golden", action="store_true", help="on this computer, without a board: same bytes"
        )
    else:
        parser.set_defaults(golden=False)


def add_force(parser):
    parser.add_argument(
        "-f", "--force", action="store_true",
        help="write over OUTPUT if it exists (otherwise that is an error)",
    )


def load_program(args):
    """Return (Program, model hash) of --program or of the model that comes with LiteLIC."""
    from litelic.host.program import file

    if args.program is not None:
        return file.load_program(args.program)
    with default_program() as path:
        return file.load_program(path)


def default_program():
    """A context that gives the path of the packaged model."""
    from importlib.resources import as_file, files

    try:
        resource = files("litelic.host.models") / "default.licp"
    except ModuleNotFoundError:
        resource = None
    if resource is None or not resource.is_file():
        raise LitelicError("this installation has no default model; name one with --program FILE")
    return as_file(resource)


def open_engine(args, program, progress):
    """A context that gives the engine which --port, --sim or --golden asks for."""
    from litelic.host import engines

    return engines.open_engine(
        program, port=args.port, sim=args.sim, golden=args.golden, progress=progress
    )


def default_output(source, suffix):
    """`source` with another ending."""
    if not source.name:
        raise LitelicError(f"{source} is a folder; name a file")
    return source.with_suffix(suffix)


def check_output(output, source, force):
    """Raise `LitelicError` where `output` must not be written: before the work, not after it."""
    if output.is_dir():
        raise LitelicError(f"{output} is a folder; name a file in it")
    if not output.parent.is_dir():
        raise LitelicError(f"there is no folder {output.parent}; make it first")
    if not output.exists():
        return
    if source.exists() and output.samefile(source):
        raise LitelicError(f"{output} is the input; name another output")
    if not force:
        raise LitelicError(f"{output} exists; name another output, or add --force to replace it")
