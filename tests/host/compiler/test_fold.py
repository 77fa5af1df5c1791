import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from litelic.host.compiler import fold as fold_module  # noqa: E402
from litelic.host.compiler.bls2017 import Bls2017  # noqa: E402
from litelic.host.compiler.describe import ResidualBlock  # noqa: E402
from litelic.host.compiler.fold import fold  # noqa: E402
from litelic.host.compiler.layers import run  # noqa: E402
from litelic.host.compiler.zoo import ScaleHyperprior, random_model  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402


def test_other_centres_are_refused():
    with pytest.raises(LitelicError, match="centre 0.3"):
        fold(Bls2017(4, 4, centre=0.3), False)


def with_networks(**networks):
    model = Bls2017(4, 4, gain=4.0).eval()
    for name, network in networks.items():
        setattr(model, name, network)
    return model


@pytest.mark.parametrize("networks, message", [
    ({"g_a": nn.Sequential(nn.Sequential(nn.Conv2d(3, 16, 1), nn.PixelShuffle(2)))},
     r"g_a\.0\.0 makes its map larger"),
    ({"g_a": nn.Sequential(ResidualBlock(3, 3), nn.Conv2d(3, 4, 1))},
     r"g_a\.0\.sum adds the picture to a map"),
])
def test_what_cannot_be_folded_is_named(networks, message):
    with pytest.raises(LitelicError, match=message):
        fold(with_networks(**networks), False)


def test_only_what_reads_latents_is_divided_by_the_gain():
    """Of a sum the half that is the latents, not the one that convolutions made of them."""
    network = nn.Sequential(ResidualBlock(4, 4), nn.ConvTranspose2d(4, 3, 4, 4))
    floats = fold(with_networks(g_s=network), False)
    y = torch.randn(1, 4, 6, 7)
    with torch.no_grad():
        torch.testing.assert_close(
            run(floats.synthesis, 4 * y)[-1], 255 * network(y), rtol=1e-4, atol=1e-2
        )


def test_a_model_derived_from_one_with_a_hyperprior_is_one():
    class Own(ScaleHyperprior):
        pass

    assert fold(Own(4, 6).eval(), False).magnitudes
    assert not fold(random_model("mbt2018-mean", 4, 6).eval(), False).magnitudes


@pytest.mark.parametrize("name", ("bmshj2018-hyperprior", "mbt2018-mean"))
def test_hyperpriors_give_scales_and_means_in_parts(name):
    model = random_model(name, 6, 8).eval()
    floats = fold(model, False)
    factors = np.arange(1, 9)
    floats.in_parts(factors.astype(float))
    parts = torch.from_numpy(factors).float()[:, None, None]
    x = torch.randint(0, 256, (1, 3, 64, 128)).float()
    with torch.no_grad():
        y = model.g_a(x / 255)
        latents = run(floats.analysis, x)[-1]
        torch.testing.assert_close(latents, y * parts, rtol=1e-4, atol=1e-4)
        z = model.h_a(y.abs() if floats.magnitudes else y)
        hyper = run(floats.hyper_analysis, y.abs() if floats.magnitudes else y)[-1]
        torch.testing.assert_close(hyper, z, rtol=1e-4, atol=1e-4)
        wanted = model.h_s(z.round())
        got = run(floats.hyper_synthesis, z.round())[-1]
    scales, means = wanted[:, :8], wanted[:, 8:]
    torch.testing.assert_close(got[:, :8], 100 * scales, rtol=1e-4, atol=1e-2)
    assert floats.has_means == (name == "mbt2018-mean") == bool(means.numel())
    if floats.has_means:
        torch.testing.assert_close(got[:, 8:], means * parts, rtol=1e-4, atol=1e-4)
    assert floats.magnitudes != floats.has_means


@pytest.mark.parametrize("centre,gain", [(0.0, 1.0), (0.5, 4.0)])
def test_folded_model_is_the_model_inside(centre, gain):
    model = Bls2017(8, 6, centre, gain).eval()
    with torch.no_grad():
        model.g_s[0].weight *= 5
    pictures = np.random.default_rng(8).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    floats = fold(model, False)
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    a = floats.operands(pictures)
    with torch.no_grad():
        y = model.g_a(x - centre) * gain
        a = run(floats.analysis, a)[-1]
        # Centring by 128 instead of 127.5 is exact but for what the zero border reaches.
        inner = slice(2, -2) if centre else slice(None)
        torch.testing.assert_close(a[..., inner, inner], y[..., inner, inner], rtol=1e-3, atol=1e-4)
        pixels = (model.g_s(y / gain) + centre) * 255
        y = run(floats.synthesis, y)[-1]
    torch.testing.assert_close(y, pixels, rtol=1e-4, atol=1e-2)


def test_fractional_medians_fold_on_average(monkeypatch):
    model = Bls2017(8, 6).eval()
    fractions = np.random.default_rng(9).uniform(-0.5, 0.5, 6)
    plain = fold(model, False)
    monkeypatch.setattr(fold_module, "medians", lambda bottleneck: (None, fractions))
    folded = fold(model, True)
    np.testing.assert_allclose(plain.analysis[-1].bias - folded.analysis[-1].bias, fractions)
    y = torch.randn(1, 6, 8, 8)
    shift = torch.from_numpy(fractions).float()[:, None, None]
    with torch.no_grad():
        wanted = plain.synthesis[0].convolve(y + shift)[..., 4:-4, 4:-4]
        got = folded.synthesis[0].convolve(y)[..., 4:-4, 4:-4]
    np.testing.assert_allclose((got - wanted).mean(dim=(0, 2, 3)), 0, atol=1e-5)
