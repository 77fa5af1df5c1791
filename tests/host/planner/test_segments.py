"""Segments: every channel's own weights in a window that it shares, and few idle output lanes."""

import numpy as np
import pytest

from litelic.host.planner.segments import segments_of
from litelic.host.planner.taps import split
from tests.random_layers import random_layer

ARRAYS = pytest.mark.parametrize("outputs, reduction", [(4, 4), (8, 4), (2, 8), (6, 8), (16, 8)])


def words(weight, reduction):
    """Cycles a result costs with weights [channels][height][width][in]."""
    _, height, width, channels = weight.shape
    return height * -(-width * channels // reduction)


def cost(segments, reduction):
    """Cycles a cell costs."""
    return sum(words(segment.weight, reduction) for segment in segments)


def cost_of_groups(window, outputs, reduction):
    """Cycles a cell costs when every group has segments of its own."""
    return sum(
        words(group.weight, reduction) * -(-len(group.channels) // outputs)
        for group in window.groups
    )


@ARRAYS
@pytest.mark.parametrize("kind", ("conv", "deconv"))
@pytest.mark.parametrize("seed", range(8), indirect=True)
def test_every_channel_keeps_its_weights(kind, outputs, reduction, seed):
    """Each channel is in one segment: its group's weights at their place, zeros around them."""
    rng = np.random.default_rng(seed)
    window = split(random_layer(rng, kind=kind))
    own = {
        channel: (group.y, group.x, weight)
        for group in window.groups
        for channel, weight in zip(group.channels, group.weight, strict=True)
    }
    found = []
    for segment in segments_of(window, outputs, reduction):
        assert segment.weight.dtype == np.int8
        assert 1 <= len(segment.channels) == len(segment.weight) <= outputs
        height, width = segment.weight.shape[1:3]
        assert 0 <= segment.y <= window.span[0] - height
        assert 0 <= segment.x <= window.span[1] - width
        for channel, weight in zip(segment.channels, segment.weight, strict=True):
            y, x, wanted = own[channel]
            expected = np.zeros((*window.span, weight.shape[2]), int)
            expected[y : y + wanted.shape[0], x : x + wanted.shape[1]] = wanted
            got = np.zeros_like(expected)
            got[segment.y : segment.y + height, segment.x : segment.x + width] = weight
            assert np.array_equal(got, expected)
        found += segment.channels
    assert len(found) == len(own) and set(found) == set(own)


@ARRAYS
@pytest.mark.parametrize("seed", range(20), indirect=True)
def test_sharing_costs_no_cycle(outputs, reduction, seed):
    """Nor does a segment compute taps that none of its channels has."""
    rng = np.random.default_rng(seed)
    window = split(random_layer(rng, kind="deconv"))
    segments = segments_of(window, outputs, reduction)
    assert cost(segments, reduction) <= cost_of_groups(window, outputs, reduction)
    boxes = {(group.y, group.x, group.weight.shape[1:3]) for group in window.groups}
    assert all((s.y, s.x, s.weight.shape[1:3]) in boxes for s in segments)


@ARRAYS
@pytest.mark.parametrize("seed", range(8), indirect=True)
def test_convolutions_are_cut_in_order(outputs, reduction, seed):
    rng = np.random.default_rng(seed)
    layer = random_layer(rng, kind="conv", out_channels=range(1, 40))
    window = split(layer)
    segments = segments_of(window, outputs, reduction)
    assert len(segments) == -(-layer.out_channels // outputs)
    assert all(len(segment.channels) == outputs for segment in segments[:-1])
    assert all((segment.y, segment.x) == (0, 0) for segment in segments)
    assert [c for s in segments for c in s.channels] == window.groups[0].channels
    assert np.array_equal(np.concatenate([s.weight for s in segments]), layer.weight)


def transposed(kernel, stride, padding, output_padding, out_channels, in_channels=4):
    rng = np.random.default_rng(0)
    return split(random_layer(
        rng, kind="deconv", kernel=kernel, stride=stride, padding=padding,
        output_padding=output_padding, in_channels=in_channels, out_channels=out_channels,
        gdn=False,
    ))


def test_last_layer_of_a_codec():
    """9x9 to 3 channels at stride 4: 243 of 252 places hold a weight, alone it would be 292."""
    window = transposed(9, 4, 4, 3, 3)
    segments = segments_of(window, 4, 4)
    assert cost_of_groups(window, 4, 4) == 73
    assert cost(segments, 4) == 63
    places = sum(segment.weight[0, ..., 0].size for segment in segments) * 4
    taps = sum(int(np.prod(group.weight.shape[:3])) for group in window.groups)
    assert (taps, places) == (243, 252)


def test_a_free_lane_takes_the_most_expensive_channel_that_fits():
    """5x5 at stride 2 to 3 channels: windows of 9, 6, 6 and 4 taps on 4 lanes. The fourth lane of
    the 9 taps goes to a channel with 6, that of its two neighbours with 6 to one with 4."""
    window = transposed(5, 2, 2, 1, 3)
    assert sorted(words(group.weight, 4) for group in window.groups) == [4, 6, 6, 9]
    segments = segments_of(window, 4, 4)
    assert [words(s.weight, 4) for s in segments] == [9, 6, 6]
    assert cost(segments, 4) == 21 < cost_of_groups(window, 4, 4) == 25
    assert [len(s.channels) for s in segments] == [4, 4, 4]


@pytest.mark.parametrize("kernel, stride", [(4, 4), (2, 2), (8, 4)])
def test_equal_windows_are_cut_like_one_group(kernel, stride):
    """Kernels that are a multiple of the stride: all phases that share a window fill its lanes."""
    window = transposed(kernel, stride, 0, 0, 8)
    for outputs in (4, 8):
        segments = segments_of(window, outputs, 4)
        assert all(len(segment.channels) == outputs for segment in segments)
        assert cost(segments, 4) == cost_of_groups(window, outputs, 4)
