"""The demo as `make demo` runs it: its report, its files, and what the hardware reached."""

import json

import pytest
from PIL import Image

from litelic.accel.descriptor import COUNTERS
from litelic.host import demo

TOTALS = {"macs", "cycles", "utilisation"}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """(report, folder) of the demo with the photograph that comes along."""
    folder = tmp_path_factory.mktemp("demo")
    demo.run(demo.default_photograph(), folder)
    return json.loads((folder / "report.json").read_text()), folder


def test_report_has_every_key(result):
    report, _ = result
    assert set(report) == {
        "image", "width", "height", "bpp", "psnr_db", "bit_exact", "transport", "macs_per_cycle",
        "encoder", "decoder", "layers",
    }
    assert set(report["encoder"]) == TOTALS and set(report["decoder"]) == TOTALS
    for layer in report["layers"]:
        assert set(layer) == {"name", "kind", "stalls"} | TOTALS
        assert set(layer["stalls"]) == set(COUNTERS) - {"busy"}


def test_every_byte_is_the_golden_models(result):
    assert result[0]["bit_exact"] is True


def test_array_is_busy_at_least_half_of_the_time_both_ways(result):
    report, _ = result
    for direction, prefix in (("encoder", "g_a"), ("decoder", "g_s")):
        layers = [layer for layer in report["layers"] if layer["name"].startswith(prefix)]
        total = report[direction]
        assert total["cycles"] == sum(layer["cycles"] for layer in layers)
        assert total["macs"] == sum(layer["macs"] for layer in layers)
        assert total["utilisation"] == total["macs"] / (total["cycles"] * report["macs_per_cycle"])
        assert total["utilisation"] >= 0.5


def test_pictures_are_there(result):
    report, folder = result
    size = (report["width"], report["height"])
    assert Image.open(folder / "decoded.png").size == size
    assert Image.open(folder / "side_by_side.png").width > 2 * size[0]
    bits = 8 * (folder / "photo.lic").stat().st_size
    assert report["bpp"] == bits / (size[0] * size[1])
    assert report["psnr_db"] > 30


def test_a_difference_fails_the_demo(monkeypatch, capsys):
    monkeypatch.setattr(demo, "run", lambda *_: {"bit_exact": False})
    assert demo.main([]) == 1
    assert "differ from the golden model" in capsys.readouterr().err
