"""What the tests of the link share."""

import pytest

from tests.host.link.fake_line import Clock


@pytest.fixture
def clock(monkeypatch):
    """The clock that boards and lines go by, so that no test waits."""
    made = Clock()
    for module in ("board", "runs"):
        monkeypatch.setattr(f"litelic.host.link.{module}.time", made)
    return made
