"""The page: it agrees with the results, and its tables say what the entries say."""

import pytest

from litelic.host.bench import page, results, tables
from litelic.host.bench.places import page_file, results_file
from litelic.host.bench.rows import WIDE_1024
from litelic.host.errors import LitelicError


def cells(table):
    """The rows of a Markdown table as lists of texts, titles first."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if set("".join(row)) - set("-:")]


def test_the_page_agrees_with_the_results():
    text = page_file().read_text()
    assert page.render(text, results.load(results_file())) == text, (
        "run python -m litelic.host.bench.page"
    )


def test_rendering_replaces_tables_and_nothing_else(entries):
    text = page_file().read_text()
    filled = page.render(text, entries)
    assert filled != text and page.render(filled, entries) == filled
    assert page.render(filled, []) == page.render(text, [])
    outside = [part.split("-->")[-1] for part in filled.split("<!-- ")[::2]]
    assert outside == [part.split("-->")[-1] for part in text.split("<!-- ")[::2]]


def test_a_page_without_its_comments_is_refused(tmp_path, entries):
    text = page_file().read_text()
    for broken in (text.replace("<!-- table demo -->", ""), text + text):
        with pytest.raises(LitelicError, match="one pair of comments <!-- table"):
            page.render(broken, entries)
    with pytest.raises(LitelicError, match="take it from the repository"):
        page.update(entries, tmp_path / "missing.md")


def test_update_writes_the_page(tmp_path, entries):
    copy = tmp_path / "performance.md"
    copy.write_text(page_file().read_text())
    page.update(entries, copy)
    assert copy.read_text() == page.render(page_file().read_text(), entries)


def test_codecs(entries):
    entry = entries[0] | {"float_pytorch": None, "bit_exact": False}
    titles, first, second = cells(tables.codecs([entry, entries[1]]))
    values = dict(zip(titles, first))
    assert values["cycles"].replace(",", "") == str(entry["cycles"])
    assert values["utilisation"] == f"{100 * entry['utilisation']:.1f} %"
    assert float(values["GOP/s"]) == pytest.approx(
        2 * entry["macs"] / (entry["cycles"] / 1e8) / 1e9, abs=0.05)
    share = 2 * entry["macs"] / entry["cycles"] / 128
    assert values["a DSP and GHz: ECP5, 7-series"] == f"{share:.2f}, {2 * share:.2f}"
    assert values["float PyTorch"] == "not measured" and values["golden bytes"] == "**no**"
    assert dict(zip(titles, second))["float PyTorch"] == "0.5 s"
    assert tables.machines(entries) == "- A CPU, 2 threads, torch 2, Python 3, best of 3 runs"


def test_layers_and_traffic(entries):
    titles, *rows = cells(tables.layers(entries[:1]))
    assert titles[-2:] == ["input", "fetch"]
    for row, layer in zip(rows, entries[0]["layers"], strict=True):
        values = dict(zip(titles, row))
        assert values["layer"] == layer["name"]
        assert values["fetch"] == f"{100 * 7 / layer['cycles']:.2f} %"
        assert values["true MACs"].replace(",", "") == str(layer["macs"])
    titles, *rows = cells(tables.traffic(entries[:1]))
    for row, layer in zip(rows, entries[0]["layers"], strict=True):
        values = dict(zip(titles, row))
        assert values["input"] == f"{layer['dram']['input']:,}"
        assert values["least input"] == f"{layer['dram_minimum']['input']:,}"
        ratio = sum(layer["dram"].values()) / sum(layer["dram_minimum"].values())
        assert values["moved / least"] == f"{ratio:.2f}"


def test_without_results_the_page_says_so():
    for make in (tables.codecs, tables.machines, tables.layers, tables.traffic, tables.commands):
        assert make([]) == tables.NONE_YET


def like(entry, direction, names, **changes):
    """`entry` as if it were of X-LIC's model, its layers named so."""
    layers = [layer | {"name": name} for layer, name in zip(entry["layers"] * 2, names)]
    return entry | {"model": "bls2017", "direction": direction, "layers": layers} | changes


def test_the_papers_model_stands_beside_the_paper(entries):
    entry = like(entries[0], "encoder", ["g_a.0"], width=1280, height=720)
    titles, *rows = cells(tables.paper([entry, entries[1]]))
    assert [row[1] for row in rows] == [
        "X-LIC, paper, INT8", "LiteLIC, ddr3-x16", "X-LIC, paper, INT8"
    ]
    values = dict(zip(titles, rows[1]))
    assert values["frames/s"] == f"{entry['frames_per_s']:.1f}"
    assert values["MACs a cycle"] == "128"


def test_the_demos_layers_stand_beside_ours(entries):
    key = {
        "width": 2048, "height": 1365, "array": WIDE_1024.array,
        "clock_hz": WIDE_1024.clock_hz, "array_clock_hz": WIDE_1024.clock_hz,
    }
    ours = like(entries[0], "encoder", ["g_a.0", "g_a.2", "g_a.4"], **key)
    other = like(entries[0], "encoder", [], **key | {"width": 1})
    titles, *rows = cells(tables.demo([other, ours]))
    found = {row[0]: dict(zip(titles, row)) for row in rows}
    assert list(found) == [
        "g_a.0", "g_a.2", "g_a.4", "**encoder**", "g_s.0", "g_s.2", "g_s.4", "**decoder**"
    ]
    first = found["g_a.0"]
    milliseconds = 1000 * ours["layers"][0]["cycles"] / 200e6
    assert first["demo, ms"] == "272.6 + 61.0"
    assert first["LiteLIC, ms"] == f"{milliseconds:.1f}"
    assert found["g_s.4"]["LiteLIC, ms"] == "not measured"
