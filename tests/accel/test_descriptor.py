"""The bytes of descriptors and completion records."""

import random
import struct

import pytest

from litelic.accel.config import BEAT_BYTES, PORT_BYTES
from litelic.accel.descriptor import (
    COUNTERS,
    DESCRIPTOR_BYTES,
    FIELDS,
    FUNCTION_CODES,
    MAGIC,
    RECORD_OFFSET,
    STORAGE_CODES,
    TRAFFIC,
    pack,
    unpack_record,
)
from litelic.host.program.layer import FUNCTIONS, STORAGE_BYTES


def test_fields_are_little_endian_words_in_order(seed):
    chance = random.Random(seed)
    values = {name: chance.randrange(-(2**31), 2**32) for name in FIELDS[1:]}
    data = pack(values)
    assert len(data) == RECORD_OFFSET and data[:4] == b"LLD1"
    for i, name in enumerate(FIELDS[1:], 1):
        assert struct.unpack_from("<I", data, 4 * i)[0] == values[name] % 2**32, name


def test_fields_and_record_fit_their_places():
    assert len(set(FIELDS)) == len(FIELDS)
    assert 4 * len(FIELDS) <= RECORD_OFFSET
    for port_bytes in PORT_BYTES:
        assert 4 * len(FIELDS) % port_bytes == 0, "the fetcher reads whole words of a port"
        assert DESCRIPTOR_BYTES % port_bytes == 0
    assert RECORD_OFFSET % BEAT_BYTES == 0, "the fetcher writes whole beats"
    assert RECORD_OFFSET + 4 * (2 + len(COUNTERS) + len(TRAFFIC)) <= DESCRIPTOR_BYTES


def test_a_missing_field_is_noticed():
    values = dict.fromkeys(FIELDS[1:], 0)
    del values["block_bytes"]
    with pytest.raises(KeyError, match="block_bytes"):
        pack(values)


def test_record():
    names = ("total", *COUNTERS, *TRAFFIC)
    assert len(set(names)) == len(names)
    words = [MAGIC, *range(1000, 1000 + len(names))]
    data = struct.pack("<16I", *words, *[0] * (16 - len(words)))
    assert unpack_record(data) == {name: i for i, name in enumerate(names, 1000)}
    assert unpack_record(bytes(64)) is None


def test_codes_cover_what_programs_hold():
    assert set(STORAGE_CODES) == set(STORAGE_BYTES)
    assert set(FUNCTION_CODES) == set(FUNCTIONS)
    assert sorted(FUNCTION_CODES.values()) == [0, 1, 2, 3, 5]
    assert sorted(STORAGE_CODES.values()) == [0, 1, 2, 3, 4, 11, 12]
