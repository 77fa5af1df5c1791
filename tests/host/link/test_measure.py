"""What is measured of a link, against a board in Python."""

import itertools

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.measure import measure, summary
from litelic.host.link.protocol import MAX_PAYLOAD, Request
from tests.host.link.fake_board import FakeBoard
from tests.host.link.fake_line import Hits, opened


@pytest.fixture
def fake(clock):
    return FakeBoard(clock)


def test_figures_are_what_the_clocks_say(fake):
    board = opened(fake)
    board.set_program(b"1" * 32)
    ticks, cycles = itertools.count(), itertools.count(0, 1000)
    fake.cycles = lambda: next(cycles)
    figures = measure(board, size=10_000, repeat=3, pings=4, clock=lambda: next(ticks))
    assert figures.latency == [1] * 4
    assert figures.write == figures.read == [10_000] * 3
    assert figures.board_write == figures.board_read == [10_000 * 100_000] * 3
    requests = -(-10_000 // MAX_PAYLOAD) + 2  # with those that open and close a window
    assert (figures.requests, figures.resent) == (4 + 3 * (3 + 2 * requests), 0)
    assert fake.program == bytes(32), "what the DRAM holds is no program any more"
    found = figures.to_dict()
    assert found["write_bytes_per_s"] == {
        "min": 10_000, "median": 10_000, "max": 10_000, "count": 3,
    }
    assert found["board_read_bytes_per_s"]["max"] == 10**9 and found["bytes"] == 10_000


@pytest.mark.parametrize("size", (1, 2, 3, 65535, 65536))
def test_any_size(fake, size):
    """Transfers begin at multiples of 4."""
    figures = measure(opened(fake), size=size, repeat=2, pings=1)
    assert len(figures.read) == 2 and figures.size == size


def test_what_gets_lost_is_counted(fake):
    board = opened(fake)
    fake.to_board = Hits(Request.WRITE, 2)
    figures = measure(board, size=3 * MAX_PAYLOAD, repeat=1, pings=1)
    assert figures.resent >= 2


def test_a_byte_that_changes_in_the_dram_is_told(fake):
    board, write = opened(fake), fake.serve_write

    def faulty(request):
        write(request)
        fake.memory[-3] ^= 1

    fake.serve_write = faulty
    with pytest.raises(LitelicError, match="byte 97 of 100"):
        measure(board, size=100, repeat=1, pings=1)


def test_more_than_the_dram_holds_is_refused(fake):
    board = opened(fake)
    with pytest.raises(LitelicError, match="65536 bytes"):
        measure(board, size=65537)
    assert not [frame for frame, _ in fake.requests if frame.type == Request.WRITE]


def test_summary():
    assert summary([3, 1, 2, 10]) == {"min": 1, "median": 2.5, "max": 10, "count": 4}
