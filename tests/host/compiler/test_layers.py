import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from litelic.host.compiler.bls2017 import Bls2017  # noqa: E402
from litelic.host.compiler.layers import GDN, GDN1, describe, fold  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402


def conv(*args, **kwargs):
    return nn.Conv2d(3, 3, 5, *args, **kwargs)


@pytest.mark.parametrize("layers,message", [
    ([conv(), GDN(3), conv(), nn.LeakyReLU()], r"g_a\.3 is a LeakyReLU, which is not supported; C"),
    ([nn.ReLU(), conv()], r"g_a\.0 is a ReLU that does not follow a convolution"),
    ([conv(), GDN1(3), GDN(3), conv()], r"g_a\.2 is a GDN that does not follow a convolution"),
    ([conv(), nn.ReLU(), GDN(3), conv()], r"g_a\.2 is a GDN that does not follow a convolution"),
    ([conv(), conv(dilation=2)], r"g_a\.1: groups and dilation"),
    ([conv(groups=3)], r"g_a\.0: groups and dilation"),
    ([conv(padding="same")], r"g_a\.0: only zero padding"),
    ([conv(padding=2, padding_mode="reflect")], r"g_a\.0: only zero padding"),
    ([conv(padding=(1, 2))], r"g_a\.0: padding \(1, 2\) differs"),
    ([conv(stride=3)], r"g_a\.0: stride 3 is not supported"),
    ([conv(), nn.Sequential(conv())], r"g_a\.1 is a Sequential"),
    ([conv(), GDN(3)], "g_a must end in a convolution"),
    ([], "g_a has no layers"),
])
def test_what_is_not_supported_is_named(layers, message):
    with pytest.raises(LitelicError, match=message):
        describe(nn.Sequential(*layers), "g_a")


def test_networks_that_are_not_a_chain_are_named():
    with pytest.raises(LitelicError, match="g_s is a Conv2d; only Sequential"):
        describe(conv(), "g_s")
    model = Bls2017(4, 4)
    model.h_a = nn.Sequential()
    with pytest.raises(LitelicError, match="h_a: Bls2017 has a hyperprior"):
        fold(model, np.zeros(4))
    with pytest.raises(LitelicError, match="centre 0.3"):
        fold(Bls2017(4, 4, centre=0.3), np.zeros(4))


@pytest.mark.parametrize("module", [GDN(6), GDN(6, inverse=True), GDN1(6), GDN1(6, inverse=True)])
def test_described_layers_compute_what_the_modules_do(module):
    with torch.no_grad():
        module.gamma += torch.rand(6, 6) * 0.3
        module.beta *= 1 + torch.rand(6)
    network = nn.Sequential(
        nn.Conv2d(3, 6, (5, 3), stride=2, padding=2), module,
        nn.ConvTranspose2d(6, 4, 5, 2, 2, 1, bias=False), nn.ReLU(), conv2 := nn.Conv2d(4, 2, 1),
    )
    layers = describe(network, "g_a")
    assert [layer.name for layer in layers] == ["g_a.0", "g_a.2", "g_a.4"]
    assert layers[0].gdn.name == "g_a.1" and layers[1].relu and conv2.bias is not None
    x = torch.randn(2, 3, 21, 18)
    with torch.no_grad():
        wanted = network(x)
        for layer in layers:
            x = layer.activate(layer.convolve(x))
    torch.testing.assert_close(x, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("centre,gain", [(0.0, 1.0), (0.5, 4.0)])
def test_folded_model_is_the_model_inside(centre, gain):
    model = Bls2017(8, 6, centre, gain).eval()
    with torch.no_grad():
        model.g_s[0].weight *= 5
    pictures = np.random.default_rng(8).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    floats = fold(model, np.zeros(6))
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    a = floats.operands(pictures)
    with torch.no_grad():
        y = model.g_a(x - centre) * gain
        for layer in floats.analysis:
            a = layer.activate(layer.convolve(a))
        # Centring by 128 instead of 127.5 is exact but for what the zero border reaches.
        inner = slice(2, -2) if centre else slice(None)
        torch.testing.assert_close(a[..., inner, inner], y[..., inner, inner], rtol=1e-3, atol=1e-4)
        pixels = (model.g_s(y / gain) + centre) * 255
        for layer in floats.synthesis:
            y = layer.activate(layer.convolve(y))
    torch.testing.assert_close(y, pixels, rtol=1e-4, atol=1e-2)


def test_fractional_medians_fold_on_average():
    model = Bls2017(8, 6).eval()
    fractions = np.random.default_rng(9).uniform(-0.5, 0.5, 6)
    plain, folded = fold(model, np.zeros(6)), fold(model, fractions)
    np.testing.assert_allclose(plain.analysis[-1].bias - folded.analysis[-1].bias, fractions)
    y = torch.randn(1, 6, 8, 8)
    shift = torch.from_numpy(fractions).float()[:, None, None]
    with torch.no_grad():
        wanted = plain.synthesis[0].convolve(y + shift)[..., 4:-4, 4:-4]
        got = folded.synthesis[0].convolve(y)[..., 4:-4, 4:-4]
    np.testing.assert_allclose((got - wanted).mean(dim=(0, 2, 3)), 0, atol=1e-5)
