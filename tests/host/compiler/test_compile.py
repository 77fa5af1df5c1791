"""Whole models: the golden integers against the float networks."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from litelic.host.compiler.bls2017 import Bls2017  # noqa: E402
from litelic.host.compiler.compile import compile_command, compile_model  # noqa: E402
from litelic.host.compiler.quantise import Options  # noqa: E402
from litelic.host.compiler.simulate import simulate  # noqa: E402
from litelic.host.compiler.zoo import FactorizedPrior, FactorizedPriorReLU  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402
from litelic.host.golden import run_layer, run_layers  # noqa: E402
from litelic.host.program.file import load_program, save_program  # noqa: E402
from litelic.host.program.symbols import latents_of  # noqa: E402
from litelic.host.training.train import initialise  # noqa: E402

OPTIONS = Options(samples=4000, activation_bits=8)
OPTIONS9 = Options(samples=4000)
OPTIONS16 = Options(samples=4000, activation_bits=16)


def run(layers, x):
    return list(run_layers(layers, x))[-1][1]


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2))


def models():
    torch.manual_seed(5)
    for model in (
        Bls2017(16, 12, 0.5, 4.0), Bls2017(12, 10), FactorizedPrior(12, 10),
        FactorizedPriorReLU(12, 10),
    ):
        initialise(model)
        with torch.no_grad():
            model.g_a[-1].weight *= 20  # latents worth coding
            model.g_s[0].weight /= 20
            # Pixels that use the range without leaving it much; ReLU halves what passes.
            model.g_s[-1].weight *= 1.0 if isinstance(model, FactorizedPriorReLU) else 0.1
            model.g_s[-1].bias += 0.5 - getattr(model, "centre", 0)
        yield model.eval()


@pytest.mark.parametrize("index", range(4))
def test_integer_networks_follow_the_float_ones(photographs, index, tmp_path):
    check_network(photographs, index, tmp_path, OPTIONS)


@pytest.mark.parametrize("index", range(4))
def test_networks_of_9_bits_follow_the_float_ones(photographs, index, tmp_path):
    """On boards of 8 bits: the array's operands have 9 anyway, for the sake of latents."""
    program = check_network(photographs, index, tmp_path, OPTIONS9)
    layers = program.analysis + program.synthesis
    assert program.activation_bits == 8
    for before, after in zip(layers[:-1], layers[1:]):
        if before.gdn and after is not program.synthesis[0]:
            assert (before.output, after.input) == ("int16", "int16")
            assert (before.lo, before.hi) == (-256, 255)
    relu = index == 3
    assert {layer.output for layer in layers} == {"int16", "uint8"} if not relu else {"uint8"}


@pytest.mark.parametrize("index", range(4))
def test_networks_of_16_bits_follow_the_float_ones(photographs, index, tmp_path):
    program = check_network(photographs, index, tmp_path, OPTIONS16)
    layers = program.analysis + program.synthesis
    assert [layer.input for layer in layers[1:]] == ["wide"] * (len(layers) - 1)
    assert {layer.output for layer in layers[:-1]} == {"int16"}
    assert all(layer.gdn.operand_bits == 15 for layer in layers if layer.gdn)
    assert program.activation_bits == 16 and min(layer.hi for layer in layers[:-1]) > 8000


def check_network(photographs, index, tmp_path, options):
    model = list(models())[index]
    program = compile_model(
        model, [photographs], "tiny", trained_entropy=False, crops=2, options=options,
        log=lambda line: None,
    )
    save_program(program, tmp_path / "tiny.licp")
    program = load_program(tmp_path / "tiny.licp")[0]
    picture = np.asarray(Image.open(photographs / "1.png"))[32:160, 64:128]
    latents = run(program.analysis, picture)
    pixels = run(program.synthesis, latents_of(program, latents))
    centre, gain = getattr(model, "centre", 0.0), getattr(model, "gain", 1.0)
    with torch.no_grad():
        x = torch.from_numpy(picture / 255).float().permute(2, 0, 1)[None]
        y = (model.g_a(x - centre) * gain)[0].permute(1, 2, 0).numpy()
        seen = latents.clip(-256, 255) if options.activation_bits < 16 else latents
        given = torch.from_numpy(seen).float().permute(2, 0, 1)[None]
        z = (model.g_s(given / gain) + centre)[0].permute(1, 2, 0).numpy() * 255
    assert latents.shape == (8, 4, program.latent_channels) and y.std() > 0.5
    noise = np.mean((latents - y) ** 2) - 1 / 12  # beyond what rounding costs the float model too
    assert noise < 0.003 * np.mean(y**2)
    assert z.std() > 3 and psnr(pixels, z.clip(0, 255)) > 40
    return program


