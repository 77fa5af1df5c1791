"""Frames to bytes and back, whatever has happened to the bytes."""

import random
import re
import struct
import zlib
from pathlib import Path

import pytest

import litelic.firmware
from litelic.host.link import protocol
from litelic.host.link.protocol import (
    HEADER_BYTES,
    MAX_FRAME,
    MAX_PAYLOAD,
    VERSION,
    ErrorCode,
    Frame,
    Outcome,
    Parser,
    Refusal,
    Request,
    RunState,
    decode,
)
from tests.host.link.fake_line import Faults

GARBAGE = (b"\x4c", b"\x4c\x9c", b"\x4c\x9c\x02", b"text", bytes(3))


def random_frame(chance):
    length = chance.choice((0, 0, 1, 2, 3, 4, 5, chance.randrange(100), MAX_PAYLOAD - 1,
                            MAX_PAYLOAD))
    return Frame(
        type=chance.randrange(256),
        sequence=chance.randrange(1 << 16),
        address=chance.getrandbits(32),
        key=chance.getrandbits(32),
        payload=chance.randbytes(length),
    )


def in_pieces(chance, stream):
    while stream:
        count = chance.choice((1, 7, 100, 5000))
        yield bytes(stream[:count])
        stream = stream[count:]


# One frame ----------------------------------------------------------------------------------------


def test_bytes_of_a_frame():
    """Worked out by hand; the CRCs bit by bit."""
    frame = Frame(Request.WRITE, 0x1234, 0x01020304, 0x0A0B0C0D, b"123456789")
    assert frame.encode() == bytes.fromhex(
        "4c9c0203 34120900 04030201 0d0c0b0a 1fd6a856"
    ) + b"123456789\0\0\0" + bytes.fromhex("987a7455")
    assert Frame(Request.PING, 1, 2, 3).encode()[:16] == bytes.fromhex(
        "4c9c0202 01000000 02000000 03000000")
    assert len(Frame(Request.PING, 1).encode()) == HEADER_BYTES == 20


def test_too_long_a_payload():
    assert len(Frame(Request.WRITE, 0, payload=bytes(MAX_PAYLOAD)).encode()) == MAX_FRAME
    with pytest.raises(ValueError, match="1408"):
        Frame(Request.WRITE, 0, payload=bytes(MAX_PAYLOAD + 1)).encode()


@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_there_and_back(seed):
    chance = random.Random(seed)
    for _ in range(100):
        frame = random_frame(chance)
        data = frame.encode()
        assert len(data) % 4 == 0
        assert decode(data) == decode(data + chance.randbytes(9)) == (frame, len(data))


@pytest.mark.parametrize("length", (0, 1, 4, 40))
def test_every_cut_is_noticed(length):
    """There may be more to come; and nothing is a frame until all of it is here."""
    data = Frame(Request.READ, 7, 8, 9, bytes(range(length))).encode()
    for cut in range(len(data)):
        assert decode(data[:cut]) == (None, -1)
    assert decode(data)[1] == len(data)


@pytest.mark.parametrize("length", (0, 1, 3, 40))
def test_every_flipped_bit_is_noticed(length, seed):
    """Those of what fills the payload up, too; and the next frame is found."""
    payload = random.Random(seed).randbytes(length)
    good = Frame(Request.READ, 7, 8, 9, payload).encode()
    following = Frame(Request.PING, 1)
    for bit in range(8 * len(good)):
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        assert decode(damaged) == (None, 0)
        assert Parser().feed(bytes(damaged) + following.encode()) == [following]


def test_a_longer_payload_than_any_is_no_frame():
    """Whatever its header's CRC says."""
    header = bytearray(Frame(Request.WRITE, 38).encode()[:16])
    header[6:8] = struct.pack("<H", MAX_PAYLOAD + 1)
    announced = bytes(header) + struct.pack("<I", zlib.crc32(header))
    assert decode(announced + bytes(2000)) == (None, 0)
    assert Parser().feed(announced + Frame(Request.PING, 1).encode()) == [Frame(Request.PING, 1)]


@pytest.mark.parametrize("version", (1, 3, 255))
def test_another_versions_header_is_told(version, seed):
    """Its payload may be anything, so it is not looked at."""
    chance = random.Random(seed)
    header = struct.pack("<HBBHHII", 0x9C4C, version, 0x81, 5, 4096, 6, 7)
    told = Frame(0x81, 5, 6, 7, b"", version)
    data = header + struct.pack("<I", zlib.crc32(header))
    assert decode(data) == (told, HEADER_BYTES)
    ours = Frame(Request.PING, 1)
    assert Parser().feed(data + chance.randbytes(4100) + ours.encode()) == [told, ours]
    assert decode(b"\x4b" + data[1:]) == (None, 0)
    assert decode(data[:16] + bytes(4)) == (None, 0)


