"""The float transform: its shapes are the program's, and what it says of its time."""

import os

import pytest

from litelic.host.bench import float_time, models
from tests.host.codec.models import small_program

torch = pytest.importorskip("torch", reason="the compiler's packages are not installed")


@pytest.mark.parametrize("program", [small_program(1), models.load("bmshj2018-factorized")],
                         ids=lambda program: program.name)
def test_shapes_are_the_programs(program):
    x = torch.rand(1, 3, 32, 48)
    for layers, out in ((program.analysis, None), (program.synthesis, (1, 3, 32, 48))):
        height, width = x.shape[2:]
        for layer in layers:
            height, width = layer.output_size(height, width)
        x = float_time._transform(torch, layers)(x)
        assert tuple(x.shape) == (1, layers[-1].out_channels, height, width)
        assert torch.isfinite(x).all()
        assert out is None or tuple(x.shape) == out


def test_it_says_what_it_measured():
    before = torch.get_num_threads()
    found = float_time.measure(small_program(1).analysis, 32, 48)
    assert found["seconds"] > 0 and found["runs"] == float_time.RUNS
    assert found["threads"] in {1, os.cpu_count()}
    assert found["torch"] == torch.__version__ and found["cpu"]
    assert torch.get_num_threads() == before