@pytest.mark.parametrize("index", range(4))
def test_16_bits_are_nearer_to_the_float_network_than_8(photographs, index):
    """Layer by layer; latents and pixels are integers in either, so those say little."""
    sqnr = {}
    for options in (OPTIONS, OPTIONS16):
        lines = []
        compile_model(
            list(models())[index], [photographs], "tiny", trained_entropy=False, crops=1,
            options=options, log=lines.append,
        )
        rows = [line.split() for line in lines[1:-1]]
        sqnr[options.activation_bits] = {name: float(decibels) for name, _, decibels in rows}
    layers = list(sqnr[8])
    ends = [name for name, after in zip(layers, [*layers[1:], ""]) if name[:3] != after[:3]]
    for name in set(layers) - set(ends):
        assert sqnr[16][name] > sqnr[8][name] + 6, name
    assert sqnr[16]["g_a.0"] > sqnr[8]["g_a.0"] + 8
    for name in ends:
        assert sqnr[16][name] > sqnr[8][name] - 0.2, name


def test_simulated_layers_are_the_golden_ones(photographs):
    model = list(models())[2]
    program = compile_model(
        model, [photographs], "tiny", trained_entropy=False, crops=1, options=OPTIONS,
        log=lambda line: None,
    )
    x = np.asarray(Image.open(photographs / "2.png"))[:64, :96]
    for layer in program.analysis + program.synthesis:
        if layer is program.synthesis[0]:
            x = latents_of(program, x)
        operands = torch.from_numpy(x.astype(np.float32)).permute(2, 0, 1)[None]
        y = run_layer(layer, x)
        assert np.array_equal(simulate(layer, operands.clamp(-256, 255))[0], y)
        x = y


def test_simulated_layers_of_16_bits_are_nearly_the_golden_ones(photographs):
    """Sums beyond 24 bits are rounded: here and there a result is the next integer."""
    program = compile_model(
        list(models())[2], [photographs], "tiny", trained_entropy=False, crops=1,
        options=OPTIONS16, log=lambda line: None,
    )
    x = np.asarray(Image.open(photographs / "2.png"))[:64, :96]
    for layer in program.analysis + program.synthesis:
        if layer is program.synthesis[0]:
            x = latents_of(program, x)
        operands = torch.from_numpy(x.astype(np.float32)).permute(2, 0, 1)[None]
        y = run_layer(layer, x)
        difference = np.abs(simulate(layer, operands)[0].astype(int) - y)
        assert difference.max() <= 1 and difference.mean() < 0.01
        x = y


def test_a_trained_bottleneck_gives_tables_and_medians(photographs):
    model = next(models())
    program = compile_model(
        model, [photographs], "tiny", crops=1, options=OPTIONS, log=lambda line: None
    )
    assert len(program.entropy) == 12


def test_compiling_twice_gives_the_same_file(photographs, tmp_path, capsys):
    args = SimpleNamespace(
        source="bmshj2018-factorized", quality=None, N=4, M=6, name="mine",
        calibration=[photographs / "2.png"], output=tmp_path / "a.licp", activation_bits=8,
        report=None,
    )
    compile_command(args)
    printed = capsys.readouterr().out
    assert "g_s.6" in printed and "SQNR" in printed
    first = args.output.read_bytes()
    compile_command(args)
    assert args.output.read_bytes() == first
    assert load_program(args.output)[0].name == "mine"
    args.activation_bits = 16
    compile_command(args)
    assert load_program(args.output)[0].activation_bits == 16


def test_errors_of_calibration(photographs, tmp_path):
    model = next(models())
    with pytest.raises(LitelicError, match="does not exist"):
        compile_model(model, [tmp_path / "missing"], "x")
    with pytest.raises(LitelicError, match="no photograph"):
        compile_model(model, [tmp_path], "x")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(LitelicError, match="bad.png is not a photograph"):
        compile_model(model, [tmp_path], "x")


def test_the_papers_weights(shared_data, photographs):
    from litelic.host.compiler.checkpoint import load_model

    kodak = np.asarray(Image.open(shared_data / "kodak" / "kodim05.png"))[128:256, 256:448]
    loaded = load_model(shared_data / "xlic-bls2017")
    program = compile_model(
        loaded.model, [shared_data / "bsds500" / "val"], "paper", loaded.trained_entropy, crops=4,
        options=Options(samples=8000), log=lambda line: None,
    )
    latents = run(program.analysis, kodak)
    pixels = run(program.synthesis, latents_of(program, latents))
    with torch.no_grad():
        x = torch.from_numpy(kodak / 255).float().permute(2, 0, 1)[None]
        z = loaded.model.g_s(torch.round(loaded.model.g_a(x)))[0].permute(1, 2, 0).numpy() * 255
    real = psnr(np.round(z.clip(0, 255)), kodak)
    assert real > 30
    assert psnr(pixels, kodak) > real - 0.8  # four crops; a few dozen lose less
