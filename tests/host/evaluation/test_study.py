"""The study, on two small pictures, and the page that shows it."""

from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pytorch_msssim")
pytest.importorskip("bjontegaard")

from litelic.host.bench import page as bench_page  # noqa: E402
from litelic.host.engines.golden import GoldenEngine  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402
from litelic.host.evaluation import board, page, study  # noqa: E402


def test_the_page_agrees_with_the_rows():
    text = page.page_path().read_text()
    rendered = bench_page.render(text, page.load(), page.TABLES)
    assert rendered == text, "run python -m litelic.host.evaluation.page"


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Rows, plot and page in a folder of the test's own."""
    (tmp_path / "page.md").write_text(page.page_path().read_text())
    monkeypatch.setattr(page, "results_path", lambda: tmp_path / "quality.json")
    monkeypatch.setattr(page, "plot_file", lambda: tmp_path / "quality.png")
    monkeypatch.setattr(page, "page_path", lambda: tmp_path / "page.md")
    monkeypatch.setattr(study.machine, "revision", lambda sources: "0123456789ab")
    return tmp_path


def test_a_study_of_two_pictures(places, monkeypatch, capsys):
    rng = np.random.default_rng(1)
    folder = places / "pictures"
    folder.mkdir()
    for i in range(2):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        coarse.resize((48, 32), Image.Resampling.BICUBIC).save(folder / f"{i}.png")
    monkeypatch.setattr(study, "CROPS", 1)
    ingredients = {title: study.INGREDIENTS[title] for title in ("weights to nearest", study.FULL)}
    monkeypatch.setattr(study, "INGREDIENTS", ingredients)
    arguments = [str(folder), "--calibration", str(folder), "--folder", str(places / "work")]
    assert study.main(arguments) == 0
    rows = page.load()
    assert len([row for row in rows if row["kind"] == "curve"]) == 2 * 5 + 4 * 10
    assert [row["with"] for row in rows if row["kind"] == "ablation"] == ["float", *ingredients]
    assert {row["set"] for row in rows} == {"pictures, 2 pictures"}
    assert rows[0]["command"].endswith("study pictures --calibration pictures")
    text = (places / "page.md").read_text()
    assert "| weights to nearest |" in text and "default 3" in text and "| AVIF |" in text
    assert bench_page.render(text, rows, page.TABLES) == text
    assert (places / "quality.png").stat().st_size > 10_000
    # Again: nothing is measured anew, and the rows are the same.
    before = (places / "quality.json").read_bytes()
    monkeypatch.setattr(study.measure.metrics, "distortion", None)
    assert study.main(arguments) == 0
    assert (places / "quality.json").read_bytes() == before
    # Sources that changed: nothing of the others' results is taken.
    monkeypatch.setattr(study.machine, "revision", lambda sources: "0123456789ac")
    with pytest.raises(TypeError, match="NoneType"):
        study.main(arguments)


def test_the_board_is_put_beside_the_study(places, monkeypatch, capsys):
    """Its rows, and a message where one byte differs; the study keeps them."""
    pictures = places / "pictures"
    pictures.mkdir()
    for i in range(3):
        Image.new("RGB", (20, 12), (40 * i, 90, 7)).save(pictures / f"{i}.png")
    page.store([row(), row(form="float")])
    spoilt = []

    @contextmanager
    def open_engine(program, golden, progress, **where):
        assert golden or where == board.SIMULATED
        engine = GoldenEngine(program)
        if spoilt and not golden:
            engine.synthesise = lambda x: GoldenEngine(program).synthesise(x) ^ 1
        yield engine

    monkeypatch.setattr("litelic.host.engines.open_engine", open_engine)
    monkeypatch.setattr(board.machine, "revision", lambda sources: "0123456789ab")
    arguments = [str(pictures), "--count", "2", "--folder", str(places / "work")]
    assert board.main(arguments) == 0
    assert "equal the golden model's" in capsys.readouterr().out
    rows = [r for r in page.load() if r["kind"] == "board"]
    assert [r["form"] for r in rows] == ["golden"] * 5 + ["board"] * 5
    assert rows[0]["set"] == "pictures, first 2" and rows[0]["psnr_db"] == rows[5]["psnr_db"]
    assert rows[0]["command"].endswith("board pictures --count 2") and len(page.load()) == 12
    assert "| 5 | pictures, first 2 |" in (places / "page.md").read_text()
    spoilt.append(True)
    arguments[-1] = str(places / "other")
    assert board.main(arguments) == 1
    assert "differ from the golden model's: 0.png, default quality 1" in capsys.readouterr().err


def row(kind="curve", form="golden", quality=1, **others):
    return {
        "kind": kind, "model": "default", "quality": quality, "set": "x", "form": form,
        "bpp": 0.5, "psnr_db": 30.0, "ms_ssim": 0.9, "bd_rate_percent": None, "command": "c",
        "revision": "r", **others,
    }


@pytest.mark.parametrize("rate, reached", ((0.99, "yes"), (1.01, "**no**")))
def test_the_goal_of_the_default_models(rate, reached):
    text = page.TABLES["quality-goals"]([row(bd_rate_percent=rate)])
    assert f"| {rate:+.2f} % | {reached} |" in text and "| not measured |  |" in text


@pytest.mark.parametrize("decibels, bpp, reached", (
    (34.86, 1.0, "yes"), (34.84, 1.0, "**no**"), (34.9, 1.011, "**no**"),
))
def test_the_goal_of_the_papers_weights(decibels, bpp, reached):
    rows = [
        row("ablation", "float", model="paper's weights", psnr_db=35.0, bpp=1.0),
        row("ablation", quality=1, model="paper's weights", psnr_db=30.0, bpp=2.0),
        row("ablation", quality=2, model="paper's weights", psnr_db=decibels, bpp=bpp),
    ]
    assert f"% | {reached} |" in page.TABLES["quality-goals"](rows)


def test_rows_that_lack_figures_are_refused(places):
    with pytest.raises(LitelicError, match="a row of quality lacks figures"):
        page.store([row() | {"bpp": 0}])
    with pytest.raises(LitelicError, match="a row of quality lacks figures"):
        page.store([{key: value for key, value in row().items() if key != "form"}])
