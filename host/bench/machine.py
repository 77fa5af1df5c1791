"""What the figures were taken with: the revision of the sources, the CPU of this machine."""

import platform
import subprocess
from pathlib import Path

from litelic.host.bench.places import checkout
from litelic.host.errors import LitelicError

# What cycles depend on. Results and pages change while they are written.
SOURCES = ("accel", "firmware", "host", "soc", "targets", "constraints.txt")


def revision(sources=SOURCES):
    """The commit of the sources, with a "+" when they differ from it; "unknown" without git."""
    try:
        folder = checkout()
        commit = _git(folder, "rev-parse", "--short=12", "HEAD")
        changes = _git(folder, "status", "--porcelain", "--", *sources)
    except (LitelicError, OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changes else "")


def _git(folder, *arguments):
    run = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True,
                         check=True)
    return run.stdout.strip()


def cpu_name(cpuinfo=Path("/proc/cpuinfo")):
    """The CPU's name as the system gives it."""
    try:
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
