"""`litelic verify`: equal layers, and a layer that differs in one byte."""

import numpy as np
from PIL import Image

from litelic.host.cli import verify
from tests.host.codec.models import GoldenEngine, small_program


class FaultyEngine(GoldenEngine):
    """One element of one layer is wrong."""

    def layers(self, direction, x):
        for layer, y, counters in super().layers(direction, x):
            if layer.name == "g_s.0":
                y = y.copy()
                y[1, 2, 3] ^= 1
            yield layer, y, counters


class UncountedEngine(GoldenEngine):
    """Has no counters, and a shape that is wrong."""

    def layers(self, direction, x):
        for layer, y, _ in super().layers(direction, x):
            yield layer, y[1:] if layer.name == "g_a.2" else y, None


def rows(out):
    """The table: name -> cells."""
    lines = [line.split(maxsplit=6) for line in out.splitlines()]
    return {cells[0]: cells[1:] for cells in lines if cells and cells[0].startswith("g_")}


def test_equal(run, engine, program_path):
    status, out, err = run("verify", "--program", program_path, "--sim", "--size", "20x9")
    assert (status, err) == (0, "")
    assert "24x16 pixels" in out and "every layer equals" in out
    program = small_program(1)
    table = rows(out)
    assert list(table) == ["g_a.0", "g_a.2", "g_s.0", "g_s.2"]
    macs = program.analysis[0].macs(16, 24)
    assert table["g_a.0"] == [
        "conv", "6x4x4", str(macs), "1000", f"{100 * macs / 64000:.1f}", "equal"
    ]
    assert all(cells[-1] == "equal" for cells in table.values())


def test_a_difference_is_located_and_exits_with_1(run, engine, program_path, picture_path):
    engine.factory = FaultyEngine
    status, out, _ = run("verify", picture_path, "--program", program_path, "--sim")
    assert status == 1 and "1 layers differ" in out
    table = rows(out)
    assert table["g_s.0"][-1].startswith("1 differ, first at x=2 y=1 channel=3: ")
    assert [cells[-1] for name, cells in table.items() if name != "g_s.0"] == ["equal"] * 3


def test_a_wrong_shape_is_a_difference(run, engine, program_path):
    engine.factory = UncountedEngine
    status, out, _ = run("verify", "--program", program_path, "--port", "socket://x:1")
    assert status == 1
    assert rows(out)["g_a.2"][-1] == "int16[5, 8, 6] instead of int16[6, 8, 6]"
    assert rows(out)["g_a.0"][3:5] == ["-", "-"]


def test_the_seed_gives_the_pixels(run, engine, program_path):
    seen = []

    class Recording(GoldenEngine):
        def layers(self, direction, x):
            if direction == "analysis":
                seen.append(x.tobytes())
            return super().layers(direction, x)

    engine.factory = Recording
    for seed in (3, 3, 4):
        assert run("verify", "--program", program_path, "--sim", "--seed", seed)[0] == 0
    assert seen[0] == seen[1] != seen[2]


def test_a_transparent_picture_is_flattened(run, engine, program_path, tmp_path):
    path = tmp_path / "clear.png"
    Image.fromarray(np.zeros((8, 8, 4), np.uint8)).save(path)
    tail = (path, "--program", program_path, "--sim")
    status, _, err = run("verify", *tail)
    assert status == 1 and "--flatten COLOUR" in err
    assert run("verify", *tail, "--flatten", "white")[0] == 0


def test_the_golden_model_reports_its_progress(run, engine, program_path, monkeypatch):
    calls = []

    class Recording(verify.Progress):
        def __call__(self, *call):
            calls.append(call)

    monkeypatch.setattr(verify, "Progress", Recording)
    assert run("verify", "--program", program_path, "--sim", "--size", "20x9")[0] == 0
    assert ("golden analysis", 2, 2) in calls and ("golden synthesis", 2, 2) in calls
