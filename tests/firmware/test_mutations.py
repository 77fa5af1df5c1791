"""The fuzzer and the rules find faults that are put into the firmware."""

import shutil
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings

from tests.firmware.bench import SECRET, Firmware
from tests.firmware.build import FIRMWARE, GUARDED, SANITIZED
from tests.firmware.fuzzing import fuzz
from tests.firmware.histories import COMMANDS, check
from tests.firmware.mutations import MUTATIONS

REQUESTS = 300_000

pytestmark = pytest.mark.long


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation(mutation, tmp_path, seed):
    folder = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, folder)
    source = folder / mutation.file
    text = source.read_text()
    assert text.count(mutation.old) == 1, "the firmware has changed: adapt the mutation"
    source.write_text(text.replace(mutation.old, mutation.new))
    # Keys are by chance in builds with a secret, where two may be the same.
    base = GUARDED if mutation.file == "secret.c" else SANITIZED
    variant = replace(base, firmware=folder, options=(*base.options, "-Wno-error"))
    with pytest.raises((AssertionError, ExceptionGroup)):
        {"fuzz": by_fuzz, "rules": by_rules}[mutation.by](variant, seed)


def by_fuzz(variant, seed):
    fuzz(variant, seed, REQUESTS)


def by_rules(variant, seed):
    with Firmware(variant) as firmware:
        firmware.registers = {}
        firmware.secret = SECRET if "SECRET" in variant.defines else None

        @settings(phases=[Phase.generate], max_examples=1000, database=None)
        @given(COMMANDS)
        def attempt(commands):
            check(firmware, commands, True)

        attempt()


def test_without_a_mutation(tmp_path, seed):
    folder = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, folder)
    variant = replace(GUARDED, firmware=folder)
    by_fuzz(variant, seed)
    by_rules(variant, seed)
