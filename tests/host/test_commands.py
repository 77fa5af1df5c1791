"""The commands beside `litelic`: their messages for what cannot be done."""

import numpy as np
import pytest
from PIL import Image

from litelic.host import demo
from litelic.host.bench import command as bench
from litelic.host.cli.main import main
from litelic.host.program.file import save_program
from tests.host.codec.models import small_program


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "small.licp"
    save_program(small_program(1), path)
    return str(path)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for i in range(2):
        pixels = rng.integers(0, 256, (16, 24, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def refuse(capsys, status, message):
    err = capsys.readouterr().err
    assert status == 1 and err.startswith("litelic: error: ") and message in err


def test_a_file_is_no_folder_for_results(tmp_path, capsys, program, folder):
    file = tmp_path / "file"
    file.touch()
    image = str(folder / "0.png")
    refuse(capsys, demo.main(["--output", str(file), "--image", image]), "cannot make the folder")
    inside = str(file / "x.json")
    refuse(capsys, bench.main(["--output", inside]), "cannot make the folder")
    refuse(capsys, bench.main(["--output", str(tmp_path)]), "is a folder")
    refuse(capsys, main(["evaluate", str(folder), "--output", inside]), "cannot make the folder")
    refuse(capsys, main(["evaluate", str(file)]), "is not a folder")


def test_an_interruption_while_the_simulator_is_built(
    tmp_path, capsys, monkeypatch, program, folder
):
    def interrupted(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "open_board", interrupted)
    monkeypatch.setattr(demo, "default_photograph", lambda: folder / "0.png")
    argv = ["--program", program, "--output", str(tmp_path / "out" / "x")]
    assert demo.main(argv) == 130
    assert capsys.readouterr().err == "litelic: interrupted\n"


def test_evaluate_does_not_name_an_option_it_lacks(capsys, program, folder, tmp_path):
    Image.new("RGBA", (16, 16)).save(folder / "clear.png")
    status = main([
        "evaluate", str(folder), "--program", program, "--forms", "golden", "--codecs",
        "--output", str(tmp_path / "results"),
    ])
    err = capsys.readouterr().err
    assert status == 1 and "save it without transparency" in err and "--flatten" not in err
