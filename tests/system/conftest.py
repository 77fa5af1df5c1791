"""The simulator and the models that these tests run, each made once."""

import importlib.util
import os
from pathlib import Path

import pytest

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
    """A function that gives the program file of a named model, None for the default one."""
    made = {}

    def program(name):
        if name == "default":
            return None
        if name not in made:
            made[name] = _compile(name, tmp_path_factory.mktemp(name) / "program.licp")
        return made[name]

    return program


def _calibration():
    """Photographs that scikit-image ships."""
    folder = Path(importlib.util.find_spec("skimage").origin).parent / "data"
    return [folder / name for name in ("chelsea.png", "coffee.png", "astronaut.png")]


def _compile(name, path):
    torch = pytest.importorskip("torch", reason="the compiler's packages are not installed")
    from litelic.host.compiler.torch_compat import import_compressai

    import_compressai()
    from litelic.host.compiler.checkpoint import load_model
    from litelic.host.compiler.compile import compile_model
    from litelic.host.program.file import save_program

    torch.set_num_threads(1)
    if name == "bmshj2018-factorized":
        loaded = load_model(name, N=128, M=192)  # random weights
    elif XLIC.is_dir():
        loaded = load_model(str(XLIC))
    else:
        pytest.skip(f"{XLIC} is not here; set LITELIC_DATA")
    program = compile_model(
        loaded.model, _calibration(), name, loaded.trained_entropy, crops=4, log=lambda text: None
    )
    save_program(program, path)
    return path
