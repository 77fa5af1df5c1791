"""The page agrees with the rows, and its tables say what the rows say."""

import pytest

from litelic.host.area import page, results, tables
from litelic.host.bench import page as bench_page
from litelic.host.bench.places import page_file
from tests.host.area.rows import place_row, synthesis_row


def lines(table):
    """The rows of a Markdown table as {title: text}."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [dict(zip(cells[0], row)) for row in cells[2:]]


def goal(rows, text):
    """(measured, reached) of the goal that has `text`."""
    found, = [line for line in lines(tables.goals(rows)) if text in line["goal"]]
    return found["measured"], found["reached"]


def test_the_page_agrees_with_the_rows():
    text = page_file().read_text()
    rendered = bench_page.render(text, results.load(page.results_file()), page.TABLES)
    assert rendered == text, "run python -m litelic.host.area.page"


def test_area_leaves_other_tables_alone(tmp_path):
    copy = tmp_path / "performance.md"
    copy.write_text(page_file().read_text())
    page.update([synthesis_row()], copy)
    assert "13,927" not in copy.read_text() and "21,819" in copy.read_text()
    page.update(results.load(page.results_file()), copy)
    assert copy.read_text() == page_file().read_text()


def test_area():
    found, = lines(tables.area([synthesis_row(), place_row()]))
    assert found["LUTs"] == "21,819" and found["LUTs a MAC"] == "170.5"
    assert found["DSPs"] == "149" and found["DSPs a MAC"] == "1.16"
    assert found["port"] == "128 bits" and found["family"] == "ECP5"


@pytest.mark.parametrize("family, cell, macs, dsps, reached", (
    ("ecp5", "MULT18X18D", "ECP5: DSPs = MACs", 128, "yes"),
    ("ecp5", "MULT18X18D", "ECP5: DSPs = MACs", 149, "**no**"),
    ("artix7", "DSP48E1", "Artix-7: DSPs = 0.5 x MACs", 64, "yes"),
    ("artix7", "DSP48E1", "Artix-7: DSPs = 0.5 x MACs", 128, "**no**"),
))
def test_the_goal_of_dsps(family, cell, macs, dsps, reached):
    rows = [synthesis_row("4x4x8", family, **{cell: dsps})]
    assert goal(rows, macs) == (f"{dsps} for 128", reached)
    rows.append(synthesis_row("4x4x16", family, **{cell: 7}))
    assert goal(rows, macs) == (f"{dsps} for 128, 7 for 256", "**no**")


def test_the_goal_of_luts():
    small, large = synthesis_row("4x4x8", LUT4=1280), synthesis_row("4x4x16", LUT4=2304)
    text = "ECP5: LUTs a MAC fall"
    assert goal([small, large], text) == ("10.0 at 128, 9.0 at 256", "yes")
    assert goal([small], text) == ("10.0 at 128", "**no**")
    equal = synthesis_row("4x4x16", LUT4=2560)
    assert goal([small, equal], text)[1] == "**no**"
    measured, reached = goal([small, large | {"revision": "later"}], text)
    assert reached == "**no**" and measured.endswith("(of different revisions or tools)")


def test_the_goal_of_clocks():
    text = "grade 8, 4x4x8: array clock of 150 MHz"
    rows = [place_row(seed, mhz=mhz) for seed, mhz in ((1, 200.0), (2, 151.0), (3, 100.0))]
    assert goal(rows, text) == ("151 MHz, 3 seeds", "yes")
    assert goal(rows[:2], text) == ("175 MHz, 2 seeds", "**no**")
    assert goal([*rows[:2], place_row(3, mhz=100.0) | {"revision": "later"}], text)[1] == "**no**"
    assert goal([*rows[1:], place_row(4, mhz=149.0)], text) == ("149 MHz, 3 seeds", "**no**")
    assert goal(rows, "grade 6, 4x4x8") == ("not measured", "")
    assert goal([row | {"router": "router2"} for row in rows], text) == ("not measured", "")


def test_timing_has_a_line_for_all_seeds():
    rows = [place_row(1), place_row(2, mhz=140.0), place_row(3, mhz=141.0), place_row(1, grade=6)]
    first, second = lines(tables.timing(rows))
    assert first["seeds"] == "1, 2, 3" and first["median"] == "140 MHz"
    assert first["array clock, each seed"] == "120, 140, 141"
    assert first["asked, array / bus"] == "150 / 75" and first["bus clock, median"] == "80 MHz"
    assert second["device"] == "LFE5U-85F-6CABGA381"


def test_without_rows_the_page_says_so():
    for make in (tables.area, tables.timing, tables.commands):
        assert make([]) == tables.NONE_YET
    assert {line["measured"] for line in lines(tables.goals([]))} == {"not measured"}
