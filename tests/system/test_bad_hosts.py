"""What a bad host, or a bad line, can do to the simulated board.

One simulator serves all tests of this file, so each of them also shows that the one before left a
board that works.
"""

import random
import struct
import zlib

import pytest

from litelic.host.link.protocol import (
    HEADER_BYTES,
    MAX_FRAME,
    MAX_PAYLOAD,
    PROGRAM_ID_BYTES,
    RESPONSE,
    WINDOW_ALIGNMENT,
    WINDOWS,
    ErrorCode,
    Frame,
    Request,
)
from tests.system.raw import RawHost, connect, refused

DRAM_BYTES = 256 << 20
FOUR = struct.pack("<I", 4)


@pytest.fixture
def raw(simulator):
    with RawHost(simulator.url) as host:
        host.hello()
        yield host


def opening(number=0, base=0, size=64, writable=0):
    return struct.pack("<IIII", number, base, size, writable)


def is_fine(simulator):
    with connect(simulator.url) as board:
        board.write(4, b"still here")
        assert board.read(4, 10) == b"still here"


# Bytes that are no frames -------------------------------------------------------------------------


def test_a_megabyte_of_garbage(simulator, seed):
    """Its end is full of what frames begin with."""
    chance = random.Random(seed)
    garbage = chance.randbytes((1 << 20) - (1 << 16)) + b"".join(
        chance.choice((b"\x4c", b"\x4c\x9c", b"\x4c\x9c\x02", b"x")) for _ in range(1 << 15))
    with RawHost(simulator.url) as host:
        host.send(garbage)
        host.hello()
        assert host.request(Request.PING).type == Request.PING | RESPONSE
    is_fine(simulator)


def test_client_leaves_while_its_garbage_is_read(simulator):
    """The next client need not wait for the rest."""
    for _ in range(3):
        with RawHost(simulator.url) as client:
            client.send(bytes(1 << 20))
        is_fine(simulator)


CUTS = 1, 19, HEADER_BYTES, HEADER_BYTES + 7, HEADER_BYTES + MAX_PAYLOAD


@pytest.mark.parametrize("cut", CUTS)
def test_cable_pulled_in_a_write(simulator, cut):
    """Nothing of that is written, whatever comes in the place of the rest."""
    with RawHost(simulator.url) as host:
        host.hello()
        key = int.from_bytes(host.open(0, 0, 0x2000, 1408, 1), "little")
        host.done(host.request(Request.WRITE, 0, bytes([7]) * 1408, key))
        host.send(Frame(Request.WRITE, 99, 0, key, bytes(MAX_PAYLOAD)).encode()[:cut])
    with RawHost(simulator.url) as host:
        host.send(bytes(MAX_FRAME))
        host.hello()
    with connect(simulator.url) as board:
        assert board.read(0x2000, 1408) == bytes([7]) * 1408


def test_the_next_client_need_not_wait_for_a_rest(simulator):
    """What is missing of a frame will not come, after a while without a byte."""
    with RawHost(simulator.url) as host:
        host.hello()
        host.send(host.make(Request.WRITE, 0, bytes(MAX_PAYLOAD)).encode()[:-1000])
    is_fine(simulator)


def test_cable_pulled_in_a_read(simulator):
    with RawHost(simulator.url) as host:
        host.hello()
        key = int.from_bytes(host.open(0, 0, 0, 1 << 20, 0), "little")
        wanted = struct.pack("<I", MAX_PAYLOAD)
        host.send(*[Frame(Request.READ, n, n * MAX_PAYLOAD, key, wanted) for n in range(50)])
        assert host.socket.recv(100)
    is_fine(simulator)


@pytest.mark.parametrize("length", (4, 10, 1408))
def test_damaged_payload(raw, length, seed):
    """It was never there: not written, not answered; what follows is served."""
    chance = random.Random(seed)
    key = int.from_bytes(raw.open(0, 0, 0x3000, 1408, 1), "little")
    good = chance.randbytes(length)
    raw.done(raw.request(Request.WRITE, 0, good, key))
    frame = raw.make(Request.WRITE, 0, bytes(byte ^ 0xFF for byte in good), key)
    whole = frame.encode()
    for bit in [*range(160, 180), *(chance.randrange(160, 8 * len(whole)) for _ in range(20))]:
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        raw.send(bytes(damaged))
    raw.done(raw.request(Request.PING))
    assert frame.sequence not in [answer.sequence for answer in raw.heard]
    key = int.from_bytes(raw.open(1, 0, 0x3000, 1408, 0), "little")
    assert raw.request(Request.READ, 0, struct.pack("<I", length), key).payload == good
    raw.discover()


