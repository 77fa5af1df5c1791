"""The requests of transfers, and what comes of their answers."""

import random
import struct

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import MAX_PAYLOAD, Frame, Request
from litelic.host.link.transfers import Read, Write, in_turns
from litelic.host.link.windows import Window


def make(kind, address, key, payload):
    return Frame(kind, 0, address, key, payload)


@pytest.mark.parametrize("size", (1, 4, MAX_PAYLOAD - 1, MAX_PAYLOAD, MAX_PAYLOAD + 1, 10_000))
@pytest.mark.parametrize("start", (0, 12))
def test_every_byte_is_in_one_request(size, start, seed):
    data = random.Random(seed).randbytes(size)
    window, found, place = Window(77, start), b"", start
    for frame, (first, count) in Write(0, data).requests(window, make):
        assert (frame.type, frame.address, frame.key) == (Request.WRITE, place, 77)
        assert len(frame.payload) == count and first == place - start
        found, place = found + frame.payload, place + count
    assert found == data
    place = 0
    for frame, (first, count) in Read(0, size).requests(window, make):
        assert (frame.type, frame.address, frame.key) == (Request.READ, place + start, 77)
        assert first == place and frame.payload == struct.pack("<I", count)
        assert 0 < count <= MAX_PAYLOAD
        place += count
    assert place == size


def test_answers_in_any_order(seed):
    chance = random.Random(seed)
    data, told = chance.randbytes(chance.randrange(1, 9000)), []
    read = Read(0, len(data), lambda *progress: told.append(progress))
    parts = [part for _, part in read.requests(Window(1, 0), make)]
    chance.shuffle(parts)
    for first, count in parts:
        assert read.ended is None
        read.answered((first, count), data[first : first + count])
    assert bytes(read.data) == data and read.ended is not None
    assert told[-1] == (len(data), len(data)) and len(told) == len(parts)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_an_answer_of_another_size():
    read = Read(0, 100)
    (_, part), = read.requests(Window(1, 0), make)
    for payload in (bytes(99), bytes(101), b""):
        with pytest.raises(LitelicError, match="another number of bytes"):
            read.answered(part, payload)


def test_both_ways_take_turns(seed):
    """Until one has no more; each way in its order."""
    chance = random.Random(seed)
    sizes = [chance.randrange(1, 6) for _ in range(chance.randrange(1, 7))]
    transfers = [
        chance.choice((Write(0, bytes(n * MAX_PAYLOAD)), Read(0, n * MAX_PAYLOAD))) for n in sizes
    ]
    opened = [(transfer, Window(key, 0)) for key, transfer in enumerate(transfers)]
    found = list(in_turns(opened, make))
    kinds = [frame.type for frame, _ in found]
    for kind, writable in ((Request.WRITE, True), (Request.READ, False)):
        expected = [
            (key, part) for key, transfer in enumerate(transfers) if transfer.writable == writable
            for _, part in transfer.requests(Window(key, 0), make)
        ]
        assert expected == [
            (frame.key, part) for frame, (_, part) in found if frame.type == kind
        ]
    fewer = min(kinds.count(Request.WRITE), kinds.count(Request.READ))
    assert kinds[: 2 * fewer] == [Request.WRITE, Request.READ] * fewer
    assert all(transfer is transfers[frame.key] for frame, (transfer, _) in found)
