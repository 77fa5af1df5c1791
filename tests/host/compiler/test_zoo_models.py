"""Models of CompressAI's zoo as integers, against CompressAI itself."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from litelic.host.codec import codec  # noqa: E402
from litelic.host.codec.pictures import Picture, extend, load, psnr  # noqa: E402
from litelic.host.compiler import compile as compile_module  # noqa: E402
from litelic.host.compiler.compile import compile_model  # noqa: E402
from litelic.host.compiler.fold import fold  # noqa: E402
from litelic.host.compiler.quantise import Options  # noqa: E402
from litelic.host.compiler.report import LayerNotes  # noqa: E402
from litelic.host.compiler.zoo import CLASSES, random_model  # noqa: E402
from litelic.host.engines.float_model import FloatEngine  # noqa: E402
from litelic.host.engines.golden import GoldenEngine  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402
from litelic.host.program.file import load_program, save_program  # noqa: E402
from litelic.host.program.symbols import symbols_of  # noqa: E402

HASH = bytes(32)
BOTH = ("mbt2018-mean", "cheng2020-attn")  # have every kind of layer between them
HYPERPRIORS = ("bmshj2018-hyperprior", "mbt2018-mean")
# PSNR that the integers must reach against the float model's picture, by activation bits. Random
# networks of 8 channels leave the range of pixels often; the shallow ReLU ones do not.
LEAST_DB = {8: 18, 9: 20, 16: 27}


@pytest.fixture(scope="module")
def picture(photographs):
    return Picture(load(sorted(photographs.iterdir())[1]).pixels[:70, :100])


def compiled(photographs, name, bits, trained=False):
    model = random_model(name, 12, 12).eval()
    program = compile_model(
        model, [photographs], "tiny", trained, crops=2, log=lambda line: None,
        options=Options(samples=3000, activation_bits=bits),
    )
    return model, program


def compressai_result(model, picture, program):
    """(pixels, estimated bits by part) of CompressAI, on the picture as LiteLIC extends it; of the
    transforms alone where there is a context model."""
    pixels = extend(picture.pixels, program.downsampling)
    with torch.inference_mode():
        x = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
        if program.hyperprior is None:
            result = {"x_hat": model.g_s(torch.round(model.g_a(x))), "likelihoods": {}}
        else:
            result = model(x)
    decoded = (result["x_hat"][0].permute(1, 2, 0) * 255).round().clamp(0, 255)
    bits = {
        key: -torch.log2(value).sum().item() for key, value in result["likelihoods"].items()
    }
    return decoded.byte().numpy()[: picture.height, : picture.width], bits


@pytest.mark.parametrize("name, bits", [
    pytest.param(name, bits, marks=[] if bits == 9 or name in BOTH else pytest.mark.long)
    for name in CLASSES for bits in LEAST_DB
])
def test_integers_follow_the_model(photographs, picture, tmp_path, name, bits):
    model, program = compiled(photographs, name, bits)
    path = tmp_path / "tiny.licp"
    save_program(program, path)
    program, model_hash = load_program(path)
    engine = GoldenEngine(program)
    data = codec.encode_picture(program, model_hash, picture, engine)
    decoded = codec.decode_file(program, model_hash, data, engine).pixels
    wanted, _ = compressai_result(model, picture, program)
    assert psnr(wanted, decoded) > LEAST_DB[bits]
    assert wanted.std() > 20
    # The float engine writes and reads the same files, with the model's own arithmetic.
    exact = FloatEngine(fold(model, False), program.latent_factors)
    data = codec.encode_picture(program, model_hash, picture, exact)
    again = codec.decode_file(program, model_hash, data, exact).pixels
    assert psnr(wanted, again) > (33 if name == "mbt2018-mean" else 60)  # means in whole parts


@pytest.mark.parametrize("name", HYPERPRIORS)
def test_a_hyperprior_s_bits_are_those_of_the_model(photographs, picture, name):
    """The latents' real bytes against CompressAI's estimate, with the same scales and means."""
    model, program = compiled(photographs, name, 16)
    engine = GoldenEngine(program)
    results = engine.analyse_with_hyperprior(extend(picture.pixels, program.downsampling))
    latents, _, parameters = results
    data = codec.encode_picture(program, HASH, picture, engine)
    _, coded = codec.open_file(program, HASH, data)
    _, bits = compressai_result(model, picture, program)
    assert len(coded.rest) * 8 == pytest.approx(bits["y"], rel=0.08)  # calibration
    symbols = symbols_of(program, latents, parameters)
    assert np.abs(symbols).max() > 5
    if name == "mbt2018-mean":
        # Without the means they would be others.
        assert not np.array_equal(symbols, symbols_of(program, latents, 0 * parameters))


def test_a_hyper_analysis_is_fitted_to_what_it_can_read(photographs, monkeypatch):
    """Latents saturated to 9 bits: weights need no room for sums of whole int16."""
    ranges = {}

    def quantise_network(layers, start, *rest, **options):
        ranges[layers[0].name] = start.storage, start.range
        return original(layers, start, *rest, **options)

    original = compile_module.quantise_network
    monkeypatch.setattr(compile_module, "quantise_network", quantise_network)
    for name, storage, limits in (
        ("mbt2018-mean", "int16", (-256, 255)), ("bmshj2018-hyperprior", "magnitude", (0, 255)),
    ):
        compile_model(
            random_model(name, 6, 6).eval(), [photographs], "tiny", False, crops=1,
            options=Options(samples=500), log=lambda line: None,
        )
        assert ranges["h_a.0"] == (storage, limits)
        assert ranges["h_s.0"] == ranges["g_s.0"] == ("int16", (-256, 255))


@pytest.mark.parametrize("name", HYPERPRIORS)
def test_hyper_networks_are_near_the_float_ones(photographs, name):
    notes = LayerNotes()
    compile_model(
        random_model(name, 12, 12).eval(), [photographs], "tiny", False, crops=1,
        options=Options(samples=1000), log=lambda line: None, notes=notes,
    )
    decibels = {name: row["sqnr_db"] for name, row in notes.layers.items()}
    assert min(decibels[name] for name in ("h_a.0", "h_a.2", "h_s.0", "h_s.2", "h_s.4")) > 25


@pytest.mark.parametrize("name", ("cheng2020-anchor", "cheng2020-attn"))
def test_maps_that_are_added_up_share_their_scales(photographs, name):
    """So both weights of a sum are the same; but for a sum with latents, whose scale is given."""
    _, program = compiled(photographs, name, 9)
    sums = [layer for layer in program.layers if layer.kind == "pair" and not layer.gdn]
    assert len(sums) > 10
    for layer in sums:
        first, second = (np.diag(layer.weight[:, i, 0]) for i in range(2))
        assert np.array_equal(first, second) and (first >= 64).all(), layer.name


def test_a_checkpoint_of_another_model_is_told(photographs, tmp_path):
    _, program = compiled(photographs, "mbt2018-mean", 9)
    for name, N, M in (
        ("bmshj2018-factorized", 12, 12), ("bmshj2018-hyperprior", 12, 12), ("mbt2018-mean", 12, 8),
        ("mbt2018-mean", 8, 12),
    ):
        path = tmp_path / "other.pth"
        torch.save(random_model(name, N, M).state_dict(), path)
        with pytest.raises(LitelicError, match="is not what program tiny was compiled from"):
            FloatEngine.of(path, program)


@pytest.mark.parametrize("name", ("mbt2018", "cheng2020-anchor", "cheng2020-attn"))
def test_what_a_context_model_would_code_is_coded_without_it(photographs, name):
    _, program = compiled(photographs, name, 9)
    assert program.hyperprior is None and program.downsampling == 16
    assert len(program.entropy) == program.latent_channels
    kinds = {(layer.kind, layer.shuffle > 1) for layer in program.layers}
    if name != "mbt2018":
        assert {("conv", False), ("conv", True), ("pair", False)} == kinds
        gates = [layer for layer in program.layers if layer.gdn and layer.gdn.function == "sigmoid"]
        assert len(gates) == (4 if name == "cheng2020-attn" else 0)


def test_trained_entropy_models_decide_the_tables(photographs):
    """The bottleneck's medians and probabilities, not only what calibration shows."""
    model = random_model("bmshj2018-hyperprior", 8, 8).eval()
    with torch.no_grad():
        model.entropy_bottleneck.quantiles[:, 0, 1] = torch.linspace(-0.4, 0.4, 8)
    options = Options(samples=1000)
    program = compile_model(
        model, [photographs], "tiny", True, crops=1, options=options, log=lambda line: None
    )
    plain = compile_model(
        model, [photographs], "tiny", False, crops=1, options=options, log=lambda line: None
    )
    last, other = (p.hyperprior.analysis[-1] for p in (program, plain))
    assert not np.array_equal(last.bias, other.bias)
    assert [len(t.cdf) for t in program.entropy] != [len(t.cdf) for t in plain.entropy]
    assert all(np.array_equal(a.weight, b.weight) for a, b in zip(program.analysis, plain.analysis))
