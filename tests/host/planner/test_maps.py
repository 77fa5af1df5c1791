"""Where feature maps lie: nothing is overwritten before its last reader, pairs lie in turns."""

from types import SimpleNamespace

import numpy as np
import pytest

from litelic.host.errors import LitelicError
from litelic.host.planner.maps import MAP_ALIGNMENT, FeatureMap, place
from litelic.host.program.network import INPUT, pairs_of

PORT, START = 16, 8192
LARGE = 1 << 30


def random_network(rng):
    """(layers, heights by result): chains, skips and pairs, as far as `place` looks at them."""
    heights, layers, paired = {INPUT: int(rng.integers(1, 12))}, [], set()
    for i in range(int(rng.integers(2, 12))):
        pairs = [
            (a, b) for a in range(INPUT, i) for b in range(INPUT, i)
            if a != b and heights[a] == heights[b] and not {a, b} & paired
        ]
        if pairs and rng.random() < 0.5:
            sources = pairs[rng.integers(len(pairs))]
            paired |= {*sources}
        else:
            sources = (int(rng.integers(INPUT, i)) if rng.random() < 0.4 else i - 1,)
        kind = "pair" if len(sources) > 1 else "conv"
        layers.append(SimpleNamespace(sources=sources, kind=kind))
        heights[i] = heights[sources[0]] if rng.random() < 0.6 else int(rng.integers(1, 12))
    return layers, heights


def rows(feature_map):
    return [
        slice(first, first + feature_map.row_bytes)
        for first in range(feature_map.address, feature_map.address
                           + feature_map.height * feature_map.pitch, feature_map.pitch)
    ]


def run(layers, placed, kept, size):
    """Every layer writes its number; what it reads must still be there, and in the end what is
    kept."""
    memory = np.full(size, -9)
    for row in rows(placed[0]):
        memory[row] = INPUT
    for i, layer in enumerate(layers):
        for source in layer.sources:
            assert all((memory[row] == source).all() for row in rows(placed[source + 1]))
        if layer.kind == "pair":
            first, second = (placed[source + 1] for source in layer.sources)
            both = first.both()
            assert both.height == 2 * first.height and both.pitch == first.row_bytes
            assert second.address == first.address + both.pitch
        for row in rows(placed[i + 1]):
            memory[row] = i
    for result in kept:
        assert all((memory[row] == result).all() for row in rows(placed[result + 1]))


@pytest.mark.parametrize("seed", range(60), indirect=True)
def test_nothing_is_lost_in_the_smallest_memory(seed):
    rng = np.random.default_rng(seed)
    layers, heights = random_network(rng)
    maps = [
        FeatureMap.at(0, heights[i], 40, 3, "u1", PORT) for i in range(INPUT, len(layers))
    ]
    kept = {len(layers) - 1, int(rng.integers(0, len(layers)))}
    low, high = START, LARGE
    while high - low > 1:
        middle = (low + high) // 2
        try:
            place(maps, layers, kept, (START, middle), "it")
        except LitelicError as error:
            assert "use a smaller picture" in str(error)
            low = middle
        else:
            high = middle
    run(layers, place(maps, layers, kept, (START, high), "it"), kept, high)
    everything = range(len(layers))
    run(layers, place(maps, layers, everything, (START, LARGE), "it"), everything, 1 << 20)


@pytest.mark.parametrize("seed", range(20), indirect=True)
def test_ends_can_have_a_room_of_their_own(seed):
    """Everything between them lies where it may be overwritten by another network's."""
    rng = np.random.default_rng(seed)
    layers, heights = random_network(rng)
    maps = [
        FeatureMap.at(0, heights[i], 40, 3, "u1", PORT) for i in range(INPUT, len(layers))
    ]
    kept = {len(layers) - 1, int(rng.integers(0, len(layers)))}
    ends, between = (1 << 19, 1 << 20), (START, 1 << 19)
    placed = place(maps, layers, kept, between, "it", ends)
    run(layers, placed, kept, 1 << 20)
    low, high = START, 1 << 19
    while high - low > 1:  # the smallest room for what is between
        middle = (low + high) // 2
        try:
            run(layers, place(maps, layers, kept, (START, middle), "it", ends), kept, 1 << 20)
        except LitelicError:
            low = middle
        else:
            high = middle
    partners = {r: pair for pair in pairs_of(layers).values() for r in pair}
    for result in range(INPUT, len(layers)):
        together = {result, *partners.get(result, ())}
        begin, end = ends if together & {INPUT, *kept} else between
        where = placed[result + 1]
        assert begin <= where.address and where.address + where.size <= end
    with pytest.raises(LitelicError, match="use a smaller picture"):
        place(maps, layers, kept, between, "it", (1 << 19, (1 << 19) + maps[0].size - 1))


def test_a_map_is_written_and_read_with_its_pitch(seed):
    rng = np.random.default_rng(seed)
    plain = FeatureMap.at(MAP_ALIGNMENT, 5, 7, 3, np.int16, PORT)
    first, second = plain.paired(False), plain.paired(True)
    memory = np.zeros(2 * plain.size, np.uint8)
    arrays = [rng.integers(-999, 999, (5, 7, 3)).astype(np.int16) for _ in range(2)]
    for feature_map, array in zip((first, second), arrays):
        data = feature_map.to_bytes(array)
        assert len(data) == feature_map.size
        for y in range(5):
            begin = feature_map.address - MAP_ALIGNMENT + y * feature_map.pitch
            place_in_data = y * feature_map.pitch
            memory[begin : begin + plain.row_bytes] = np.frombuffer(
                data[place_in_data : place_in_data + plain.row_bytes], np.uint8
            )
    for feature_map, array in zip((first, second), arrays):
        begin = feature_map.address - MAP_ALIGNMENT
        image = memory[begin : begin + feature_map.size].tobytes()
        assert np.array_equal(feature_map.from_bytes(image), array)
    both = first.both().from_bytes(memory[: first.both().size].tobytes())
    assert np.array_equal(both[::2], arrays[0]) and np.array_equal(both[1::2], arrays[1])
