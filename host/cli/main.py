"""`litelic`: finds the subcommand, and turns errors into messages and exit statuses.

Nothing heavy is imported here or at the top of a subcommand's file, so that `litelic --help` is
quick: each `run` imports what it needs.
"""

import argparse
import os
import sys

from litelic.host.cli import compile, decode, encode, info, train, verify
from litelic.host.errors import LitelicError

SUBCOMMANDS = (encode, decode, verify, info, compile, train)
EPILOG = """\
exit status: 0 success, 1 an error (told on the standard error) or a difference found by verify,
2 wrong usage, 130 interrupted. `litelic COMMAND --help` tells more.
"""
INTERRUPTED = 130
BROKEN_PIPE = 141  # what the shell shows for a program that SIGPIPE ended


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


def main(argv=None):
    """Run the command line `argv` (that of the process if None); returns the exit status."""
    try:
        args = build_parser().parse_args(argv)
        status = args.run(args) or 0
        sys.stdout.flush()
        return status
    except LitelicError as e:
        print(f"litelic: error: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("litelic: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone. Python flushes once more at exit: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


if __name__ == "__main__":
    sys.exit(main())
