"""Tap groups against the golden model, and the promise that no zero is inserted."""

import numpy as np
import pytest

from litelic.host.golden.arithmetic import operands
from litelic.host.golden.convolution import accumulate
from litelic.host.golden.network import shuffled
from litelic.host.planner.taps import split
from tests.random_layers import random_input, random_layer, random_size


def sums_from_groups(layer, x):
    """The sums of products of a layer, computed from its tap groups as the array does: every
    group slides its own window over the input and gives the results of its phases."""
    window = split(layer)
    height, width = layer.output_size(*x.shape[:2])
    cells = -(-height // window.cell), -(-width // window.cell)
    # Generous borders of zeros: every window lies within.
    border = 64
    a = np.pad(operands(x, layer.input), ((border, border), (border, border), (0, 0)))
    sums = np.full((cells[0] * window.cell, cells[1] * window.cell, layer.out_channels), 2**31 - 1)
    for group in window.groups:
        group_height, group_width = group.weight.shape[1:3]
        assert 0 <= group.y <= window.span[0] - group_height
        assert 0 <= group.x <= window.span[1] - group_width
        for cell_y in range(cells[0]):
            for cell_x in range(cells[1]):
                top = border + window.origin[0] + group.y + cell_y * window.step[0]
                left = border + window.origin[1] + group.x + cell_x * window.step[1]
                patch = a[top : top + group_height, left : left + group_width]
                results = np.einsum("ovwi,vwi->o", group.weight.astype(np.int64), patch)
                for channel, result in zip(group.channels, results, strict=True):
                    y = cell_y * window.cell + channel.row
                    x_ = cell_x * window.cell + channel.column
                    assert sums[y, x_, channel.channel] == 2**31 - 1, "a result is computed twice"
                    sums[y, x_, channel.channel] = result
    return sums[:height, :width]


@pytest.mark.parametrize("kind", ("conv", "deconv", "shuffle"))
@pytest.mark.parametrize("seed", range(25), indirect=True)
def test_groups_compute_the_layer(kind, seed):
    rng = np.random.default_rng(seed)
    shuffles = {"out_channels": 16, "shuffle": [2, 4]} if kind == "shuffle" else {}
    layer = random_layer(
        rng, kind="conv" if shuffles else kind, in_channels=range(1, 4), gdn=False,
        **{"out_channels": range(1, 4), **shuffles},
    )
    size = random_size(rng, layer, 6)
    x = random_input(rng, layer, *size)
    sums = accumulate(layer, (x,), range(layer.output_size(*size)[0] // layer.shuffle))
    assert np.array_equal(sums_from_groups(layer, x), shuffled(sums, layer.shuffle))


@pytest.mark.parametrize("seed", range(25), indirect=True)
def test_every_tap_is_used_once(seed):
    """Every weight of the kernel has its own value, so that it is found again in one group."""
    rng = np.random.default_rng(seed)
    layer = random_layer(
        rng, kind="deconv", kernel=(int(rng.integers(1, 12)), int(rng.integers(1, 12))),
        in_channels=1, out_channels=1, gdn=False,
    )
    values = np.array([v for v in range(-127, 128) if v])
    layer.weight[:] = rng.permutation(values)[: layer.weight.size].reshape(layer.weight.shape)
    window = split(layer)
    found = np.concatenate([group.weight.ravel() for group in window.groups])
    assert sorted(found[found != 0]) == sorted(layer.weight.ravel())
    # Zeros only where a phase has no tap at all: its results are the bias, one word of nothing.
    reached = [
        len({(ky - layer.padding) % layer.stride for ky in range(kernel)})
        for kernel in layer.kernel
    ]
    assert np.sum(found == 0) == layer.stride**2 - reached[0] * reached[1]


@pytest.mark.parametrize("kernel, stride, padding", [(5, 2, 2), (9, 4, 4), (4, 2, 1), (5, 1, 2)])
def test_usual_layers_waste_nothing(kernel, stride, padding):
    rng = np.random.default_rng(0)
    layer = random_layer(
        rng, kind="deconv", kernel=kernel, stride=stride, padding=padding, in_channels=3,
        out_channels=5, gdn=False,
    )
    window = split(layer)
    assert sum(group.weight.size for group in window.groups) == layer.weight.size
    places = {(c.row, c.column, c.channel) for g in window.groups for c in g.channels}
    assert len(places) == 5 * stride**2 == sum(len(g.channels) for g in window.groups)


def test_phases_that_read_the_same_window_share_a_group():
    rng = np.random.default_rng(0)
    layer = random_layer(
        rng, kind="deconv", kernel=4, stride=4, padding=0, in_channels=1, out_channels=2, gdn=False,
    )
    [group] = split(layer).groups
    assert group.weight.shape == (32, 1, 1, 1) and len(group.channels) == 32
