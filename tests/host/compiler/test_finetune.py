import numpy as np
import pytest

torch = pytest.importorskip("torch")

from litelic.host.cli.main import main  # noqa: E402
from litelic.host.compiler.bls2017 import Bls2017  # noqa: E402
from litelic.host.compiler.checkpoint import load_model  # noqa: E402
from litelic.host.compiler.finetune import RoundedModel, fake_round, finetune  # noqa: E402
from litelic.host.compiler.zoo import FactorizedPriorReLU  # noqa: E402
from litelic.host.errors import LitelicError  # noqa: E402
from litelic.host.training.train import initialise, save  # noqa: E402

CONFIG = {"N": 6, "M": 8, "centre": 0.5, "gain": 4.0}


def test_rounding_passes_gradients_inside_its_range():
    x = torch.tensor([-3.0, -0.6, 0.24, 0.26, 9.0]).reshape(1, 1, 1, 5).requires_grad_()
    y = fake_round(x, torch.tensor([0.5]), -2, 3)
    y.sum().backward()
    assert y.flatten().tolist() == [-1.0, -0.5, 0.0, 0.5, 1.5]
    assert x.grad.flatten().tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("make", [
    lambda: Bls2017(6, 8, 0.5, 4.0), lambda: Bls2017(6, 8), lambda: FactorizedPriorReLU(6, 8),
])
def test_rounded_networks_are_near_the_float_ones(make):
    model = make()
    initialise(model)
    with torch.no_grad():
        model.g_a[-1].weight *= 20  # latents that do not all round to zero
    rounded = RoundedModel(model)
    x = torch.rand(2, 3, 64, 64)
    rounded.take_scales(x, np.random.default_rng(1))
    wanted = model.g_a(x - rounded.centre)
    got = rounded.analysis(x - rounded.centre)
    assert 0 < ((got - wanted) ** 2).mean() < 0.01 * (wanted**2).mean()
    bpp, mse = rounded.rate_distortion(x)
    (bpp + mse).backward()
    assert all(p.grad.abs().max() > 0 for p in (model.g_a[0].weight, model.g_s[0].weight))


def test_finetuning_writes_a_checkpoint_that_compiles(photographs, tmp_path):
    model = Bls2017(**CONFIG)
    initialise(model)
    start, end = tmp_path / "start.pth", tmp_path / "end.pth"
    save(start, {
        "model": "bls2017", "config": CONFIG, "lmbda": 0.01, "step": 7,
        "state_dict": model.state_dict(),
    })
    lines = []
    finetune(
        start, end, [photographs], [photographs], steps=4, batch=2, crop=64, peak=1e-3,
        report_every=2, log=lines.append,
    )
    again = tmp_path / "again.pth"
    arguments = ["finetune", start, again, "--photographs", photographs, "--calibration"]
    numbers = ["--steps", "4", "--batch", "2", "--crop", "64", "--rate", "1e-3"]
    assert main([str(a) for a in [*arguments, photographs, *numbers]]) == 0
    assert load_model(again).model.config == CONFIG
    tuned = load_model(end).model
    assert len(lines) == 2 and "step 4/4" in lines[1]
    assert not torch.equal(tuned.g_a[0].weight, model.g_a[0].weight)
    with pytest.raises(LitelicError, match="crops of 100 pixels: give a multiple of 16"):
        finetune(start, end, [photographs], [photographs], crop=100)
    with pytest.raises(LitelicError, match="not finite; give a lower --rate"):
        finetune(
            start, tmp_path / "no.pth", [photographs], [photographs], steps=4, batch=1, crop=64,
            peak=1e30, report_every=2, log=lines.append,
        )
    assert not (tmp_path / "no.pth").exists()
    for lost in ("lmbda", "step"):
        whole = torch.load(end, weights_only=True)
        del whole[lost]
        save(tmp_path / "lost.pth", whole)
        with pytest.raises(LitelicError, match="not a checkpoint of"):
            finetune(tmp_path / "lost.pth", end, [photographs], [photographs])
    torch.save(FactorizedPriorReLU(4, 4).state_dict(), start)
    with pytest.raises(LitelicError, match="not a checkpoint of"):
        finetune(start, end, [photographs], [photographs])
