"""Proof of the descriptor queue and the fetcher: every entry is run and recorded once, in order."""

import pytest

from litelic.accel import fetch
from litelic.accel.accelerator import SETTLE_CYCLES
from tests.formal.fetcher import FetcherProof
from tests.formal.fetcher_mutations import QUEUE, READING, RECORDING, RUNNING
from tests.formal.mutations import broken_claims, campaign, mutate

MUTATIONS = [*RUNNING, *QUEUE, *READING, *RECORDING]
SMALL = 4  # Entries of a queue that shows a broken block soon, and words of a wide port likewise.
WIDE = 64


@pytest.mark.parametrize("port_bytes", [
    16, pytest.param(32, marks=pytest.mark.long), pytest.param(64, marks=pytest.mark.long),
])
@pytest.mark.parametrize("settle", [
    pytest.param(0, id="one-clock"),
    pytest.param(SETTLE_CYCLES, id="two-clocks", marks=pytest.mark.long),
])
def test_proof(prover, port_bytes, settle):
    prover.proves(FetcherProof(port_bytes, settle))


@pytest.mark.parametrize("port_bytes, depth", [
    (WIDE, SMALL), pytest.param(16, fetch.QUEUE_DEPTH, marks=pytest.mark.long),
])
def test_covers(prover, port_bytes, depth):
    block = mutate(fetch, (), QUEUE_DEPTH=depth).Fetcher
    prover.reaches(FetcherProof(port_bytes, 0, depth, block), 50)


@pytest.mark.parametrize("assumption", ["one_word_an_address"])
def test_assumption_is_needed(prover, assumption):
    prover.refutes(FetcherProof(WIDE, only={"takes_every_word"}, without={assumption}), 10)


@pytest.mark.parametrize("mutation", campaign(MUTATIONS, quick=1))
def test_mutation_is_noticed(prover, mutation):
    block = mutate(fetch, mutation.changes, QUEUE_DEPTH=SMALL).Fetcher
    prover.refutes(FetcherProof(WIDE, 2, SMALL, block, only=mutation.breaks), 22)


@pytest.mark.long
def test_the_unbroken_small_fetcher_is_proven(prover):
    """So it is the mutation that the others notice, not the size."""
    block = mutate(fetch, (), QUEUE_DEPTH=SMALL).Fetcher
    prover.proves(FetcherProof(WIDE, 2, SMALL, block))


@pytest.mark.long
def test_every_statement_is_needed(prover):
    block = mutate(fetch, (), QUEUE_DEPTH=SMALL).Fetcher
    assert prover.overlooks(block, lambda block: FetcherProof(WIDE, 2, SMALL, block)) == []


def test_every_claim_is_broken_by_a_mutation():
    assert broken_claims(MUTATIONS) == FetcherProof().claims
