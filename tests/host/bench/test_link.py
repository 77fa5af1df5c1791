"""Rows of the link: what is said of them, and that the page says the same."""

import pytest

from litelic.host.bench import page
from litelic.host.bench.link import cases, command, tables
from litelic.host.bench.link.measure import speed, stream
from litelic.host.bench.places import page_file
from litelic.host.errors import LitelicError

LINE = {
    "kind": "line", "name": "100 Mb/s", "write": [11.9e6, 11.5549e6], "read": [11.7e6, 11.6e6],
    "alone": [1000, 1001, 1003], "beside": [1004, 1006, 1005], "size": 1 << 17,
    "clock_hz": 100_000_000, "array": "4x4x8", "memory": "ddr3-x16", "line_bytes_per_s": 12.5e6,
    "command": "python", "revision": "0123",
}
STREAM = {
    "kind": "stream", "name": "stream, UART", "send": 4_000_000, "compute": 1_000_000,
    "fetch": 900_000, "chain": 66_000_000, "pictures": 16, "height": 96, "width": 128,
    "line": "UART, 3 Mbaud", "model": "bls2017, 32 channels", "clock_hz": 100_000_000,
    "array": "4x4x8", "memory": "ddr3-x16",
    "command": "python", "revision": "0123",
}
NETWORK = {
    "kind": "network", "name": "10 %", "bytes": 1_000_000, "seconds": 3.0, "wrong": 0,
    "transfers": 2000, "requests": 5000, "resent": 1234, "passed": 1, "lost": 2, "doubled": 3,
    "late": 4, "damaged": 5, "command": "python", "revision": "0123",
    "faults": {"loss": 0.1, "double": 0.02, "reorder": 0.05, "flip": 0.01, "delay": 0.01},
}


def test_the_page_agrees_with_the_results():
    text = page_file().read_text()
    assert page.render(text, command.load(), tables.TABLES) == text, (
        "run python -m litelic.host.bench.link with a row")


def test_the_slowest_counts_and_is_rounded_down():
    line = tables.lines([LINE, NETWORK]).splitlines()[-1]
    assert "| 11.55, 92.4 % | 11.60, 92.8 % |" in line
    assert line.rstrip("| ").endswith("0.40 %")  # 1005 of 1001, rounded up
    assert "write 92.4 % of the line" in tables.in_words(LINE)


def test_a_board_without_an_accelerator_loses_nothing():
    bare = LINE | {"alone": [], "beside": [], "array": "none"}
    assert tables.loss(bare) is None
    assert tables.lines([bare]).splitlines()[-1].rstrip("| ").endswith("-")
    assert "accelerator" not in tables.in_words(bare)


def test_networks():
    line = tables.networks([LINE, NETWORK]).splitlines()[-1]
    assert "| 10 % | 2 % | 5 % | 1 % | 2,000 | 1,000,000 | 0 | 5,000 | 1,234 | 0.333 |" in line
    assert "1234 copies of 5000 requests" in tables.in_words(NETWORK)


def test_a_stream_is_held_to_its_slowest_stage():
    line = tables.streams([LINE, STREAM]).splitlines()[-1]
    assert "| bls2017, 32 channels | 16 of 128x96 | 40.00 ms | 10.00 ms | 9.00 ms |" in line
    assert "| 41.25 ms | 96.9 % |" in line
    assert tables.in_words(STREAM).endswith("96.9 % of its slowest stage, send")
    computing = STREAM | {"compute": 4_100_000}
    assert tables.in_words(computing).endswith("99.3 % of its slowest stage, compute")


def test_a_stream_is_measured():
    """Of a small board, and two small pictures."""
    line = cases.Line("TCP", 1e8, {}, "4x4x8", "ddr3-x16", 2048)  # tests/system has it, too
    found = stream(cases.Stream(line, 32, 48, 3))
    assert all(found[stage] > 0 for stage in ("send", "compute", "fetch"))
    one_by_one = 3 * sum(found[stage] for stage in ("send", "compute", "fetch"))
    assert 3 * found["compute"] < found["chain"] < one_by_one


def test_nothing_measured_yet():
    assert all("|" not in make([]) for make in tables.TABLES.values())


@pytest.mark.parametrize("row", [
    {name: value for name, value in LINE.items() if name != "read"}, NETWORK | {"wrong": 1},
])
def test_a_row_that_is_not_whole_is_refused(row):
    command.check(LINE)
    command.check(NETWORK)
    command.check(STREAM)
    with pytest.raises(LitelicError, match="measure it again"):
        command.check(row)


def test_an_unknown_row(capsys):
    assert command.main(["10 Gb/s"]) == 1
    assert "there is no row '10 Gb/s'" in capsys.readouterr().err


def test_a_byte_time_is_that_of_the_line():
    """In cycles of the board's clock, as the simulator wants it."""
    for name, line in cases.LINES.items():
        if "arguments" in line.options:
            cycles = float(line.options["arguments"][1])
            clock = line.options["sys_clk_freq"]
            assert cycles / clock * line.bytes_per_s == pytest.approx(1), name


def test_a_line_is_measured():
    """Of a small board, and little of it."""
    line = cases.Line("TCP", 1e8, {}, "none", "ddr3-x16", 2048)
    found = speed(line)
    assert len(found["write"]) == len(found["read"]) and found["alone"] == found["beside"] == []
    assert all(0 < rate < 100e6 for rate in found["write"] + found["read"])
