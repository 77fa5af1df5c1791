"""What `litelic compile --report` says, recomputed."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from litelic.host.boards import BOARDS  # noqa: E402
from litelic.host.cli.main import main  # noqa: E402
from litelic.host.codec.pictures import extend, load  # noqa: E402
from litelic.host.compiler.compile import compile_model  # noqa: E402
from litelic.host.compiler.quantise import Options  # noqa: E402
from litelic.host.compiler.report import LayerNotes, complete, saturation  # noqa: E402
from litelic.host.compiler.zoo import CLASSES, random_model  # noqa: E402
from litelic.host.golden import run_layers  # noqa: E402
from litelic.host.program.file import load_program  # noqa: E402
from litelic.host.program.symbols import input_of  # noqa: E402

PARTS = {"cycles", "macs", "utilisation"}


@pytest.mark.parametrize("name", ("bmshj2018-factorized", "bmshj2018-hyperprior", "cheng2020-attn"))
def test_every_layer_is_reported(photographs, name):
    notes = LayerNotes()
    program = compile_model(
        random_model(name, 8, 8).eval(), [photographs], "tiny", False, crops=2,
        options=Options(samples=1000), log=lambda line: None, notes=notes,
    )
    report = complete(program, notes, BOARDS["arty"], (100, 70))
    assert [row["name"] for row in report["layers"]] == [layer.name for layer in program.layers]
    for row, layer in zip(report["layers"], program.layers, strict=True):
        gamma = layer.gdn.gamma.size if layer.gdn else 0
        assert row["weight_bytes"] == layer.weight.size + gamma
        assert len(row["step"]) == layer.out_channels and min(row["step"]) > 0
        assert 0 <= row["saturated"] < 1 and row["cycles"] > 0
        assert (row["operands_saturated"] is None) == (layer.gdn is None)
        assert layer.gdn is None or 0 <= row["operands_saturated"] < 0.05
        assert 0 < row["utilisation"] <= 1
    names = ["encoder", "decoder"] + ["decoder, scales"] * bool(program.hyperprior)
    assert list(report["predicted"]) == names
    assert all(set(row) == PARTS for row in report["predicted"].values())
    coder = [layer.name for layer in program.layers if layer not in program.synthesis]
    cycles = sum(row["cycles"] for row in report["layers"] if row["name"] in coder)
    assert abs(cycles - report["predicted"]["encoder"]["cycles"]) <= len(coder)
    json.dumps(report, allow_nan=False)


def test_figures_of_one_picture_are_the_golden_models(photographs, tmp_path, capsys):
    """A model compiled on one picture that is a crop already: saturation, MACs, bytes."""
    path = sorted(photographs.iterdir())[0]
    pixels = load(path).pixels[:256, :256]
    output = tmp_path / "tiny.licp"
    arguments = ["compile", "mbt2018-mean", str(output), "--N", "8", "--M", "8", "--calibration"]
    assert main([*arguments, str(path), "--report", "--size", "256x256"]) == 0
    out = capsys.readouterr().out
    report = json.loads((tmp_path / "tiny.json").read_text())
    program, _ = load_program(output)
    rows = {row["name"]: row for row in report["layers"]}
    results, x = {}, extend(pixels, program.downsampling)
    for network, layers in program.networks.items():
        read = input_of(program, network, x, results)
        size = read.shape[:2]
        for layer, y in run_layers(layers, read):
            row = rows[layer.name]
            assert row["macs_per_pixel"] == pytest.approx(layer.macs(*size) / 256**2)
            assert row["output_bytes_per_pixel"] == pytest.approx(y.nbytes / 256**2)
            assert abs(saturation(layer, y) - row["saturated"]) < 0.1
            assert layer.name in out
            size = y.shape[:2]
        results[network] = y
    assert "256x256" in out and "128 MACs" in out and "decoder, scales" in out
    assert max(len(line) for line in out.splitlines() if str(output) not in line) <= 105


def test_saturation_counts_both_ends_but_not_what_a_relu_leaves():
    layer = type("Layer", (), {"lo": -5, "hi": 7})
    assert saturation(layer, np.array([-5, -4, 0, 7])) == 0.5
    layer.lo = 0
    assert saturation(layer, np.array([0, 0, 3, 7])) == 0.25


def test_a_picture_of_any_size_is_reported(photographs):
    """Of a board without an end of its DRAM: what fits is told when a picture is sent."""
    notes = LayerNotes()
    program = compile_model(
        random_model("mbt2018-mean", 24, 24).eval(), [photographs], "tiny", False, crops=1,
        options=Options(samples=500, feedback=False), log=lambda line: None, notes=notes,
    )
    report = complete(program, notes, BOARDS["wide-1024"], (4096, 4096))
    assert report["predicted"]["decoder"]["macs"] > 1e9


@pytest.mark.parametrize("options, message", [
    (["--report", "--board", "arty-16-bits"], "--board arty or arty-fast"),
    (["--report", "--activation-bits", "16"], "give --board arty-16-bits"),
    (["--report", "nowhere/x.json"], "there is no folder nowhere"),
    (["--report", "{output}"], "is the program; name another file for the report"),
])
def test_what_cannot_be_reported_is_told_before_the_work(
    photographs, tmp_path, capsys, options, message,
):
    output = tmp_path / "no.licp"
    arguments = ["compile", "mbt2018-mean", str(output), "--N", "8", "--M", "8"]
    options = [option.format(output=output) for option in options]
    assert main([*arguments, "--calibration", str(photographs), *options]) == 1
    assert message in capsys.readouterr().err and not output.exists()


@pytest.mark.long
@pytest.mark.parametrize("name", CLASSES)
def test_random_models_have_the_board_s_cycles(name, photographs):
    """Of every architecture the planner fits every layer on every board."""
    notes = LayerNotes()
    program = compile_model(
        random_model(name, 8, 8).eval(), [photographs], "tiny", False, crops=1,
        options=Options(samples=500, feedback=False), log=lambda line: None, notes=notes,
    )
    for board in ("arty", "arty-fast", "wide-1024", "wide-2048"):
        predicted = complete(program, notes, BOARDS[board], (64, 64))["predicted"]
        assert predicted["encoder"]["cycles"] > 0
