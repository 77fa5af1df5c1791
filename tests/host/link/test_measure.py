"""What is measured of a link, against a board in Python."""

import itertools

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.board import Board
from litelic.host.link.measure import measure, summary
from litelic.host.link.protocol import MAX_PAYLOAD, Request
from tests.host.link.fake_board import FakeBoard


def opened(**options):
    fake = FakeBoard(**options)
    board = Board(fake, silence_seconds=0)
    board.hello()
    return fake, board


def test_figures_are_what_the_clock_says():
    fake, board = opened()
    board.set_program(b"1" * 32)
    ticks = itertools.count()
    figures = measure(board, size=10_000, repeat=3, pings=4, clock=lambda: next(ticks))
    assert figures.latency == [1] * 4
    assert figures.write == figures.read == [10_000] * 3
    blocks = -(-10_000 // MAX_PAYLOAD)
    assert (figures.requests, figures.resent) == (4 + 3 * 2 * blocks, 0)
    assert fake.program == bytes(32), "what the DRAM holds is no program any more"
    assert figures.to_dict()["write_bytes_per_s"] == {
        "min": 10_000, "median": 10_000, "max": 10_000, "count": 3,
    }


def test_what_gets_lost_is_counted():
    dropped = iter([True, False, True])
    _, board = opened(lose=lambda frame: frame.type == Request.WRITE and next(dropped, False))
    figures = measure(board, size=3 * MAX_PAYLOAD, repeat=1, pings=1)
    assert figures.resent >= 2


def test_a_byte_that_changes_in_the_dram_is_told():
    fake, board = opened()
    write = fake.serve_write

    def faulty(request):
        write(request)
        fake.memory[-3] ^= 1

    fake.serve_write = faulty
    with pytest.raises(LitelicError, match="byte 97 of 100"):
        measure(board, size=100, repeat=1, pings=1)


def test_more_than_the_dram_holds_is_refused():
    fake, board = opened()
    with pytest.raises(LitelicError, match="65536 bytes"):
        measure(board, size=65537)
    assert not [request for request in fake.requests if request.type == Request.WRITE]


def test_summary():
    assert summary([3, 1, 2, 10]) == {"min": 1, "median": 2.5, "max": 10, "count": 4}
