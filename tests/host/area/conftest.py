"""Migen takes seconds to write the engine's Verilog; these tests want the same few again."""

import functools

import pytest

from litelic.accel import standalone


@pytest.fixture(scope="package", autouse=True)
def verilog_is_written_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standalone, "verilog", functools.cache(standalone.verilog))
        yield
