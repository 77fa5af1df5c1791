from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def picture(seed, height=256, width=256):
    """A smooth random picture, uint8 (height, width, 3): something like a photograph."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for cells in (4, 16, 64):
        coarse = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        total += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)) * 4 / cells
    total -= total.min()
    return np.round(total * 255 / total.max()).astype(np.uint8)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    """A folder with two pictures."""
    folder = tmp_path_factory.mktemp("photographs")
    for seed in (1, 2):
        Image.fromarray(picture(seed)).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="session")
def shared_data():
    """The folder of shared data beside the repository, if it is there."""
    folder = Path(__file__).resolve().parents[4] / "shared" / "data"
    if not (folder / "xlic-bls2017").is_dir():
        pytest.skip("the paper's weights are not beside the repository")
    return folder


@pytest.fixture(autouse=True)
def one_thread():
    torch = pytest.importorskip("torch", reason="the compiler's packages are not installed")
    torch.set_num_threads(1)
    torch.manual_seed(1)
