"""The weight stream, decoded again byte for byte."""

import struct
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from litelic.accel.config import BEAT_BYTES, ArrayConfig
from litelic.accel.weights_format import SEGMENT_GDN, SEGMENT_LAST, SEGMENT_RELEASE
from litelic.host.errors import LitelicError
from litelic.host.planner.pack import align, middle_channels, pack
from litelic.host.planner.segments import segments_of
from litelic.host.planner.taps import split
from tests.random_layers import random_layer

CONFIGS = [
    ArrayConfig(4, 4), ArrayConfig(8, 4, port_bytes=32), ArrayConfig(8, 6, port_bytes=64),
    ArrayConfig(4, 12),
]


def decode(data, config):
    """The segments of a stream; zeros that fill the last word of the port may follow."""
    segments, place = [], 0

    def take(count):
        nonlocal place
        place += count
        assert place <= len(data), "the stream ends within a segment"
        return data[place - count : place]

    while len(data) - place >= config.port_bytes or any(data[place:]):
        words, rows, y, x, flags, total = struct.unpack("<HBBHBxI4x", take(BEAT_BYTES))
        assert total == words * rows > 0
        parameters = [struct.unpack("<iHBBH6x", take(BEAT_BYTES)) for _ in range(config.outputs)]
        shape = (rows, words, config.outputs, config.reduction)
        weight = np.frombuffer(take(int(np.prod(shape))), np.int8).reshape(shape)
        segments.append(SimpleNamespace(
            words=words, rows=rows, y=y, x=x, flags=flags, weight=weight, parameters=parameters,
        ))
    return segments


def check_channel(segment, n, weight, requantiser, c, row, offset, start=0):
    """Lane n of a segment computes channel c with weight [rows][run], the rest is 0. The segment's
    run begins at operand `start` of the weight's."""
    bias, multiplier, shift, place, at = segment.parameters[n]
    assert (bias, multiplier, shift) == (
        requantiser.bias[c], requantiser.multiplier[c], requantiser.shift[c],
    )
    assert place == row | 0x80 and at == offset
    packed = segment.weight[:, :, n].reshape(segment.rows, -1)
    run = weight.shape[1] - start
    assert not weight[:, :start].any() and not weight[:, start + packed.shape[1] :].any()
    weight = weight[:, start : start + packed.shape[1]]
    assert np.array_equal(packed[:, : weight.shape[1]], weight)
    assert not packed[:, weight.shape[1] :].any()
    assert packed.shape[1] - run < segment.weight.shape[3]


def check_padding(segment, first, config):
    """Lanes without a channel store nothing."""
    for n in range(first, config.outputs):
        assert segment.parameters[n] == (0, 0, 0, 0, 0)
        assert not segment.weight[:, :, n].any()


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.shape)
@pytest.mark.parametrize("seed", range(12), indirect=True)
def test_stream_holds_the_layer(config, seed):
    rng = np.random.default_rng(seed)
    check_stream(random_layer(rng), config)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.shape)
def test_a_sum_of_maps_takes_a_word_of_each(config, seed):
    """Whatever the number of channels: what is 0 in all of a segment's runs is not computed."""
    rng = np.random.default_rng(seed)
    channels = 3 * config.outputs
    layer = random_layer(
        rng, kind="pair", in_channels=channels, out_channels=channels, gdn=False,
    )
    layer = replace(layer, weight=np.full_like(layer.weight, 0))
    for c in range(channels):
        layer.weight[c, :, 0, c] = (5, -7)
    packed = pack(layer, config)
    assert {segment.words for segment in packed.segments} <= {
        2 * -(-config.outputs // config.reduction)
    }
    check_stream(layer, config)


def test_a_layer_of_zeros_has_a_word_a_row(seed):
    layer = random_layer(np.random.default_rng(seed), kind="conv", kernel=3, gdn=False)
    layer = replace(layer, weight=np.zeros_like(layer.weight))
    assert {segment.words for segment in pack(layer, CONFIGS[0]).segments} == {3}
    check_stream(layer, CONFIGS[0])


def check_stream(layer, config):
    packed = pack(layer, config)
    assert len(packed.data) % config.port_bytes == 0
    segments = decode(packed.data, config)
    assert [(s.words * s.rows, bool(s.flags & SEGMENT_GDN)) for s in segments] == [
        (s.words, s.gdn) for s in packed.segments
    ]
    results = align(layer.sums, config.reduction) if layer.gdn else layer.out_channels
    size = 2 if layer.output == "int16" and not layer.gdn else 1
    rest = iter(segments)
    for expected in segments_of(split(layer), config.outputs, config.reduction):
        segment = next(rest)
        start = segment.x - expected.x * layer.in_channels
        assert segment.y == expected.y and start >= 0
        assert not segment.flags & SEGMENT_GDN
        for n, channel in enumerate(expected.channels):
            weight = expected.weight[n].reshape(expected.weight.shape[1], -1)
            offset = (channel.column * results + channel.channel) * size
            check_channel(segment, n, weight, layer, channel.sum, channel.row, offset, start)
        check_padding(segment, len(expected.channels), config)
    if layer.gdn:
        for first in range(0, layer.out_channels, config.outputs):
            segment = next(rest)
            assert segment.flags & SEGMENT_GDN
            assert (segment.y, segment.x, segment.rows) == (0, 0, 1)
            count = min(config.outputs, layer.out_channels - first)
            for n in range(count):
                gamma = layer.gdn.gamma[first + n][None]
                check_channel(segment, n, gamma, layer.gdn, first + n, 0, first + n)
            check_padding(segment, count, config)
    assert next(rest, None) is None
    last_convolution = sum(not s.gdn for s in packed.segments) - 1
    for i, segment in enumerate(segments):
        assert bool(segment.flags & SEGMENT_RELEASE) == (i == last_convolution)
        assert bool(segment.flags & SEGMENT_LAST) == (i == len(segments) - 1)


@pytest.mark.parametrize("channels, reduction, padded", [(1, 4, 4), (8, 8, 8), (9, 8, 16)])
def test_middle_values_are_whole_words(channels, reduction, padded):
    layer = random_layer(np.random.default_rng(0), out_channels=channels)
    assert middle_channels(layer, ArrayConfig(reduction, 4)) == padded


def test_a_layer_beyond_the_stream_is_refused():
    layer = random_layer(
        np.random.default_rng(0), name="g_a.3", kind="conv", kernel=1, stride=1, padding=0,
        in_channels=1, out_channels=(1 << 15) + 1, output="int16", gdn=False,
    )
    with pytest.raises(LitelicError, match="layer g_a.3: .* too many for the weight stream"):
        pack(layer, CONFIGS[0])
