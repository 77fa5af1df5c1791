"""The results' file: what is in it fits together, and an interruption loses one row at most."""

import copy
import json

import pytest

from litelic.host.bench import results
from litelic.host.bench.places import results_file
from litelic.host.errors import LitelicError


def change(entry, path, value):
    """A copy of `entry` with the number at `path` (names and numbers) changed by `value`."""
    changed = copy.deepcopy(entry)
    part = changed
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] += value
    return changed


@pytest.mark.parametrize(("path", "value", "message"), [
    (["utilisation"], 0.01, "the row: wrong utilisation"),
    (["cycles"], 1, "cycles do not add up"),
    (["macs"], 1, "MACs do not add up"),
    (["frames_per_s"], 1, "frames_per_s is not its clock's"),
    (["dram_bytes"], 1, "dram_bytes does not add up"),
    (["dram_minimum"], 1, "dram_minimum does not add up"),
    (["layers", 0, "utilisation"], 0.01, "layer g_a.0: wrong utilisation"),
    (["layers", 0, "busy"], -1, "layer g_a.0: causes do not add up"),
    (["layers", 1, "stalls", "fetch"], 1, "layer g_a.2: causes do not add up"),
    (["layers", 1, "dram", "weights"], 16, "dram_bytes does not add up"),
])
def test_figures_that_do_not_fit_are_refused(entries, path, value, message):
    with pytest.raises(LitelicError, match=f"results of small encoder 16 8 4x4x8 .*: {message}"):
        results.check(change(entries[0], path, value))


@pytest.mark.parametrize("path", (["revision"], ["float_pytorch"], ["layers", 0, "stalls"]))
def test_every_field_must_be_there(entries, path):
    lacking = copy.deepcopy(entries[0])
    part = lacking
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    with pytest.raises(LitelicError, match=f"lacks .*{path[-1]}"):
        results.check(lacking)


def test_more_macs_than_the_array_can_do_are_refused(entries):
    entry = copy.deepcopy(entries[0])
    layer = entry["layers"][0]
    excess = layer["busy"] * 128 + 1 - layer["macs"]
    for part in (layer, entry):
        part["macs"] += excess
        part["utilisation"] = part["macs"] / (part["cycles"] * 128)
    with pytest.raises(LitelicError, match="layer g_a.0: more MACs than busy"):
        results.check(entry)


def test_rows_are_merged_in_order(tmp_path, entries):
    path = tmp_path / "engine.json"
    order = [results.key_of(entry) for entry in entries[1:]]
    for entry in reversed(entries):
        results.store(path, entry, order)
    stored = results.load(path)
    assert stored == [*entries[1:], entries[0]]  # what is not in the order comes last
    again = entries[1] | {"revision": "other"}
    results.store(path, again, order)
    assert results.load(path) == [again, *entries[2:], entries[0]]


def test_a_row_that_is_refused_leaves_the_file_alone(tmp_path, entries):
    path = tmp_path / "engine.json"
    results.store(path, entries[0])
    before = path.read_bytes()
    with pytest.raises(LitelicError):
        results.store(path, change(entries[1], ["cycles"], 1))
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ("", "{", "[1]", "{}x", '[{"model": "x"}]', "5", '{"a": 1}'))
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = tmp_path / "engine.json"
    path.write_text(content)
    with pytest.raises(LitelicError):
        results.load(path)


def test_a_row_that_is_there_twice_is_refused(tmp_path, entries):
    path = tmp_path / "engine.json"
    path.write_text(json.dumps([entries[0], entries[0]]))
    with pytest.raises(LitelicError, match="has a row twice"):
        results.load(path)


def test_the_repositorys_rows_are_consistent_and_exact():
    entries = results.load(results_file())  # checks each
    assert all(entry["bit_exact"] for entry in entries)


@pytest.mark.parametrize("array, peak", [("4x4x8", 128), ("4x8x4,epilogue=2", 128), ("8x6x2", 96)])
def test_the_peak_is_the_shape_s(array, peak):
    """Whatever other parameters an array is given."""
    assert results.peak_of({"array": array}) == peak
