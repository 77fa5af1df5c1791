"""The progress bar: on terminals, after a moment, and gone at the end."""

import io

import pytest

from litelic.host.cli.progress import PATIENCE, Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_nothing_on_a_pipe(clock):
    stream = io.StringIO()
    with Progress(stream, clock) as progress:
        clock.now = 100
        progress("sending", 1, 2)
    assert stream.getvalue() == ""


def test_nothing_for_what_is_quick(clock):
    stream = Terminal()
    with Progress(stream, clock) as progress:
        clock.now = PATIENCE / 2
        progress("sending", 2, 2)
    assert stream.getvalue() == ""


def test_a_bar_that_is_wiped(clock):
    stream = Terminal()
    with Progress(stream, clock) as progress:
        clock.now = PATIENCE
        progress("sending", 1, 2)
        assert stream.getvalue().endswith(f"sending [{'#' * 15}{' ' * 15}]  50 %")
        progress("sending", 3, 2)
        assert stream.getvalue().endswith(f"[{'#' * 30}] 100 %")
        progress("waiting", 0, 0)
        assert "waiting" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_it_draws_at_most_ten_times_a_second(clock):
    stream = Terminal()
    progress = Progress(stream, clock)
    for step in range(1000):
        clock.now = PATIENCE + step / 1000
        progress("sending", step, 1000)
    assert 9 <= stream.getvalue().count("sending") <= 11
