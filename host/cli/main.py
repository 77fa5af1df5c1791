"""`litelic`: finds the subcommand and runs it.

Nothing heavy is imported here or at the top of a subcommand's file, so that `litelic --help` is
quick: each `run` imports what it needs.
"""

import argparse
import sys

from litelic.host.cli import (
    bench_link,
    compile,
    decode,
    devices,
    encode,
    evaluate,
    finetune,
    info,
    stream,
    train,
    verify,
)
from litelic.host.cli.status import exit_status

SUBCOMMANDS = (
    encode, decode, stream, verify, info, devices, bench_link, compile, train, finetune, evaluate,
)
EPILOG = """\
exit status: 0 success, 1 an error (told on the standard error) or a difference found by verify,
2 wrong usage, 130 interrupted. `litelic COMMAND --help` tells more.
"""


def build_parser():
    """Return the parser of the whole command line; `args.run(args)` then runs the subcommand."""
    parser = argparse.ArgumentParser(
        prog="litelic", description="A learned picture codec that runs in an FPGA.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=ShowVersion, nargs=0, help="show the version and exit")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in SUBCOMMANDS:
        module.add_parser(subparsers)
    return parser


class ShowVersion(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser, namespace, values, option_string=None):
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"litelic {version('litelic')}")
        except PackageNotFoundError:
            print("litelic, run from its sources")
        parser.exit()


@exit_status
def main(argv=None):
    """Run the command line `argv` (that of the process if None); returns the exit status."""
    args = build_parser().parse_args(argv)
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
