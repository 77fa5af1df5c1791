"""The simulator and the models that these tests run, each made once."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from litelic.host.cli.main import main
from litelic.host.codec import pictures
from litelic.host.codec.pictures import Picture
from litelic.host.link.simulator import Simulator

# Photographs and published weights that are not part of the repository.
DATA = Path(os.environ.get("LITELIC_DATA", Path(__file__).parents[3] / "shared" / "data"))
XLIC = DATA / "xlic-bls2017"


@pytest.fixture(scope="session")
def simulator():
    with Simulator() as running:
        yield running


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A function that gives the program file of a named model, None for the default one; with `N`
    and `M` channels and random weights where it is one of CompressAI's."""
    made = {}

    def program(name, N=128, M=192):
        if name == "default":
            return None
        key = name, N, M
        if key not in made:
            made[key] = _compile(*key, tmp_path_factory.mktemp(name) / "program.licp")
        return made[key]

    return program


def _calibration():
    """Photographs that scikit-image ships."""
    folder = Path(importlib.util.find_spec("skimage").origin).parent / "data"
    return [folder / name for name in ("chelsea.png", "coffee.png", "astronaut.png")]


def _compile(name, N, M, path):
    torch = pytest.importorskip("torch", reason="the compiler's packages are not installed")
    from litelic.host.compiler.torch_compat import import_compressai

    import_compressai()
    from litelic.host.compiler.checkpoint import load_model
    from litelic.host.compiler.compile import compile_model
    from litelic.host.program.file import save_program

    torch.set_num_threads(1)
    if name != "bls2017-xlic":
        loaded = load_model(name, N=N, M=M)
    elif XLIC.is_dir():
        loaded = load_model(str(XLIC))
    else:
        pytest.skip(f"{XLIC} is not here; set LITELIC_DATA")
    program = compile_model(
        loaded.model, _calibration(), name, loaded.trained_entropy, crops=4, log=lambda text: None
    )
    save_program(program, path)
    return path


@pytest.fixture
def picture(tmp_path, seed):
    """A function that writes a smooth random picture of a size and gives its path."""

    def write(width, height):
        rng = np.random.default_rng(seed)
        coarse = rng.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
        pixels = coarse.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
        path = tmp_path / f"{width}x{height}.png"
        pictures.save(Picture(pixels, False), path)
        return path

    return write


def round_trip(source, folder, port, program=None):
    """Encode and decode `source` on the board and with the golden model; the same bytes twice."""
    options = ["--program", str(program)] if program else []
    made = {}
    for name, engine in (("board", ["--port", port]), ("golden", ["--golden"])):
        lic, back = folder / f"{name}.lic", folder / f"{name}.png"
        assert main(["encode", str(source), str(lic), *engine, *options, "--force"]) == 0
        assert main(["decode", str(lic), str(back), *engine, *options, "--force"]) == 0
        made[name] = lic.read_bytes(), pictures.load(back).pixels
    assert made["board"][0] == made["golden"][0]
    assert np.array_equal(made["board"][1], made["golden"][1])
    assert made["board"][1].shape == pictures.load(source).pixels.shape
