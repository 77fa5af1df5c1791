"""The entropy coder: exact for every input, equal to its document, sound on any bytes."""

import hashlib
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litelic.host.codec import rans
from litelic.host.codec.lanes import MAX_LANES, WHOLE, choose_lanes, encode_lanes
from litelic.host.codec.sharpening import EXPONENTS, cost, powers_of_two, versions
from litelic.host.errors import LitelicError
from tests.host.codec import slow_rans
from tests.host.codec.models import (
    laplacian_latents,
    laplacian_table,
    random_table,
    table_from,
)


def check_exact(latents, tables):
    payload = rans.encode(latents, tables)
    decoded = rans.decode(payload, latents.shape, tables)
    assert decoded.dtype == np.int16
    assert np.array_equal(decoded, latents)
    return payload


def random_latents(rng, shape, tables):
    """Inside, outside and at the ends of the tables and of int16."""
    latents = rng.integers(-32768, 32768, shape)
    for channel, table in enumerate(tables):
        inside = rng.integers(table.offset - 1, table.offset + len(table.cdf), shape[:2])
        keep = rng.random(shape[:2]) < rng.choice([0, 0.9, 1])
        latents[:, :, channel] = np.where(keep, inside, latents[:, :, channel])
    latents[rng.random(shape) < 0.05] = rng.choice([-32768, 32767])
    return latents.astype(np.int16)


@pytest.mark.parametrize("seed", range(20), indirect=True)
def test_any_latents_come_back(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(v) for v in rng.integers(1, [12, 12, 9]))
    tables = [random_table(rng) for _ in range(shape[2])]
    check_exact(random_latents(rng, shape, tables), tables)


@pytest.mark.parametrize("seed", range(6), indirect=True)
def test_the_document_describes_the_payload(seed):
    rng = np.random.default_rng(seed)
    height, width = (int(v) for v in rng.integers(1, 9, 2))
    tables = [laplacian_table(rng.uniform(0.3, 4)) for _ in range(3)] + [random_table(rng)]
    latents = laplacian_latents(rng, height, width, [0.2, 6, 1, 0.5])
    payload = rans.encode(latents, tables)
    decoded = slow_rans.decode(payload, height, width, tables)
    for index, value in decoded.items():
        assert value == latents[index]
    assert len(decoded) == latents.size


def test_the_document_describes_many_lanes_and_both_modes(seed):
    rng = np.random.default_rng(seed)
    tables = [laplacian_table(3), laplacian_table(0.5)]
    modes = set()
    for scales in ([3, 0.5], [30, 0.1]):
        busy = laplacian_latents(rng, 33, 31, scales)
        even = np.rint(rng.laplace(0, scales, (33, 31, 2))).astype(np.int16)
        for latents in (busy, even):
            payload = rans.encode(latents, tables)
            modes.add(payload[0])
            decoded = slow_rans.decode(payload, 33, 31, tables)
            assert all(decoded[index] == latents[index] for index in np.ndindex(latents.shape))
    assert modes == {rans.PLAIN, rans.CONTEXTS}


@pytest.mark.parametrize("value", [-32768, -1, 0, 32767])
def test_all_escapes(value):
    latents = np.full((3, 5, 2), value, np.int16)
    tables = [table_from([65536], 0), table_from([65535, 1], 1000)]
    check_exact(latents, tables)


def test_certain_symbols_cost_nothing():
    tables = [table_from([65535, 1], 7)] * 4
    payload = check_exact(np.full((16, 16, 4), 7, np.int16), tables)
    assert len(payload) <= 16


def test_a_table_with_every_symbol():
    tables = [table_from([1] * 65536, -32768)]
    latents = np.arange(-32768, 32768, 997, dtype=np.int16)[None, :, None]
    check_exact(latents, tables)


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=40), st.integers(1, 5))
def test_one_column(values, channels):
    latents = np.array(values, np.int16)[:, None, None].repeat(channels, axis=2)
    check_exact(latents, [laplacian_table(1 + c) for c in range(channels)])


def counter_latents(height, width, channels):
    """Latents without any random generator: the same for ever."""
    x = np.arange(height * width * channels, dtype=np.uint64)
    x = (x * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)) >> np.uint64(40)
    x = (x % np.uint64(17) * (x % np.uint64(5))).astype(np.int64) - 20
    x[::101] = 32767
    return x.reshape(height, width, channels).astype(np.int16)


def test_the_bytes_never_change():
    """Other bytes here mean another format: files that users have would no longer decode."""
    tables = [table_from([2000] * 32 + [1536], -16), table_from([40000, 20000, 5000, 536], -1)]
    payload = check_exact(counter_latents(40, 30, 2), tables)
    assert payload[0] == rans.CONTEXTS
    assert hashlib.sha256(payload).hexdigest()[:32] == "7cb2bd4d8f5d38ab89bfe86c76b9c34b"


def test_contexts_gain_on_varying_activity(seed):
    scales = np.random.default_rng(seed).uniform(0.2, 2, 24)
    tables = [laplacian_table(scale, 200) for scale in scales]
    latents = laplacian_latents(np.random.default_rng(seed), 24, 24, scales / 1.5)
    payload = check_exact(latents, tables)
    plain, _ = rans._measure(latents.transpose(2, 0, 1), tables)
    assert payload[0] == rans.CONTEXTS
    assert len(payload) < 0.95 * plain / 4096 / 8


