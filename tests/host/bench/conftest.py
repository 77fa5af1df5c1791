"""Rows of a small model on a board that is not there."""

import pytest

from litelic.host.bench import command, float_time, models
from litelic.host.bench.measure import Task, measure
from litelic.host.bench.rows import ARTY, DIRECTIONS, Row, select
from tests.host.bench import fakes
from tests.host.codec.models import small_program

SMALL_ROWS = tuple(
    Row("small", width, height, direction, setup, quick)
    for width, height, setup, quick in ((16, 8, ARTY, True), (11, 19, ARTY, False))
    for direction in DIRECTIONS
)


@pytest.fixture
def small_model(monkeypatch):
    """`small` is a model, and nothing is timed with torch."""
    monkeypatch.setitem(models.MODELS, "small", lambda: small_program(1))
    timing = {"seconds": 0.5, "runs": 3, "threads": 2, "cpu": "A CPU", "torch": "2", "python": "3"}
    monkeypatch.setattr(float_time, "measure", lambda layers, height, width: dict(timing))


@pytest.fixture
def fake_boards(monkeypatch, small_model):
    """`command` measures `SMALL_ROWS` on boards of `fakes`."""
    monkeypatch.setattr(command, "open_board", fakes.open_board)
    monkeypatch.setattr(command, "BoardEngine", fakes.FakeEngine)
    monkeypatch.setattr(command, "ROWS", SMALL_ROWS)
    monkeypatch.setattr(command, "select", lambda texts, quick: select(texts, quick, SMALL_ROWS))


@pytest.fixture
def entries(small_model):
    """The entries of `SMALL_ROWS`."""
    board = fakes.FakeBoard()
    made = []
    for row in SMALL_ROWS:
        task = Task(row.model, row.width, row.height)
        engine = fakes.FakeEngine(board, task.program)
        made.append(measure(row, task, engine, board, "0123456789ab"))
    return made
