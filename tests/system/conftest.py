"""The models that the campaigns run, compiled once."""

import pytest

from tests.system.test_codec import DATA


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


def _compile(name, path):
    torch = pytest.importorskip("torch", reason="the compiler's packages are not installed")
    calibration = DATA / "bsds500" / "val"
    if not calibration.is_dir():
        pytest.skip(f"{calibration} is not here; set LITELIC_DATA")
    from litelic.host.compiler.torch_compat import import_compressai

    compressai = import_compressai()
    from litelic.host.compiler.checkpoint import load_model
    from litelic.host.compiler.compile import compile_model
    from litelic.host.program.file import save_program

    torch.manual_seed(1)
    if name == "bmshj2018-factorized":
        model = compressai.zoo.bmshj2018_factorized(quality=1, pretrained=False).eval()
        assert (model.N, model.M) == (128, 192)
        trained = False
    else:
        loaded = load_model(str(DATA / "xlic-bls2017"))
        model, trained = loaded.model, loaded.trained_entropy
    save_program(compile_model(model, [calibration], name, trained, crops=8), path)
    return path