def test_size_is_close_to_the_entropy_and_lanes_are_cheap(seed):
    """In the plain mode: latents that are exactly what the tables say."""
    rng = np.random.default_rng(seed)
    table = laplacian_table(1.0)
    probability = np.diff(table.cdf.astype(np.int64)) / WHOLE
    for side in (8, 128):
        symbols = rng.choice(len(probability) - 1, (side, side, 8), p=probability[:-1] /
                             probability[:-1].sum())
        payload = check_exact((symbols + table.offset).astype(np.int16), [table] * 8)
        ideal = -np.log2(probability[symbols]).sum() / 8
        assert len(payload) < 1.01 * ideal + 12


def test_lanes_follow_the_size():
    assert choose_lanes(0) == 1
    assert choose_lanes(30_000) == 32
    assert choose_lanes(10**9) == MAX_LANES


def test_a_photograph_takes_less_than_a_second(seed):
    scales = np.geomspace(0.2, 8, 96)
    tables = [laplacian_table(scale, 60) for scale in scales]
    latents = laplacian_latents(np.random.default_rng(seed), 32, 48, scales)
    start = time.process_time()
    payload = rans.encode(latents, tables)
    encoded = time.process_time()
    rans.decode(payload, latents.shape, tables)
    assert encoded - start < 1
    assert time.process_time() - encoded < 1


# Damage -------------------------------------------------------------------------------------------

def decode_or_error(payload, shape, tables):
    """Decoding gives latents or a `LitelicError`, nothing else."""
    try:
        return rans.decode(payload, shape, tables)
    except LitelicError:
        return None


@pytest.mark.parametrize("mode_latents", [(0.7, 0.7), (0.1, 5)])
def test_truncation_is_always_found(mode_latents, seed):
    rng = np.random.default_rng(seed)
    tables = [laplacian_table(1), laplacian_table(2)]
    latents = laplacian_latents(rng, 9, 8, mode_latents)
    payload = rans.encode(latents, tables)
    for length in range(len(payload)):
        with pytest.raises(LitelicError, match="damaged"):
            rans.decode(payload[:length], latents.shape, tables)
    for extra in (b"\0", b"\0\0", b"\xff" * 5):
        with pytest.raises(LitelicError, match="damaged"):
            rans.decode(payload + extra, latents.shape, tables)


@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_damage_never_escapes_as_another_exception(seed):
    rng = np.random.default_rng(seed)
    tables = [random_table(rng) for _ in range(3)]
    latents = random_latents(rng, (7, 6, 3), tables)
    payload = rans.encode(latents, tables)
    for _ in range(40):
        damaged = bytearray(payload)
        for _ in range(int(rng.integers(1, 4))):
            damaged[int(rng.integers(len(damaged)))] ^= 1 << int(rng.integers(8))
        decode_or_error(bytes(damaged), latents.shape, tables)
        decode_or_error(rng.bytes(int(rng.integers(60))), latents.shape, tables)
        decode_or_error(bytes([rng.integers(2), rng.integers(10)]) + rng.bytes(90),
                        latents.shape, tables)


def test_latents_beyond_16_bits_are_damage():
    tables = [table_from([65535, 1], 40000)]
    states, words = encode_lanes(np.array([[0]]), np.array([[65535]]))
    head = rans.HEAD.pack(rans.PLAIN, 0, 0)
    payload = head + states.astype("<u4").tobytes() + words.astype("<u2").tobytes()
    with pytest.raises(LitelicError, match="16 bits"):
        rans.decode(payload, (1, 1, 1), tables)


def test_an_unknown_mode_asks_for_a_newer_version():
    with pytest.raises(LitelicError, match="mode 2"):
        rans.decode(b"\2" + bytes(30), (1, 1, 1), [laplacian_table(1)])


def test_a_wrong_number_of_channels_is_refused():
    with pytest.raises(LitelicError, match="2 latent channels"):
        rans.encode(np.zeros((2, 2, 3), np.int16), [laplacian_table(1)] * 2)


# Versions of a table ------------------------------------------------------------------------------

def test_powers_and_costs_are_close_to_the_real_ones():
    f = np.arange(4096)
    assert np.abs(powers_of_two() / 2.0**32 - 2.0 ** (-f / 4096)).max() < 2.0**-28
    p = np.arange(1, WHOLE + 1)
    assert np.abs(cost(p) / 4096 + np.log2(p / WHOLE)).max() <= 1.01 / 4096


@pytest.mark.parametrize("seed", range(8), indirect=True)
def test_versions_are_powers_of_the_table(seed):
    frequency = np.diff(random_table(np.random.default_rng(seed)).cdf.astype(np.int64))
    rows = versions(frequency)
    assert (rows >= 1).all() and (rows.sum(axis=1) == WHOLE).all()
    for row, exponent in zip(rows, EXPONENTS, strict=True):
        exact = (frequency / frequency.max()) ** (exponent / 64)
        exact *= WHOLE / exact.sum()
        assert np.abs(row - exact).max() <= len(frequency) + 0.01 * exact.max()


def test_progress_tells_of_every_part(seed):
    rng = np.random.default_rng(seed)
    tables = [laplacian_table(4)] * 3
    latents = laplacian_latents(rng, 9, 8, [4, 4, 4])
    calls = []
    payload = rans.encode(latents, tables, lambda *call: calls.append(call))
    rans.decode(payload, latents.shape, tables, lambda *call: calls.append(call))
    labels = {label for label, _, _ in calls}
    assert labels == {
        "entropy coding, statistics", "entropy coding", "entropy coding, bits", "entropy decoding"
    }
    assert all(0 <= done <= total for _, done, total in calls)
