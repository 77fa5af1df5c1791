"""The `.lic` file: every damage is found, and named."""

import struct
import zlib

import pytest

from litelic.host.codec.container import HEADER_SIZE, LicFile, check_model, read, unpack
from litelic.host.errors import LitelicError

LIC = LicFile(width=300, height=4096, grey=True, model=bytes(range(16)), payload=b"payload!" * 3)
DATA = LIC.pack()


def with_header(offset, replacement):
    """The file with other header bytes and a header checksum that is right again."""
    data = bytearray(DATA)
    data[offset : offset + len(replacement)] = replacement
    data[34:38] = struct.pack("<I", zlib.crc32(bytes(data[:34])))
    return bytes(data)


def test_a_file_comes_back():
    assert unpack(DATA) == LIC


def test_the_bytes_are_those_of_the_document():
    expected = bytes.fromhex("89 4c 49 43 01 01 2c 01 00 10") + bytes(range(16))
    expected += (24).to_bytes(4, "little") + zlib.crc32(LIC.payload).to_bytes(4, "little")
    expected += zlib.crc32(expected).to_bytes(4, "little") + LIC.payload
    assert expected == DATA
    assert len(DATA) == HEADER_SIZE + 24 == 38 + 24


@pytest.mark.parametrize("bit", range(8))
def test_every_flipped_bit_is_found(bit):
    for position in range(len(DATA)):
        damaged = bytearray(DATA)
        damaged[position] ^= 1 << bit
        with pytest.raises(LitelicError):
            unpack(bytes(damaged))


def test_every_truncation_is_found():
    for length in range(len(DATA)):
        with pytest.raises(LitelicError, match="photo.lic is cut off"):
            unpack(DATA[:length], "photo.lic")


@pytest.mark.parametrize(("data", "message"), [
    (DATA + b"x", "1 bytes too many"),
    (b"\x89PNG\r\n\x1a\n" + bytes(50), "not a .lic file"),
    (with_header(4, b"\2"), "version 2.*install a newer"),
    (with_header(5, b"\3"), "flags 0x03.*newer"),
    (with_header(6, b"\0\0"), "picture of 0x4096"),
    (with_header(8, b"\1\x10"), "picture of 300x4097"),
    (DATA[:-1] + b"?", "checksum of its payload"),
    (DATA[:20] + b"?" + DATA[21:], "checksum of its header"),
])
def test_each_damage_has_its_own_message(data, message):
    with pytest.raises(LitelicError, match=message):
        unpack(data)


def test_another_model_is_refused_naming_both():
    other = bytes([255] * 32)
    with pytest.raises(LitelicError) as error:
        check_model(LIC, other, "program new")
    assert LIC.model.hex() in str(error.value)
    assert other[:16].hex() in str(error.value)
    check_model(LIC, LIC.model + bytes(16), "program old")


def test_reading_stops_where_the_file_should_end(tmp_path):
    path = tmp_path / "long.lic"
    path.write_bytes(DATA + bytes(1000))
    assert read(path) == DATA + b"\0"
    path.write_bytes(DATA)
    assert unpack(read(path)) == LIC


def test_a_huge_announced_payload_is_not_believed(tmp_path):
    path = tmp_path / "huge.lic"
    path.write_bytes(with_header(26, b"\xff\xff\xff\xff"))
    with pytest.raises(LitelicError, match="cut off: 24 of 4294967295"):
        unpack(read(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LitelicError, match="none.lic"):
        read(tmp_path / "none.lic")