# Streams of bytes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_frames_are_found_in_garbage(seed):
    """Between garbage that is full of magic numbers, and fed in pieces of any size."""
    chance = random.Random(seed)
    frames = [random_frame(chance) for _ in range(30)]
    stream = bytearray()
    for frame in frames:
        stream += b"".join(chance.choice(GARBAGE) for _ in range(chance.randrange(20)))
        stream += frame.encode()
    parser = Parser()
    assert [f for piece in in_pieces(chance, stream) for f in parser.feed(piece)] == frames


@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_only_good_frames_come_out(seed):
    """Of damaged and cut ones none, and all of the others, in their order."""
    chance = random.Random(seed)
    faults, stream, good = Faults(chance, lose=0.1, damage=0.5), bytearray(), []
    for _ in range(200):
        frame = random_frame(chance)
        whole = frame.encode()
        for _, data in faults(whole):
            # What follows does not happen to be what was cut off.
            stream += data + 8 * bytes([whole[-1] ^ 0xFF])
            good += [frame] if data == whole else []
    stream += bytes(MAX_FRAME)
    parser = Parser()
    assert [f for piece in in_pieces(chance, stream) for f in parser.feed(piece)] == good
    assert 50 < len(good) < 130


def test_a_header_is_no_payload():
    """A frame is cut behind its header, and another one follows."""
    cut = Frame(Request.OPEN, 1, 2, 3, bytes(16)).encode()[:HEADER_BYTES]
    following = Frame(Request.WRITE, 16, 0x100, 4, b"data")
    assert Parser().feed(cut + following.encode() + bytes(MAX_FRAME)) == [following]


def test_what_stands_outside_is_kept():
    parser = Parser()
    frame = Frame(Request.PING, 1)
    assert parser.feed(b"hello " + frame.encode() + b"there") == [frame]
    assert parser.outside == b"hello there"
    parser.feed(bytes(100_000) + b"end")
    assert len(parser.outside) <= Parser.OUTSIDE_KEPT and parser.outside.endswith(b"end")


# Payloads -----------------------------------------------------------------------------------------


def test_refusals():
    payload = bytes.fromhex("0d 03 0000 44332211") + b"no window\r\n"
    refusal = Refusal.parse(payload)
    assert refusal == Refusal(ErrorCode.WINDOW, Request.WRITE, 0x11223344, "no window")
    assert Refusal.parse(payload[:8]).text == ""
    assert Refusal.parse(payload[:7]) is None
    assert Refusal.parse(payload[:8] + b"\xff?").text == "\ufffd?"


def test_outcomes():
    payload = struct.pack("<IIIIQQ", 7, 3, 5, 9, 1 << 40, 1 << 41)
    assert Outcome.parse(payload) == Outcome(7, RunState.STUCK, 5, 9, 1 << 40, 1 << 41)
    assert Outcome.parse(payload[:-1]) is Outcome.parse(payload + b"?") is None
    assert Outcome.parse(struct.pack("<IIIIQQ", 7, 6, 5, 9, 0, 0)) is None


def test_firmware_has_the_same_numbers():
    folder = Path(litelic.firmware.__file__).parent
    text = "".join((folder / name).read_text() for name in ("protocol.h", "runs.h"))
    numbers = {
        name: int(value, 0)
        for name, value in re.findall(r"(\w+)(?: =|\s)\s*(0x[0-9A-Fa-f]+|\d+)[,\s]", text)
    }
    for prefix, names in (("REQUEST", Request), ("ERROR", ErrorCode), ("RUN", RunState)):
        ours = {f"{prefix}_{entry.name}": entry.value for entry in names}
        theirs = {name: value for name, value in numbers.items() if name.startswith(f"{prefix}_")}
        assert ours == theirs
    for name in ("MAGIC", "VERSION", "MAX_PAYLOAD"):
        assert numbers[f"PROTOCOL_{name}"] == getattr(protocol, name)
    for name in ("PROGRAM_ID_BYTES", "DESCRIPTOR_BYTES", "RESPONSE", "RESPONSE_TEXT",
                 "RESPONSE_ERROR", "WINDOWS", "WINDOW_ALIGNMENT", "WATCHDOG_UNIT", "RUNS_QUEUED"):
        assert numbers[name] == getattr(protocol, name)
    assert numbers["PROTOCOL_PORT"] == protocol.UDP_PORT
    assert numbers["HELLO_TAKE_OVER"] == protocol.TAKE_OVER
    assert VERSION == 2
