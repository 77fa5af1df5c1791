"""Pictures through the whole simulated board, by the command line, against the golden model."""

import pytest

from litelic.accel.config import ACTIVATION_BITS, ArrayConfig
from litelic.host.cli.main import main
from litelic.host.link.simulator import Simulator
from litelic.host.program.file import save_program
from tests.host.codec.models import hyper_program, small_program
from tests.system.conftest import DATA, round_trip

SIZES = [(1, 1), (17, 31), (31, 17), (1000, 3), (96, 64)]
OTHERS = ["bls2017-xlic", "bmshj2018-factorized"]  # published weights, random weights


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_default_model_gives_the_golden_bytes(simulator, picture, tmp_path, size):
    round_trip(picture(*size), tmp_path, simulator.url)


@pytest.fixture(scope="module")
def wide_simulator():
    with Simulator(ArrayConfig(activation_bits=16)) as running:
        yield running


@pytest.mark.long
@pytest.mark.parametrize("bits", ACTIVATION_BITS)
@pytest.mark.parametrize("number", range(3))
def test_a_board_of_16_bits_runs_programs_of_either(
    wide_simulator, picture, tmp_path, number, bits
):
    program = tmp_path / "random.licp"
    save_program(small_program(number, activation_bits=bits), program)
    round_trip(picture(50, 37), tmp_path, wide_simulator.url, program)


def test_a_board_of_8_bits_refuses_programs_of_16(simulator, picture, tmp_path, capsys):
    program = tmp_path / "wide.licp"
    save_program(small_program(1, activation_bits=16), program)
    options = ["--port", simulator.url, "--program", str(program)]
    assert main(["encode", str(picture(9, 9)), str(tmp_path / "no.lic"), *options]) != 0
    assert "build the board with --activation-bits 16" in capsys.readouterr().err
    assert not (tmp_path / "no.lic").exists()


@pytest.mark.parametrize("number", range(3))
def test_random_programs_give_the_golden_bytes(simulator, picture, tmp_path, number):
    program = tmp_path / "random.licp"
    save_program(small_program(number), program)
    round_trip(picture(50, 37), tmp_path, simulator.url, program)


@pytest.mark.parametrize("means", (False, True))
def test_hyperpriors_give_the_golden_bytes(simulator, picture, tmp_path, means, capsys):
    """Magnitudes, sums, gates, slopes and shuffles among their layers; verify sees each of them."""
    program = tmp_path / "hyper.licp"
    save_program(hyper_program(3, means), program)
    round_trip(picture(50, 37), tmp_path, simulator.url, program)
    options = ["--program", str(program), "--port", simulator.url, "--size", "40x24"]
    assert main(["verify", *options]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("h_a.2", "h_s.1", "every layer equals the golden model"))


def test_verify_finds_every_layer_equal(simulator, capsys):
    assert main(["verify", "--port", simulator.url, "--size", "40x24"]) == 0
    assert "every layer equals the golden model" in capsys.readouterr().out


def test_info_describes_the_board(simulator, capsys):
    assert main(["info", "--port", simulator.url]) == 0
    out = capsys.readouterr().out
    assert "4x4x8, 128 MACs a cycle" in out and "256 MB" in out


def test_file_of_another_model_is_refused_and_nothing_is_written(picture, tmp_path, capsys):
    program = tmp_path / "random.licp"
    save_program(small_program(5), program)
    source, lic, back = picture(20, 20), tmp_path / "a.lic", tmp_path / "a.png"
    assert main(["encode", str(source), str(lic), "--golden", "--program", str(program)]) == 0
    assert main(["decode", str(lic), str(back), "--golden"]) == 1
    assert "model" in capsys.readouterr().err
    assert not back.exists()


def kodak():
    """Two portrait and three landscape pictures of Kodak's set, if it is there."""
    return [DATA / "kodak" / f"kodim{n:02}.png" for n in (1, 4, 9, 15, 23)]


@pytest.mark.parametrize("model", OTHERS)
def test_other_models_give_the_golden_bytes(simulator, models, picture, tmp_path, model):
    round_trip(picture(17, 31), tmp_path, simulator.url, models(model))


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("model", OTHERS)
def test_other_models_and_sizes(simulator, models, picture, tmp_path, size, model):
    round_trip(picture(*size), tmp_path, simulator.url, models(model))


@pytest.mark.long
@pytest.mark.parametrize("path", kodak(), ids=lambda p: p.stem)
@pytest.mark.parametrize("model", ["default", *OTHERS])
def test_kodak_gives_the_golden_bytes(simulator, models, tmp_path, path, model):
    if not path.exists():
        pytest.skip(f"{path} is not here; set LITELIC_DATA")
    round_trip(path, tmp_path, simulator.url, models(model))
