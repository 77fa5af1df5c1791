"""Millions of requests by chance, with sanitizers: nothing breaks, and each is answered once."""

import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from litelic.host.link.protocol import ErrorCode, Request
from tests.firmware.build import BARE, GUARDED, SANITIZED, Variant, build
from tests.firmware.fuzzing import fuzz

REQUESTS = 1_000_000  # in the gate, of each variant
CAMPAIGN = 50_000_000
SECONDS = int(os.environ.get("LITELIC_FUZZ_SECONDS", "60"))  # of the fuzzer that is guided

SERVED_BY_HARDWARE = {Request.READ, Request.WRITE}
OF_PARTS = {Request.RUN, Request.REGISTER_READ, Request.REGISTER_WRITE}
ENDS = ("done", "stuck", "malformed", "cancelled")


def accepted(counts):
    return {kind for kind in Request if counts[f"answers_{kind.name}"]}


def refused(counts):
    return {code for code in ErrorCode if counts.get(f"error_{code}")}


@pytest.mark.parametrize("count", [
    REQUESTS, pytest.param(CAMPAIGN, marks=pytest.mark.long, id="campaign"),
])
@pytest.mark.parametrize("variant", [SANITIZED, GUARDED], ids=["open", "guarded"])
def test_fuzz(variant, seed, count):
    counts = fuzz(variant, seed, count)
    assert counts["inputs"] == count
    assert accepted(counts) == set(Request) - SERVED_BY_HARDWARE
    never = {ErrorCode.ACCELERATOR} | ({ErrorCode.DENIED} if variant is SANITIZED else set())
    assert refused(counts) == set(ErrorCode) - never
    # It is not superficial: sessions, windows and runs come about all the time.
    assert counts["windows"] > count // 50 and counts["runs"] > count // 50
    assert all(counts[f"runs_{end}"] > count // 2000 for end in ENDS)
    assert counts["texts"] > count // 50


def test_fuzz_without_accelerator_and_analyzer(seed):
    counts = fuzz(BARE, seed, REQUESTS)
    assert accepted(counts) == set(Request) - SERVED_BY_HARDWARE - OF_PARTS
    assert refused(counts) == set(ErrorCode) - {ErrorCode.FULL, ErrorCode.DENIED}
    assert counts["windows"] > REQUESTS // 50 and counts["runs"] == 0


def test_fuzz_is_the_same_for_the_same_seed(seed):
    assert fuzz(SANITIZED, seed, 5000) == fuzz(SANITIZED, seed, 5000)
    assert fuzz(SANITIZED, seed, 5000) != fuzz(SANITIZED, seed + 1, 5000)


# Guided by coverage -------------------------------------------------------------------------------

GUIDED = Variant(
    compiler="clang",
    # Clang does not know one of GCC's pragmas in the firmware.
    options=("-fsanitize=fuzzer-no-link,address,undefined", "-fno-sanitize-recover=all",
             "-Wno-unknown-pragmas"),
    link=("-fsanitize=fuzzer",),
)


def _has_libfuzzer(folder):
    (folder / "empty.c").write_text(
        "int LLVMFuzzerTestOneInput(const char *data, long size);\n"
        "int LLVMFuzzerTestOneInput(const char *data, long size) { return !data || !size; }\n")
    command = ["clang", "-fsanitize=fuzzer,address,undefined", "empty.c", "-o", "empty"]
    return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("defines", [(), ("SECRET",), ("BARE",)], ids=["open", "guarded", "bare"])
def test_guided_fuzz(tmp_path, seed, defines):
    """LITELIC_FUZZ_SECONDS says for how long. What it has learned is kept under build/."""
    if not shutil.which("clang") or not _has_libfuzzer(tmp_path):
        pytest.skip("needs the Debian packages clang and libclang-rt-14-dev")
    program = build("fuzzer", replace(GUIDED, defines=defines))
    corpus = program.parents[1] / ("corpus-" + "-".join(("fuzzer", *defines)))
    corpus.mkdir(exist_ok=True)
    run = subprocess.run(
        [program, corpus, f"-max_total_time={SECONDS}", f"-seed={seed or 1}", "-max_len=4096",
         "-timeout=20", "-print_final_stats=1", f"-artifact_prefix={program.parent}/"],
        capture_output=True, text=True)
    print(run.stderr[-3000:])
    assert run.returncode == 0, f"{program}\n{run.stderr[-6000:]}"
