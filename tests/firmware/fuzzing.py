"""Runs host/fuzz.c."""

import subprocess

from tests.firmware.build import build


def fuzz(variant, seed, count):
    """The counts that host/fuzz.c prints; what it finds is in the failure, and how to repeat it."""
    program = build("fuzz", variant)
    run = subprocess.run([program, str(seed), str(count)], capture_output=True, text=True)
    assert run.returncode == 0, f"{program}\n{run.stderr[-6000:]}"
    counts = dict(line.split("=") for line in run.stdout.splitlines())
    return {name: int(value) for name, value in counts.items()}
