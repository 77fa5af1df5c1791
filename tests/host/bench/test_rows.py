"""The table of what is measured."""

import pytest

from litelic.host.bench import models
from litelic.host.bench.results import KEY
from litelic.host.bench.rows import ROWS, Row, Setup, select
from litelic.host.errors import LitelicError


def test_no_name_is_part_of_another():
    """So a row's command measures this row alone."""
    for row in ROWS:
        assert select([row.command.split()[-1]]) == [row]


def test_every_row_can_be_built():
    for row in ROWS:
        assert row.model in models.MODELS
        assert 8 * row.setup.config.port_bytes in (128, 256, 512)
        assert row.setup.array.startswith(row.setup.config.shape)
        assert row.setup.config.macs in (128, 1024, 2048)
        assert row.setup.config.activation_bits == row.setup.activation_bits
        assert row.setup.activation_bits == 8 or row.model == "default"


def test_both_directions_of_every_codec_are_measured():
    codecs = {(r.model, r.width, r.height, r.setup, r.quick) for r in ROWS}
    assert len(ROWS) == 2 * len(codecs)


def test_selection_keeps_the_order_and_nothing_twice():
    assert select() == list(ROWS)
    assert select(["decoder", "bmshj"]) == [
        row for row in ROWS if row.direction == "decoder" or row.model.startswith("bmshj")
    ]
    quick = select(quick=True)
    assert quick and all(row.quick for row in quick)
    assert select(["encoder"], quick=True) == [r for r in quick if r.direction == "encoder"]
    with pytest.raises(LitelicError, match="no row has 'cheng' in its name; --list shows"):
        select(["cheng"])


def test_a_name_has_everything_of_the_key():
    setup = Setup("8x2x4", "ddr3-x32", 125_500_000, array_clk_ratio=2, activation_bits=16)
    row = Row("model", 3, 5, "decoder", setup)
    assert row.name == "model-3x5-8x2x4-int16-ddr3-x32-125.5MHz-array2x-decoder"
    assert tuple(row.key) == KEY
    assert list(row.key.values()) == [
        "model", "decoder", 3, 5, "8x2x4", 16, "ddr3-x32", 125_500_000, 251_000_000
    ]
    assert setup.config.port_bytes == 32 and setup.config.activation_bits == 16
