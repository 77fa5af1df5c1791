"""`litelic info` on files and boards."""

import sys
import types

import pytest

from litelic.host.link.access import Access
from litelic.host.program.file import load_program, save_program
from litelic.host.program.network import result_sizes, sources_of
from tests.host.codec.models import hyper_program


def test_a_picture_file(run, engine, picture_path, program_path):
    run("encode", picture_path, "--program", program_path, "--golden")
    path = picture_path.with_suffix(".lic")
    status, out, _ = run("info", path)
    assert status == 0
    assert "19x11, colour" in out and f"{path.stat().st_size} bytes" in out
    assert load_program(program_path)[1][:16].hex() in out


def test_a_program_file(run, program_path):
    status, out, _ = run("info", program_path)
    assert status == 0
    assert "small-1" in out and "6 channels, one for 8x8 pixels" in out
    assert load_program(program_path)[1][:16].hex() in out
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line.startswith("g_")}
    # 5x5 kernels on 3 channels to 4 at a sixteenth of the pixels, and a 4x4 normalisation
    assert lines["g_a.0"][1:6] == ["conv", "3>4", "5x5", "4", f"{(300 + 16) / 16:.1f}"]
    assert lines["g_s.2"][1:6] == ["deconv", "4>3", "5x5", "4", f"{300 / 16:.1f}"]
    assert lines["g_s.0"][6] == "multiply"


def test_a_board(run, monkeypatch):
    fake = types.ModuleType("litelic.host.engines")
    asked = []

    def describe_board(port, sim, progress, access):
        asked.append((port, sim, access))
        return {"board": "Arty", "clock": "100 MHz"}

    fake.describe_board = describe_board
    monkeypatch.setitem(sys.modules, "litelic.host.engines", fake)
    monkeypatch.setattr("litelic.host.engines", fake, raising=False)
    status, out, _ = run("info", "--port", "socket://x:1")
    assert status == 0 and out == "board: Arty\nclock: 100 MHz\n"
    run("info", "--port", "/dev/ttyUSB0", "--baudrate", "921600", "--take-over")
    assert asked == [
        ("socket://x:1", False, Access(115200)),
        ("/dev/ttyUSB0", False, Access(921600, take_over=True)),
    ]


@pytest.mark.parametrize(("argv", "message"), [
    (["missing.lic"], "cannot read missing.lic"),
    (["notes.txt"], "notes.txt is not a .lic file"),
    (["empty"], "empty is cut off"),
    (["half.licp"], "half.licp is not a LiteLIC program"),
    (["notes.txt", "--sim"], "not both"),
])
def test_errors(run, tmp_path, monkeypatch, argv, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty").touch()
    (tmp_path / "half.licp").write_bytes(b"LICP")
    status, out, err = run("info", *argv)
    assert (status, out) == (1, "")
    assert message in err and err.count("\n") == 1


def test_every_network_of_a_program_is_described(run, tmp_path):
    """Hyper networks too; of a layer that reads an older map, its own size counts."""
    program = hyper_program(3)
    path = tmp_path / "hyper.licp"
    save_program(program, path)
    status, out, _ = run("info", path)
    assert status == 0 and "hyper latents: 4 channels, scales and means" in out
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line[:2] in ("g_", "h_")}
    assert list(rows) == [layer.name for layer in program.layers]
    sizes = {"analysis": (512, 512), "synthesis": (64, 64), "hyper_analysis": (64, 64),
             "hyper_synthesis": (32, 32)}
    for network, layers in program.networks.items():
        results = [sizes[network], *result_sizes(layers, *sizes[network])]
        for layer, sources in zip(layers, sources_of(layers), strict=True):
            macs = layer.macs(*results[sources[0] + 1]) / 512**2
            assert rows[layer.name][5] == f"{macs:.1f}"
    assert "shuffled by 2" in out
    total = sum(layer.weight.size for layer in program.layers)
    assert f"{total} bytes" in out
