"""The measurement of serial context models, and the table made from it."""

import json

import pytest

pytest.importorskip("torch")

from litelic.host.bench import page  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402
from litelic.host.evaluation import serial  # noqa: E402


def test_a_measurement_makes_rows_and_a_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(serial, "results_path", lambda: tmp_path / "serial.json")
    path = tmp_path / "page.md"
    path.write_text("before\n<!-- table serial -->\nold\n<!-- end serial -->\nafter\n")
    monkeypatch.setattr(serial, "page_path", lambda: path)
    monkeypatch.setattr(serial, "MODELS", {"mbt2018-mean": (8, 8), "mbt2018": (8, 8)})
    assert serial.main(["--size", "64x64"]) == 0
    rows = json.loads((tmp_path / "serial.json").read_text())
    assert [(row["model"], row["serial"]) for row in rows] == [
        ("mbt2018-mean", False), ("mbt2018", True),
    ]
    assert serial.load() == rows
    text = path.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| `mbt2018` | 64x64 | yes |" in text
    assert serial.main(["--size", "70x64"]) == 1
    assert "multiples of 64" in capsys.readouterr().err
    rows[0]["decode_s"] = 0
    with pytest.raises(LitelicError, match="lacks figures"):
        serial.check(rows[0])


def test_times_are_rounded_up():
    row = {"model": "m", "width": 1, "height": 2, "serial": True, "encode_s": 1.01, "decode_s": 3.2,
           "cpu": "C", "command": "c", "revision": "r"}
    assert "1.1 s" in serial.show([row]) and "3.2 s" in serial.show([row])


def test_the_page_has_the_table_of_the_results():
    text = serial.page_path().read_text()
    assert page.render(text, serial.load(), {"serial": serial.show}) == text
