"""`litelic bench-link` on a simulated board without an accelerator."""

import json
import re

import pytest

from litelic.host.cli.main import main
from litelic.host.link.simulator import Simulator


@pytest.fixture(scope="module")
def simulator():
    with Simulator(array=None, ethernet=True) as running:  # as tests/system/test_udp.py builds it
        yield running


def test_prints_and_writes_what_was_measured(simulator, tmp_path, capsys):
    output = tmp_path / "link.json"
    arguments = ["--size", "20000", "--repeat", "3", "--pings", "5", "--json", str(output)]
    assert main(["bench-link", "--port", simulator.url, *arguments]) == 0
    said = capsys.readouterr().out
    number = r"\d+\.\d{3}"
    assert re.search(rf"latency:  min {number}, median {number}, max {number} ms, 5 round", said)
    for way in ("write", "read"):
        assert re.search(rf"{way}: +min {number}, .* MB/s, 3 x 20000 bytes", said)
        assert re.search(rf"{way}: +min {number}, .* MB/s by the simulated board's clock", said)
    # Each transfer has 15 frames of data, opens a window and closes it; and 3 pings around two.
    assert f"0 of {5 + 3 * (3 + 2 * 17)} requests were sent again" in said
    found = json.loads(output.read_text())
    assert found["write_bytes_per_s"]["count"] == found["read_bytes_per_s"]["count"] == 3
    assert found["latency_s"]["min"] <= found["latency_s"]["median"] <= found["latency_s"]["max"]


def test_wrong_use(simulator, tmp_path, capsys):
    assert main(["bench-link", "--port", simulator.url, "--size", str(1 << 30)]) == 1
    assert "measure with no more than that" in capsys.readouterr().err
    missing = tmp_path / "missing" / "link.json"
    assert main(["bench-link", "--port", simulator.url, "--json", str(missing)]) == 1
    assert "there is no folder" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["bench-link", "--port", simulator.url, "--repeat", "0"])
    assert stopped.value.code == 2
