"""The firmware's own printf says what everybody's says."""

import subprocess

from tests.firmware.build import build


def test_against_the_build_machines(seed):
    program = build("printf")
    run = subprocess.run([program, str(seed), "200000"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
