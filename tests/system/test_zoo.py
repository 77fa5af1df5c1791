"""CompressAI's models, with random weights, through the whole simulated board: the golden bytes."""

import os
import subprocess
import sys

import pytest

from litelic.host.cli.main import main
from tests.system.conftest import round_trip

# Every kind of layer of every architecture: hyper analysis of magnitudes and of latents, slopes,
# residual blocks, sub-pixel convolutions, attention.
SMALL = {"bmshj2018-hyperprior": (16, 24), "mbt2018-mean": (16, 24), "cheng2020-attn": (16, 16)}
PUBLISHED = {
    "bmshj2018-factorized-relu": (128, 192),
    "bmshj2018-hyperprior": (128, 192),
    "mbt2018-mean": (128, 192),
    "mbt2018": (192, 192),
    "cheng2020-anchor": (128, 128),
    "cheng2020-attn": (128, 128),
}


@pytest.mark.parametrize("name", SMALL)
def test_small_models_give_the_golden_bytes(simulator, models, picture, tmp_path, name):
    round_trip(picture(70, 50), tmp_path, simulator.url, models(name, *SMALL[name]))


@pytest.mark.long
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes_give_the_golden_bytes(simulator, models, picture, tmp_path, name):
    round_trip(picture(96, 64), tmp_path, simulator.url, models(name, *PUBLISHED[name]))


@pytest.mark.parametrize("name", ("mbt2018-mean",))
def test_a_file_decodes_alike_on_the_board_and_with_any_number_of_threads(
    simulator, models, picture, tmp_path, name
):
    """A hyperprior's scales are integers: nothing depends on the order of additions."""
    program = str(models(name, *SMALL[name]))
    lic = tmp_path / "a.lic"
    options = ["--program", program, "--force"]
    assert main(["encode", str(picture(70, 50)), str(lic), "--golden", *options]) == 0
    board = tmp_path / "board.png"
    assert main(["decode", str(lic), str(board), "--port", simulator.url, *options]) == 0
    for threads in ("1", "4"):
        back = tmp_path / f"{threads}.png"
        count = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads
        )
        subprocess.run(
            [sys.executable, "-m", "litelic.host.cli", "decode", lic, back, "--golden", *options],
            check=True, env=os.environ | count,
        )
        assert back.read_bytes() == board.read_bytes()
