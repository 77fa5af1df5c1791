"""Errors become messages and exit statuses, the same for every command of LiteLIC."""

import functools
import os
import sys

from litelic.host.errors import LitelicError

ERROR = 1
INTERRUPTED = 130
BROKEN_PIPE = 141  # what the shell shows for a program that SIGPIPE ended


def exit_status(function):
    """Make a command's `main` return its exit status whatever happens in it.

    Its own None is 0. What a user can meet is told on the standard error in a line: a
    `LitelicError`, too little memory, an interruption, an output that cannot be written.
    """

    @functools.wraps(function)
    def main(*args, **kwargs):
        try:
            try:
                status = function(*args, **kwargs) or 0
            except SystemExit:  # of argparse, which may have printed its help
                _flush()
                raise
            _flush()
            return status
        except LitelicError as e:
            return _tell(f"error: {e}", ERROR)
        except MemoryError:
            return _tell(
                "error: this computer has not enough memory for that; "
                "take a smaller picture or model, or end other programs", ERROR,
            )
        except KeyboardInterrupt:
            return _tell("interrupted", INTERRUPTED)
        except BrokenPipeError:  # the reader has gone, and needs no message
            _abandon_output()
            return BROKEN_PIPE
        except OSError as e:
            _abandon_output()
            where = e.filename or "the standard output"
            return _tell(f"error: cannot read or write {where}: {e.strerror or e}", ERROR)

    return main


def _tell(text, status):
    print(f"litelic: {text}", file=sys.stderr)
    return status


def _flush():
    if sys.stdout is not None:
        sys.stdout.flush()


def _abandon_output():
    """Python flushes once more at exit: let what cannot be written go nowhere."""
    try:
        _flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
