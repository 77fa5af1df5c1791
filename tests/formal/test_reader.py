"""Proof of the reader: every address gets its data once, in order, and no data are lost."""

import litedram.frontend.dma
import pytest
from litedram.common import LiteDRAMNativePort

from litelic.accel.accelerator import Engine
from litelic.accel.config import ArrayConfig
from tests.formal.mutations import broken_claims, campaign, mutate
from tests.formal.properties import build
from tests.formal.reader import ReaderProof
from tests.formal.reader_mutations import READER
from tests.formal.statements import FRAMING

READERS = [(16, False), (64, True)]  # Depth, buffered: as the engine has them.
SMALL = 4


@pytest.mark.parametrize("data_width", [
    128, pytest.param(256, marks=pytest.mark.long), pytest.param(512, marks=pytest.mark.long),
])
@pytest.mark.parametrize("depth, buffered", READERS)
def test_proof(prover, depth, buffered, data_width):
    prover.proves(ReaderProof(depth, buffered, data_width))


def test_the_engine_has_the_readers_that_are_proven():
    def get_port(mode):
        return LiteDRAMNativePort(mode, 26, 128)

    engine, inside = build(Engine, ArrayConfig(), get_port)
    readers = (engine.descriptor_reader, engine.operand_reader, engine.weight_reader)
    fifos = [inside(reader, "fifo").fifo for reader in readers]
    assert {(fifo.depth, hasattr(fifo, "fifo")) for fifo in fifos} <= set(READERS)


@pytest.mark.parametrize("depth, buffered", [
    (SMALL, False), pytest.param(SMALL, True, marks=pytest.mark.long),
    pytest.param(16, False, marks=pytest.mark.long), pytest.param(16, True, marks=pytest.mark.long),
])
def test_covers(prover, depth, buffered):
    prover.reaches(ReaderProof(depth, buffered, data_width=16), 2 * depth + 8)


@pytest.mark.parametrize("assumption", ["one_word_a_command", "reset_until_nothing_is_owed"])
def test_assumption_is_needed(prover, assumption):
    claims = {"words_in_order", "no_word_is_kept_back"}
    prover.refutes(ReaderProof(16, False, 16, only=claims, without={assumption}), 8)


@pytest.mark.parametrize("buffered", [False, True])
@pytest.mark.parametrize("mutation", campaign(READER, quick=1))
def test_mutation_is_noticed(prover, mutation, buffered):
    reader = mutate(litedram.frontend.dma, mutation.changes).LiteDRAMDMAReader
    prover.refutes(ReaderProof(SMALL, buffered, 16, reader, only=mutation.breaks), 14)


@pytest.mark.long
@pytest.mark.parametrize("buffered", [False, True])
def test_the_unbroken_small_reader_is_proven(prover, buffered):
    """So it is the mutation that the others notice, not the size."""
    prover.proves(ReaderProof(SMALL, buffered, 16))


@pytest.mark.long
def test_every_statement_is_needed(prover):
    """But for the framing, which the engine does not use, and a zero that is zero anyway."""
    unneeded = (*FRAMING, "cmd_payload_we left out")
    found = prover.overlooks(
        litedram.frontend.dma.LiteDRAMDMAReader,
        lambda block: ReaderProof(SMALL, False, 16, block),
    )
    assert [place for place in found if not place.endswith(unneeded)] == []


def test_every_claim_is_broken_by_a_mutation():
    assert broken_claims(READER) == ReaderProof(16, False).claims
