"""The comparison with JPEG never favours the program."""

import json

import numpy as np
import pytest

from litelic.host import quality
from litelic.host.codec import pictures
from litelic.host.codec.pictures import Picture


@pytest.fixture
def photographs(seed):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (2, 8, 12, 3), dtype=np.uint8)
    return [Picture(c.repeat(8, axis=0).repeat(8, axis=1), False) for c in coarse]


def test_jpeg_has_at_least_the_rate_and_one_quality_less_has_not(photographs):
    target = np.mean([8 * quality.jpeg(p, 40)[0] / (p.width * p.height) for p in photographs])
    chosen, rows = quality.jpeg_at_mean_rate(photographs, target)
    assert np.mean([bpp for bpp, _ in rows]) >= target
    below = [8 * quality.jpeg(p, chosen - 1)[0] / (p.width * p.height) for p in photographs]
    assert np.mean(below) < target


def test_means_are_those_of_real_files(photographs, tmp_path, capsys):
    for i, photograph in enumerate(photographs):
        pictures.save(photograph, tmp_path / f"{i}.png")
    output = tmp_path / "means.json"
    assert quality.main([str(tmp_path), "--output", str(output)]) == 0
    result = json.loads(output.read_text())
    assert result["pictures"] == 2 and result["bpp"] > 0
    assert f"{result['psnr_db']:.3f}" in capsys.readouterr().out


def test_a_folder_without_photographs_is_an_error(tmp_path, capsys):
    assert quality.main([str(tmp_path)]) == 1
    assert "no .png or .jpg" in capsys.readouterr().err
