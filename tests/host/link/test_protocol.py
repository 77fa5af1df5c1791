import random
import re
from pathlib import Path

import pytest

import litelic.firmware
from litelic.host.link import protocol
from litelic.host.link.protocol import MAX_PAYLOAD, ErrorCode, Frame, Parser, Request, RunState


def random_frame(chance):
    length = chance.choice((0, 0, 1, 4, chance.randrange(100), MAX_PAYLOAD))
    return Frame(
        type=chance.randrange(256),
        sequence=chance.randrange(1 << 16),
        address=chance.getrandbits(32),
        argument=chance.getrandbits(32),
        payload=chance.randbytes(length),
    )


def test_bytes_of_a_frame():
    """The example is worked out by hand from docs/protocol.md."""
    frame = Frame(Request.WRITE, 0x1234, 0x01020304, 0, b"123456789")
    assert frame.encode()[:16] == bytes.fromhex("4c9c0103 34120900 04030201 00000000")
    assert frame.encode()[20:] == b"123456789" + bytes.fromhex("2639f4cb")


def test_too_long_a_payload():
    with pytest.raises(ValueError, match="4096"):
        Frame(Request.WRITE, 0, payload=bytes(MAX_PAYLOAD + 1)).encode()


@pytest.mark.parametrize("seed", range(10), indirect=True)
def test_parser_finds_frames_in_garbage(seed):
    """Frames between garbage that is full of magic numbers, fed in pieces of any size."""
    chance = random.Random(seed)
    frames = [random_frame(chance) for _ in range(20)]
    stream = bytearray()
    for frame in frames:
        stream += b"".join(
            chance.choice((b"\x4c", b"\x4c\x9c", b"text")) for _ in range(chance.randrange(20))
        )
        stream += frame.encode()
    parser, found = Parser(), []
    while stream:
        count = chance.choice((1, 7, 100, 5000))
        found += parser.feed(bytes(stream[:count]))
        del stream[:count]
    assert found == frames


def test_parser_keeps_what_stands_outside():
    parser = Parser()
    frame = Frame(Request.PING, 1)
    assert parser.feed(b"hello " + frame.encode() + b"there") == [frame]
    assert parser.outside == b"hello there"
    parser.feed(bytes(100_000))
    assert len(parser.outside) <= Parser.OUTSIDE_KEPT


@pytest.mark.parametrize("seed", range(5), indirect=True)
def test_every_flipped_bit_is_noticed(seed):
    chance = random.Random(seed)
    frame = Frame(Request.READ, 7, 8, 9, chance.randbytes(40))
    good, next_frame = frame.encode(), Frame(Request.PING, 1)
    for bit in range(8 * len(good)):
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        frames = Parser().feed(bytes(damaged) + next_frame.encode())
        assert frames[-1] == next_frame
        # A damaged header hides the frame; a damaged payload is marked.
        hidden = bit < 8 * 20
        assert [f.payload for f in frames[:-1]] == ([] if hidden else [None])


def test_flush_completes_any_frame():
    whole = Frame(Request.WRITE, 1, payload=bytes([1]) * MAX_PAYLOAD).encode()
    ping = Frame(Request.PING, 2)
    for cut in (20, 21, 2000, len(whole) - 1):
        frames = Parser().feed(whole[:cut] + protocol.FLUSH + ping.encode())
        assert frames[-1] == ping


def test_firmware_has_the_same_numbers():
    header = (Path(litelic.firmware.__file__).parent / "protocol.h").read_text()
    numbers = {
        name: int(value, 0)
        for name, value in re.findall(r"(\w+)(?: =|\s)\s*(0x[0-9A-Fa-f]+|\d+)[,\s]", header)
    }
    for prefix, names in (("REQUEST", Request), ("ERROR", ErrorCode), ("RUN", RunState)):
        ours = {f"{prefix}_{entry.name}": entry.value for entry in names}
        theirs = {name: value for name, value in numbers.items() if name.startswith(f"{prefix}_")}
        assert ours == theirs
    assert numbers["PROTOCOL_MAGIC"] == protocol.MAGIC
    assert numbers["PROTOCOL_VERSION"] == protocol.VERSION
    assert numbers["PROTOCOL_MAX_PAYLOAD"] == protocol.MAX_PAYLOAD
    assert numbers["PROGRAM_ID_BYTES"] == protocol.PROGRAM_ID_BYTES
    assert numbers["DESCRIPTOR_BYTES"] == protocol.DESCRIPTOR_BYTES
    assert numbers["RESPONSE"] == protocol.RESPONSE
    assert numbers["RESPONSE_ERROR"] == protocol.RESPONSE_ERROR
