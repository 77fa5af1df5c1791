"""A program in a file, a picture, and the golden model in place of every engine."""

import contextlib

import numpy as np
import pytest
from PIL import Image

from litelic.host import engines
from litelic.host.cli.main import main
from litelic.host.program.file import save_program
from tests.host.codec.models import GoldenEngine, small_program


@pytest.fixture(scope="session")
def program_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("program") / "small.licp"
    save_program(small_program(1), path)
    return path


@pytest.fixture
def picture_path(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (11, 19, 3), dtype=np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def engine(monkeypatch):
    """Makes the command line open `GoldenEngine`; `engine.made` lists what was asked for, (port,
    sim, golden, access), and the engine."""

    class Opener:
        factory = GoldenEngine
        made = []

        @contextlib.contextmanager
        def open(self, program, *, progress, port, sim, golden, access):
            made = self.factory(program)
            self.made.append(((port, sim, golden, access), made))
            progress("computing", 1, 1)
            yield made

    opener = Opener()
    opener.made = []
    monkeypatch.setattr(engines, "open_engine", opener.open)
    return opener


@pytest.fixture
def run(capsys):
    """Run a command line in this process; gives (exit status, stdout, stderr)."""

    def run(*argv):
        try:
            status = main([str(arg) for arg in argv])
        except SystemExit as e:
            status = e.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run
