from collections import OrderedDict

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from litelic.host.compiler.describe import (  # noqa: E402
    GDN,
    GDN1,
    AttentionBlock,
    ResidualBlock,
    ResidualBlockUpsample,
    ResidualBlockWithStride,
    describe,
)
from litelic.host.compiler.layers import run  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402
from litelic.host.program.network import pairs_of  # noqa: E402


def conv(*args, **kwargs):
    return nn.Conv2d(3, 3, 5, *args, **kwargs)


@pytest.mark.parametrize("layers,message", [
    ([conv(), GDN(3), conv(), nn.Tanh()], r"g_a\.3 is a Tanh, which is not supported; C"),
    ([conv(), nn.LeakyReLU(1.5)], r"g_a\.1: a slope of 1.5"),
    ([conv(), nn.LeakyReLU(), nn.ReLU(), conv()], r"g_a\.2 is a ReLU that does not follow"),
    ([nn.Sequential(nn.Conv2d(3, 27, 1), nn.PixelShuffle(3))], r"g_a\.0\.1: a PixelShuffle by 3"),
    ([nn.ReLU(), conv()], r"g_a\.0 is a ReLU that does not follow a convolution"),
    ([conv(), GDN1(3), GDN(3), conv()], r"g_a\.2 is a GDN that does not follow a convolution"),
    ([conv(), nn.ReLU(), GDN(3), conv()], r"g_a\.2 is a GDN that does not follow a convolution"),
    ([conv(), conv(dilation=2)], r"g_a\.1: groups and dilation"),
    ([conv(groups=3)], r"g_a\.0: groups and dilation"),
    ([conv(padding="same")], r"g_a\.0: only zero padding"),
    ([conv(padding=2, padding_mode="reflect")], r"g_a\.0: only zero padding"),
    ([conv(padding=(1, 2))], r"g_a\.0: padding \(1, 2\) differs"),
    ([conv(stride=3)], r"g_a\.0: stride 3 is not supported"),
    ([conv(), nn.Sequential(conv(), nn.ReLU())], "g_a must end in a convolution"),
    ([conv(), GDN(3)], "g_a must end in a convolution"),
    ([nn.Sequential(nn.Conv2d(3, 12, 1), nn.PixelShuffle(2)), GDN(3), conv()],
     r"g_a\.1 is a GDN behind a sub-pixel convolution"),
    ([], "g_a has no layers"),
])
def test_what_is_not_supported_is_named(layers, message):
    with pytest.raises(LitelicError, match=message):
        describe(nn.Sequential(*layers), "g_a")


def test_networks_that_are_not_a_chain_are_named():
    with pytest.raises(LitelicError, match="g_s is a Conv2d; only Sequential"):
        describe(conv(), "g_s")


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
    assert layers[0].gdn.name == "g_a.1" and layers[1].slope == 0 and conv2.bias is not None
    check(network, layers, torch.randn(2, 3, 21, 18))


def check(network, layers, x):
    with torch.no_grad():
        wanted = network(x)
        got = run(layers, x)[-1]
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)


BLOCKS = {
    "leaky": lambda: nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.LeakyReLU()),
    "relu": lambda: nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU()),
    "sub-pixel": lambda: nn.Sequential(nn.Conv2d(4, 16, 3, padding=1), nn.PixelShuffle(2)),
    "by 4": lambda: nn.Sequential(nn.Conv2d(4, 64, 3, 2, padding=2), nn.PixelShuffle(4)),
    "residual": lambda: ResidualBlock(4, 4),
    "residual, other channels": lambda: nn.Sequential(ResidualBlock(4, 6), ResidualBlock(6, 4)),
    "stride": lambda: ResidualBlockWithStride(4, 4, 2),
    "upsample": lambda: ResidualBlockUpsample(4, 4, 2),
    "attention": lambda: AttentionBlock(4),
    "attention twice": lambda: nn.Sequential(AttentionBlock(4), AttentionBlock(4)),
}


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("first", (False, True))
def test_blocks_compute_what_the_modules_do(block, first):
    """Between convolutions, and where they read the network's input."""
    torch.manual_seed(7)
    block = BLOCKS[block]()
    with torch.no_grad():
        for module in block.modules():
            if isinstance(module, GDN):
                module.gamma += torch.rand(4, 4) * 0.3
    network = nn.Sequential(block, nn.Conv2d(4, 2, 1))
    if not first:
        network.insert(0, nn.Conv2d(4, 4, 3))
    layers = describe(network, "g_a")
    check(network, layers, torch.randn(2, 4, 16, 18))
    assert len({layer.name for layer in layers}) == len(layers)
    members = [member for pair in pairs_of(layers).values() for member in pair]
    assert len({*members}) == len(members), "a map is in two pairs"


def test_a_module_that_is_used_twice_is_two_layers():
    convolution, relu = nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()
    network = nn.Sequential(convolution, relu, convolution, relu, nn.Conv2d(4, 2, 1))
    layers = describe(network, "g_a")
    assert [layer.slope for layer in layers] == [0, 0, 1]
    check(network, layers, torch.randn(2, 4, 9, 8))


def test_names_of_a_sub_pixel_convolution_are_the_modules():
    parts = OrderedDict(c=nn.Conv2d(3, 12, 1), s=nn.PixelShuffle(2))
    layers = describe(nn.Sequential(OrderedDict(up=nn.Sequential(parts), end=conv())), "g_s")
    assert [layer.name for layer in layers] == ["g_s.up.c", "g_s.end"]


def test_a_network_may_end_in_a_relu_where_that_is_allowed():
    network = nn.Sequential(conv(), nn.ReLU())
    with pytest.raises(LitelicError, match="h_s must end in a convolution"):
        describe(network, "h_s")
    layer, = describe(network, "h_s", may_bend=True)
    assert layer.slope == 0
