"""Runs the solver and judges what it says."""

import re
from pathlib import Path

import pytest

from tests.formal.solver import missing_tools, solve
from tests.formal.statements import break_at, places

BUILD_FOLDER = Path(__file__).parents[2] / "build" / "formal"


class Prover:
    """Proofs in a folder, where their logs and traces stay for a look with a waveform viewer."""

    def __init__(self, folder):
        self.folder = folder

    def proves(self, harness):
        """Every claim holds, for ever: by induction over two cycles."""
        outcome = solve(harness, self.folder, "prove", 2)
        assert outcome.status == "PASS", self._told(outcome, f"fails: {sorted(outcome.failed)}")

    def reaches(self, harness, depth):
        """Every cover can come true within `depth` cycles."""
        outcome = solve(harness, self.folder, "cover", depth)
        unreached = harness.covers - outcome.reached
        assert outcome.status == "PASS" and not unreached, self._told(
            outcome, f"not reached: {sorted(unreached)}"
        )

    def refutes(self, harness, depth):
        """Each of the claims of `harness.only` fails within `depth` cycles after power-up."""
        outcome = solve(harness, self.folder, "bmc", depth)
        unnoticed = harness.only - outcome.failed
        assert outcome.status == "FAIL" and not unnoticed, self._told(
            outcome, f"does not notice: {sorted(unnoticed)}"
        )

    def overlooks(self, block, harness_of):
        """The places where the block can be broken without any claim or lemma failing."""
        found, names = [], []

        def named(*arguments, **keywords):
            module = block(*arguments, **keywords)
            names.extend(name for name, _ in places(module))
            return module

        harness_of(named)
        for place, name in enumerate(names):
            outcome = solve(harness_of(break_at(block, place)), self.folder, "prove", 2)
            assert outcome.status in ("PASS", "FAIL", "UNKNOWN"), self._told(outcome, name)
            if outcome.status == "PASS":
                found.append(name)
        return found

    def _told(self, outcome, what):
        return f"{outcome.status}, {what}; see {self.folder}\n{outcome.log[-4000:]}"


@pytest.fixture
def prover(request):
    missing = missing_tools()
    if missing:
        pytest.skip(
            f"formal proofs need {', '.join(missing)}: "
            "pip install -c constraints.txt -e '.[test]'"
        )
    name = re.sub(r"\W+", "_", f"{request.node.path.stem} {request.node.name}").strip("_")
    return Prover(BUILD_FOLDER / name)
