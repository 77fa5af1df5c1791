"""Program files of hyperpriors, and of all that their layers brought."""

from dataclasses import replace

import pytest

from litelic.host.errors import LitelicError
from litelic.host.program.file import load_program, program_bytes, save_program
from tests.host.codec.models import hyper_program
from tests.host.program.test_file import make_program, put, refuse, repack, same


@pytest.mark.parametrize("means", (False, True))
@pytest.mark.parametrize("bits", (8, 16))
def test_hyperpriors(tmp_path, means, bits):
    """They need version 4, and so do pairs, slopes, shuffles and gates."""
    program, path = hyper_program(1, means, bits), tmp_path / "hyper.licp"
    save_program(program, path)
    data = path.read_bytes()
    loaded, _ = load_program(path)
    assert same(loaded, program) and data[12:16] == b"\4\0\0\0"
    assert list(loaded.networks) == ["analysis", "hyper_analysis", "hyper_synthesis", "synthesis"]
    assert program_bytes(loaded) == data
    refuse(path, data[:12] + b"\3" + data[13:], "version 3 is not the one it needs")


@pytest.mark.parametrize("change", [
    {"negative_slope": 655}, {"input": "magnitude"},
])
def test_what_came_with_hyperpriors_needs_their_version(change):
    program = make_program()
    last = replace(program.analysis[1], **change)
    if "input" in change:
        first = replace(program.analysis[0], output="int16")
        program = replace(program, analysis=[first, last])
    else:
        program = replace(program, analysis=[program.analysis[0], last])
    assert program_bytes(program)[12:16] == b"\4\0\0\0"


def of_version_4(data):
    return data[:12] + b"\4" + data[13:]


HOSTILE_4 = {
    "a source that is left out": put("hyperprior", "analysis", 1, "sources", [0]),
    "a source that is to come": put("hyperprior", "analysis", 2, "sources", [0, 2]),
    "a source before the input": put("hyperprior", "analysis", 2, "sources", [-2, 1]),
    "a pair of one map": put("hyperprior", "analysis", 2, "sources", [1, 1]),
    "a pair of the map before": put("hyperprior", "analysis", 2, "sources", [1]),
    "a pair without sources": put("hyperprior", "analysis", 2, "sources", None),
    "sources of a number": put("hyperprior", "analysis", 2, "sources", 7),
    "a source of text": put("hyperprior", "analysis", 2, "sources", ["0", 1]),
    "a slope beyond 1": put("hyperprior", "analysis", 0, "negative_slope", 65537),
    "a slope that is left out": put("hyperprior", "analysis", 0, "negative_slope", 65536),
    "a shuffle by 3": put("hyperprior", "synthesis", 0, "shuffle", 3),
    "a shuffle that is left out": put("hyperprior", "analysis", 0, "shuffle", 1),
    "a hyperprior of nothing": put("hyperprior", {}),
    "a hyperprior without networks": put("hyperprior", "analysis", []),
    "hyper latents of bytes": put("hyperprior", "analysis", 3, "output", "int8"),
    "a picture of magnitudes": put("analysis", 0, "input", "magnitude"),
    "thresholds that are tables": put("hyperprior", "thresholds", 0),
    "maps larger than the picture": put("hyperprior", "synthesis", 0, "shuffle", 4),
    "an analysis that is shuffled": put("hyperprior", "analysis", 0, "shuffle", 2),
}


@pytest.mark.parametrize("name", HOSTILE_4)
def test_hostile_hyperpriors(tmp_path, name):
    path = tmp_path / "hyper.licp"
    data = program_bytes(hyper_program(1))
    path.write_bytes(of_version_4(repack(data, lambda d: d)))
    load_program(path)
    refuse(path, of_version_4(repack(data, HOSTILE_4[name])), "makes no sense")


def test_thresholds_must_rise_and_be_one_less_than_tables():
    program = hyper_program(1)
    hyper = program.hyperprior
    for thresholds in (hyper.thresholds[::-1], hyper.thresholds[:-1], hyper.thresholds * 0):
        with pytest.raises(LitelicError, match="thresholds of scales must rise"):
            replace(program, hyperprior=replace(hyper, thresholds=thresholds.copy()))
