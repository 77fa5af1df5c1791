"""`litelic evaluate` on small random programs: every figure, and nothing done twice."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pytorch_msssim")
pytest.importorskip("bjontegaard")

from litelic.host.cli import main  # noqa: E402
from litelic.host.evaluation import measure, subjects, summary  # noqa: E402
from litelic.host.program.file import save_program  # noqa: E402
from tests.host.codec.models import small_program  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(1)
    (tmp_path / "pictures").mkdir()
    for i, size in enumerate(((24, 40, 3), (17, 33, 3))):
        pixels = rng.integers(0, 256, size, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{i}.png")
    save_program(small_program(1), tmp_path / "one.licp")
    save_program(small_program(2), tmp_path / "two.licp")
    return tmp_path


def evaluate(folder, *arguments):
    programs = [f"--program={folder / name}" for name in ("one.licp", "two.licp")]
    return main.main([
        "evaluate", str(folder / "pictures"), "--output", str(folder / "results"), *programs,
        *map(str, arguments),
    ])


def rows_of(folder):
    return json.loads((folder / "results" / "pictures.json").read_text())


def test_figures_are_those_of_the_files(folder, capsys):
    assert evaluate(folder, "--forms", "golden", "--codecs", "jpeg") == 0
    rows = rows_of(folder)
    assert len(rows) == 2 * (2 + 10)
    for row in rows:
        assert (row["width"], row["height"]) == {"0.png": (40, 24), "1.png": (33, 17)}[
            row["picture"]
        ]
        assert row["bytes"] > 0 and row["psnr_db"] > 0 and row["ms_ssim"] is None
    means = json.loads((folder / "results" / "summary.json").read_text())
    golden = [row for row in rows if row["form"] == "golden" and row["quality"] == 2]
    expected = np.mean([8 * row["bytes"] / (row["width"] * row["height"]) for row in golden])
    found, = [row for row in means if row["form"] == "golden" and row["quality"] == 2]
    assert found["bpp"] == pytest.approx(expected) and found["pictures"] == 2
    with open(folder / "results" / "pictures.csv") as file:
        assert [int(row["bytes"]) for row in csv.DictReader(file)] == [r["bytes"] for r in rows]
    assert Image.open(folder / "results" / "curves.png").size == (1200, 520)
    assert "small-1" in capsys.readouterr().out


def test_an_interrupted_run_goes_on(folder, monkeypatch):
    coded = []
    original = subjects.encode_picture

    def encode(program, model_hash, picture, *others):
        coded.append((program.name, picture.width))
        if len(coded) == 3:
            raise KeyboardInterrupt
        return original(program, model_hash, picture, *others)

    monkeypatch.setattr(subjects, "encode_picture", encode)
    arguments = ("--forms", "golden", "--codecs")
    assert evaluate(folder, *arguments) == 130
    assert len(rows_of(folder)) == 2
    assert evaluate(folder, *arguments) == 0
    assert coded[3:] == [("small-2", 40), ("small-2", 33)]
    assert evaluate(folder, *arguments) == 0 and len(coded) == 5
    # A picture that changed is coded again, by both programs; a program that changed, too.
    pixels = np.full((24, 40, 3), 7, np.uint8)
    Image.fromarray(pixels).save(folder / "pictures" / "0.png")
    assert evaluate(folder, *arguments) == 0 and len(coded) == 7
    save_program(small_program(3), folder / "two.licp")
    assert evaluate(folder, *arguments) == 0 and coded[7:] == [("small-3", 40), ("small-3", 33)]
    assert len(rows_of(folder)) == 4


def test_a_board_that_differs_is_found(folder):
    row = {
        "model": "m", "quality": 1, "picture": "a.png", "form": "golden", "digest": "1",
    }
    same, other = row | {"form": "board"}, row | {"form": "board", "digest": "2"}
    assert measure.differences([row, same]) == []
    assert measure.differences([row, other]) == ["a.png, m quality 1"]


def test_bd_rates_are_against_the_right_curve():
    def rows(model, form, factor):
        return [
            {
                "model": model, "form": form, "quality": i, "width": 8, "height": 8,
                "bytes": round(800 * factor * 2**i), "psnr_db": 30.0 + 3 * i, "ms_ssim": None,
            }
            for i in range(1, 6)
        ]

    means = summary.summarise([
        *rows("a", "float", 1), *rows("a", "golden", 1.02), *rows("jpeg", "codec", 2),
        *rows("b", "golden", 1),
    ])
    found = {(r["model"], r["form"]): (r["bd_against"], r["bd_rate_percent"]) for r in means}
    assert found["a", "golden"] == ("a float", pytest.approx(2, abs=0.02))
    assert found["a", "float"] == ("jpeg codec", pytest.approx(-50, abs=0.02))
    assert found["jpeg", "codec"] == found["b", "golden"] == (None, None)


@pytest.mark.parametrize("arguments, message", (
    (("--forms", "float"), "needs its checkpoint: give --checkpoint for every --program"),
    (("--forms", "board"), "goes with --port URL or --sim"),
    (("--sim",), "goes with --port URL or --sim"),
    (("--forms", "--codecs"), "nothing to evaluate"),
    (("--checkpoint", "x.pth"), "2 programs and 1 checkpoints"),
))
def test_what_cannot_be_is_told(folder, capsys, arguments, message):
    assert evaluate(folder, *arguments) == 1
    assert message in capsys.readouterr().err
    assert not (folder / "results" / "summary.json").exists()


def test_a_folder_without_pictures_is_told(tmp_path, capsys):
    assert main.main(["evaluate", str(tmp_path)]) == 1
    assert "no picture in" in capsys.readouterr().err
    assert main.main(["evaluate", str(tmp_path / "missing")]) == 1
    assert "is not a folder" in capsys.readouterr().err