def test_damaged_header_is_skipped(raw):
    """No answer to it, and the next frame is served."""
    frame = raw.make(Request.PING)
    for bit in range(0, 160, 7):
        damaged = bytearray(frame.encode())
        damaged[bit // 8] ^= 1 << bit % 8
        raw.send(bytes(damaged))
    raw.done(raw.request(Request.PING))
    assert frame.sequence not in [answer.sequence for answer in raw.heard]


def test_a_payload_that_is_longer_than_any(raw):
    """It is announced; nothing is waited for."""
    header = bytearray(raw.make(Request.PING).encode()[:16])
    for length in (MAX_PAYLOAD + 1, 4096, 0xFFFF):
        header[6:8] = struct.pack("<H", length)
        raw.send(bytes(header) + struct.pack("<I", zlib.crc32(header)))
        raw.done(raw.request(Request.PING))


# Requests that make no sense ----------------------------------------------------------------------


def test_another_version(simulator):
    """A host of version 1 says HELLO, and is told in a frame that it can name."""
    with RawHost(simulator.url) as host:
        for version in (1, 3, 255):
            hello = Frame(Request.HELLO, 5, 0, 0x12345678, b"", version)
            answer = host.ask(hello)
            assert answer.version == 2
            assert refused(answer, ErrorCode.VERSION, 2).type == Request.HELLO


def test_unknown_types(raw):
    for kind in (0x00, 0x0D, 0x55, 0x7F):
        assert refused(raw.request(kind), ErrorCode.TYPE, kind).type == kind
    # Those are known where there is an analyzer.
    for kind in (Request.REGISTER_READ, Request.REGISTER_WRITE):
        refused(raw.request(kind, 0, bytes(8)), ErrorCode.TYPE, kind)


def test_answers_are_not_answered(raw):
    """Or two boards would never come to an end."""
    answers = [raw.make(kind) for kind in (0x80, Request.HELLO | RESPONSE, 0x84, 0xFE, 0xFF)]
    raw.send(*answers)
    raw.done(raw.request(Request.PING))
    assert not {frame.sequence for frame in answers} & {frame.sequence for frame in raw.heard}


@pytest.mark.parametrize("kind, length, wrong", [
    (Request.HELLO, 12, (0, 4, 11, 13)), (Request.PING, 0, (1, 4)),
    (Request.PROGRAM, 4 + PROGRAM_ID_BYTES, (0, 5, 32, 35)), (Request.OPEN, 16, (0, 15, 20)),
    (Request.CLOSE, 4, (0, 3, 8)), (Request.RUN, 12, (0, 8, 16)),
])
def test_payloads_of_another_length(raw, kind, length, wrong):
    """Nothing is done of what is asked for, however long it is."""
    for size in (*wrong, 64, 65, 100, MAX_PAYLOAD):
        answer = raw.request(kind, 0, bytes(size))
        assert refused(answer, ErrorCode.LENGTH, length).type == kind
        assert (answer.address, answer.key) == (0, raw.key)
    raw.done(raw.request(Request.PING))


@pytest.mark.parametrize("slot, payload, code, detail", [
    (0, opening(base=8), ErrorCode.ADDRESS, WINDOW_ALIGNMENT),
    (0, opening(size=3), ErrorCode.ADDRESS, WINDOW_ALIGNMENT),
    (0, opening(size=0), ErrorCode.ADDRESS, WINDOW_ALIGNMENT),
    (WINDOWS, opening(), ErrorCode.ADDRESS, WINDOWS),
    (0xFFFFFFFF, opening(), ErrorCode.ADDRESS, WINDOWS),
    (0, opening(size=DRAM_BYTES + 4), ErrorCode.ADDRESS, DRAM_BYTES),
    (0, opening(base=DRAM_BYTES), ErrorCode.ADDRESS, DRAM_BYTES),
    (0, opening(base=0xFFFFFFF0, size=0xFFFFFFFC), ErrorCode.ADDRESS, DRAM_BYTES),
])
def test_windows_that_cannot_be(raw, slot, payload, code, detail):
    refused(raw.request(Request.OPEN, slot, payload), code, detail)
    raw.done(raw.request(Request.OPEN, 0, opening(size=DRAM_BYTES)))


def test_slots_that_are_none(raw):
    for slot in (WINDOWS, 0x100, 0xFFFFFFFF):
        refused(raw.request(Request.CLOSE, slot, FOUR), ErrorCode.ADDRESS, WINDOWS)


@pytest.mark.parametrize("kind, offset, payload", [
    (Request.READ, 0, struct.pack("<I", 0)), (Request.READ, 0, struct.pack("<I", MAX_PAYLOAD + 1)),
    (Request.READ, 0, struct.pack("<I", 0x10004)), (Request.READ, 2, FOUR),
    (Request.READ, 0, b""), (Request.READ, 0, b"\4"), (Request.READ, 0, FOUR + FOUR),
    (Request.READ, 2048, FOUR), (Request.READ, 2044, struct.pack("<I", 5)),
    (Request.READ, 0xFFFFFFFC, FOUR), (Request.READ, 0, bytes(MAX_PAYLOAD)),
    (Request.WRITE, 0, b""), (Request.WRITE, 1, b"data"), (Request.WRITE, 2048, b"data"),
    (Request.WRITE, 2040, b"much data"), (Request.WRITE, 0xFFFFFFFC, b"data"),
    (Request.WRITE, 1024, bytes(MAX_PAYLOAD)),
])
def test_accesses_that_no_window_lets_be(raw, kind, offset, payload):
    """The processor refuses them, by their own type and key; neighbours stay what they are."""
    keys = [int.from_bytes(raw.open(slot, 0, 0x5000, 2048, slot), "little") for slot in (0, 1)]
    raw.done(raw.request(Request.WRITE, 0, bytes([1]) * 1024, keys[1]))
    answer = raw.request(kind, offset, payload, keys[kind == Request.WRITE])
    assert refused(answer, ErrorCode.WINDOW).type == kind
    assert (answer.address, answer.key) == (offset, keys[kind == Request.WRITE])
    whole = struct.pack("<I", 1024)
    assert raw.request(Request.READ, 0, whole, keys[0]).payload == bytes([1]) * 1024
    beyond = int.from_bytes(raw.open(2, 0, 0x5800, 64, 0), "little")
    seen = raw.request(Request.READ, 0, FOUR, beyond).payload
    assert seen not in (b"data", b"much", bytes([1]) * 4)
