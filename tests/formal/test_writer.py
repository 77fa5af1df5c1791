"""Proof of the writer: all that is accepted is written once, at its place, in order."""

import pytest

from litelic.accel import dma
from tests.formal.beats import BeatProof
from tests.formal.mutations import broken_claims, campaign, mutate
from tests.formal.statements import FRAMING
from tests.formal.writer import WriterProof
from tests.formal.writer_mutations import BEATS, MASKED

SMALL = 4  # Words of a FIFO that shows a broken block soon.
HASTY = 2  # Cycles of patience, likewise.


def small_beat_writer(*changes):
    module = mutate(dma, [*changes, ("fifo_depth=32", f"fifo_depth={SMALL}")])
    return lambda port: module.BeatWriter(port, patience=HASTY)


def test_proof_of_masked_writer(prover):
    prover.proves(WriterProof())


@pytest.mark.parametrize("data_width", [
    128, pytest.param(256, marks=pytest.mark.long), pytest.param(512, marks=pytest.mark.long),
])
def test_proof_of_beat_writer(prover, data_width):
    prover.proves(BeatProof(data_width))


@pytest.mark.parametrize("depth", [SMALL, pytest.param(32, marks=pytest.mark.long)])
def test_covers_of_masked_writer(prover, depth):
    prover.reaches(WriterProof(16, depth, lambda port: dma.MaskedWriter(port, depth)), depth + 8)


@pytest.mark.long
def test_covers_of_beat_writer(prover):
    prover.reaches(BeatProof(256, SMALL, HASTY, small_beat_writer()), 20)


@pytest.mark.parametrize("assumption", ["one_word_a_command", "reset_until_nothing_is_owed"])
def test_assumption_is_needed(prover, assumption):
    claims = {"words_in_order", "word_is_there_when_taken"}
    prover.refutes(WriterProof(16, only=claims, without={assumption}), 8)


@pytest.mark.parametrize("mutation", campaign(MASKED, quick=1))
def test_mutation_of_masked_writer_is_noticed(prover, mutation):
    writer = mutate(dma, mutation.changes).MaskedWriter
    prover.refutes(WriterProof(
        16, SMALL, lambda port: writer(port, fifo_depth=SMALL), only=mutation.breaks
    ), 12)


@pytest.mark.parametrize("mutation", campaign(BEATS, quick=1))
def test_mutation_of_beat_writer_is_noticed(prover, mutation):
    block = small_beat_writer(*mutation.changes)
    prover.refutes(BeatProof(256, SMALL, HASTY, block, only=mutation.breaks), 8)


def test_the_unbroken_small_writer_is_proven(prover):
    """So it is the mutation that the others notice, not the size."""
    prover.proves(BeatProof(256, SMALL, HASTY, small_beat_writer()))


@pytest.mark.long
def test_every_statement_of_masked_writer_is_needed(prover):
    assert prover.overlooks(
        lambda port: dma.MaskedWriter(port, SMALL), lambda block: WriterProof(16, SMALL, block)
    ) == []


@pytest.mark.long
@pytest.mark.parametrize("data_width", [128, 256])
def test_every_statement_of_beat_writer_is_needed(prover, data_width):
    found = prover.overlooks(
        small_beat_writer(), lambda block: BeatProof(data_width, SMALL, HASTY, block)
    )
    assert [place for place in found if not place.endswith(FRAMING)] == []


def test_every_claim_is_broken_by_a_mutation():
    assert broken_claims(MASKED) == WriterProof().claims
    assert broken_claims(MASKED + BEATS) == BeatProof().claims
