"""Rows are kept only where their figures fit together."""

import pytest

from litelic.host.area import page, results
from litelic.host.errors import LitelicError
from tests.host.area.rows import place_row, synthesis_row


def test_the_kept_rows_are_consistent():
    rows = results.load(page.results_file())
    keys = [results.key_of(row) for row in rows]
    assert keys == sorted(keys, key=lambda key: (key[0] != "synthesis", key))


def test_rows_are_replaced_and_ordered(tmp_path):
    path = tmp_path / "area.json"
    assert results.load(path) == []
    small, large = synthesis_row("4x4x2", LUT4=1), synthesis_row("4x4x16")
    for row in (place_row(2), large, place_row(1), small):
        results.store(path, row)
    assert results.load(path) == [small, large, place_row(1), place_row(2)]
    better = synthesis_row("4x4x16", LUT4=9)
    assert results.store(path, better) == [small, better, place_row(1), place_row(2)]


@pytest.mark.parametrize("change, message", (
    ({"luts": 1}, "luts do not add up to the cells"),
    ({"dsps": 150}, "dsps do not add up"),
    ({"macs": 64}, "the MACs are not the array's"),
    ({"array": "4x4x4"}, "the array is not its parameters'"),
    ({"port_bytes": 32}, "port_bytes differ"),
))
def test_figures_that_do_not_fit_are_refused(tmp_path, change, message):
    with pytest.raises(LitelicError, match=message):
        results.store(tmp_path / "area.json", synthesis_row() | change)


def test_incomplete_rows_are_refused():
    row = synthesis_row()
    del row["cells"]
    with pytest.raises(LitelicError, match="lacks .'cells'.; measure the row again"):
        results.check(row)
    with pytest.raises(LitelicError, match="wrong reached_mhz"):
        results.check(place_row() | {"reached_mhz": {"array_clk": 1.0}})


@pytest.mark.parametrize("content", ("nonsense", "[1]", '[{"kind": "other"}]'))
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "area.json"
    path.write_text(content)
    with pytest.raises(LitelicError, match="does not hold rows of area"):
        results.load(path)


def test_a_row_twice_is_refused(tmp_path):
    path = tmp_path / "area.json"
    results.store(path, synthesis_row())
    text = path.read_text().strip()
    path.write_text(f"{text[:-1]}, {text[1:]}")
    with pytest.raises(LitelicError, match="a row twice"):
        results.load(path)
