import re
import urllib.error

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from litelic.host.compiler.bls2017 import Bls2017  # noqa: E402
from litelic.host.compiler.checkpoint import load_model  # noqa: E402
from litelic.host.compiler.zoo import (  # noqa: E402
    CLASSES,
    FactorizedPrior,
    image_models,
    random_model,
)
from litelic.host.errors import LitelicError  # noqa: E402
from litelic.host.training.train import save  # noqa: E402


@pytest.fixture(scope="module")
def factorized():
    torch.manual_seed(3)
    return FactorizedPrior(8, 12).eval()


def same_weights(a, b):
    a, b = a.state_dict(), b.state_dict()
    return all(torch.equal(a[key], b[key]) for key in a if key.startswith("g_"))


@pytest.mark.parametrize("wrap", [
    lambda state: state,
    lambda state: {"state_dict": state, "epoch": 3},
    lambda state: {f"module.{key}": value for key, value in state.items()},
    lambda state: {"state_dict": {f"module.{key}": value for key, value in state.items()}},
])
def test_every_wrapping_of_a_state_dictionary(factorized, tmp_path, wrap):
    content = wrap(factorized.state_dict())
    path = tmp_path / "x.pth.tar"
    torch.save(content, path)
    for source in (content, path, str(path)):
        loaded = load_model(source)
        assert same_weights(loaded.model, factorized)
        assert loaded.name == "bmshj2018-factorized-8-12" and loaded.trained_entropy


@pytest.mark.parametrize("name", CLASSES)
def test_every_model_is_known_by_its_state_dictionary(name, tmp_path):
    """As CompressAI's own checkpoints are: prepared for coding, with old names of some weights."""
    model = random_model(name, 8, 8)
    model.update(force=True)
    old = {}
    for key, value in model.state_dict().items():
        key = key.replace(".skip.", ".downsample.")
        for kind, plural in (("bias", "biases"), ("matrix", "matrices"), ("factor", "factors")):
            key = re.sub(rf"(bottleneck)\._{kind}(\d)", rf"\1._{plural}.\2", key)
        old[f"module.{key}"] = value
    path = tmp_path / "x.pth.tar"
    torch.save({"state_dict": old}, path)
    loaded = load_model(path)
    assert loaded.name == f"{name}-8-8" and type(loaded.model) is CLASSES[name]
    assert same_weights(loaded.model, model)
    serial = hasattr(model, "context_prediction")
    assert loaded.trained_entropy != serial and bool(loaded.notes) == serial


def test_updated_entropy_tables_do_not_matter(factorized, tmp_path):
    model = FactorizedPrior(8, 12)
    model.load_state_dict(factorized.state_dict())
    model.update(force=True)
    assert same_weights(load_model(model.state_dict()).model, factorized)


def test_checkpoint_of_training(tmp_path):
    config = {"N": 4, "M": 6, "centre": 0.5, "gain": 4.0}
    model = Bls2017(**config)
    path = tmp_path / "x.pth"
    save(path, {"model": "bls2017", "config": config, "state_dict": model.state_dict()})
    loaded = load_model(path)
    assert same_weights(loaded.model, model) and loaded.model.gain == 4.0
    assert not loaded.model.training
    save(path, {"model": "bls2017", "config": {"N": 4}, "state_dict": model.state_dict()})
    with pytest.raises(LitelicError, match="no configuration"):
        load_model(path)


def test_raw_folder(tmp_path):
    rng = np.random.default_rng(4)
    N = 3
    for name, size in (("ana_w", 52 * N * N + 243 * N), ("ana_b", 4 * N),
                       ("syn_w", 52 * N * N + 243 * N), ("syn_b", 4 * N + 3)):
        rng.uniform(0.01, 1, size).astype("<f4").tofile(tmp_path / f"{name}.bin")
    loaded = load_model(tmp_path)
    model = loaded.model
    assert not loaded.trained_entropy
    analysis = np.fromfile(tmp_path / "ana_w.bin", "<f4")
    assert model.g_a[0].weight[1, 2, 3, 4] == analysis[((3 * 9 + 4) * 3 + 2) * N + 1]
    gdn = model.g_a[1]
    gamma = gdn.gamma_reparam(gdn.gamma).detach().numpy()
    np.testing.assert_allclose(gamma.T.ravel(), analysis[243 * N :][: N * N], rtol=1e-5)
    synthesis = np.fromfile(tmp_path / "syn_w.bin", "<f4")
    assert model.g_s[0].weight[2, 1, 4, 0] == synthesis[((0 * 5 + 4) * N + 2) * N + 1]
    (tmp_path / "syn_w.bin").write_bytes((tmp_path / "syn_w.bin").read_bytes()[:-4])
    with pytest.raises(LitelicError, match="syn_w.bin is too short"):
        load_model(tmp_path)


def test_what_is_refused(factorized, tmp_path, monkeypatch):
    def refuse(source, message, **options):
        with pytest.raises(LitelicError, match=message):
            load_model(source, **options)

    path = tmp_path / "x.pth"
    refuse(tmp_path / "missing.pth", "neither a file nor a known model")
    refuse(tmp_path, "folder without ana_w.bin")
    path.write_bytes(b"not a checkpoint")
    refuse(path, "is no checkpoint")
    path.write_bytes(b"")
    refuse(path, "not a checkpoint")
    torch.save(factorized, path)
    refuse(path, "could run code when loaded")
    torch.save([1, 2], path)
    refuse(path, "holds no state dictionary")
    refuse({"a": torch.zeros(1)}, "not a model that is known")
    refuse({"h_a.0.weight": torch.zeros(1)}, "not a model that is known")
    state = factorized.state_dict()
    refuse({k: v for k, v in state.items() if k != "g_s.2.bias"}, "g_s.2.bias")
    refuse({**state, "g_s.2.bias": state["g_s.2.bias"] * np.nan}, "g_s.2.bias.*not finite")
    refuse(state, "has N = 8, not 16", N=16)
    refuse("bmshj2018-factorized", "needs a quality")
    refuse("bmshj2018-factorized", "needs a quality", quality=9)
    refuse("cheng2020-attn", "needs a quality of 1 to 6", quality=7)
    refuse("cheng2020-attn", "needs 2 channels at least, not 1", N=1, M=1)
    refuse("cheng2020-attn", "as many latent channels as others", N=8, M=12)

    def offline(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setitem(image_models, "mbt2018-mean", offline)
    refuse("mbt2018-mean", "cannot download.*no network.*copy the", quality=3)

    def missing(*args, **kwargs):
        raise RuntimeError("Pre-trained model not yet available")

    monkeypatch.setitem(image_models, "bmshj2018-factorized-relu", missing)
    refuse("bmshj2018-factorized-relu", "no trained weights.*not yet available", quality=3)


def test_random_weights_are_the_same_every_time():
    first, second = (load_model("bmshj2018-factorized", N=4, M=6) for _ in range(2))
    assert same_weights(first.model, second.model)
    assert not first.trained_entropy


def test_random_weights_give_latents_worth_comparing():
    model = load_model("bmshj2018-factorized", N=16, M=24).model
    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        latents = model.g_a(torch.nn.functional.interpolate(x, 128, mode="bicubic")).round()
        picture = model.g_s(latents)
    assert (latents != 0).float().mean() > 0.6
    assert 0.1 < picture.std() < 1
