import numpy as np
import pytest

torch = pytest.importorskip("torch")

from litelic.host.compiler.entropy import (  # noqa: E402
    bottleneck_prior,
    estimate_bits,
    integer_cdf,
    laplace_prior,
    make_tables,
    medians,
)
from litelic.host.compiler.torch_compat import import_compressai  # noqa: E402

import_compressai()
from compressai.entropy_models import EntropyBottleneck  # noqa: E402


@pytest.fixture
def bottleneck():
    """A bottleneck trained for a moment on channels of known spread and position."""
    torch.manual_seed(2)
    centres, spreads = torch.tensor([-7.3, 0.2, 40.0]), torch.tensor([0.4, 3.0, 12.0])
    model = EntropyBottleneck(3)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-2)
    for _ in range(400):
        x = torch.randn(4, 3, 16, 16) * spreads[:, None, None] + centres[:, None, None]
        loss = -torch.log2(model(x)[1]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.eval()


def latents_like(rng, fractions):
    real = rng.normal([-7.3, 0.2, 40.0], [0.4, 3.0, 12.0], (60_000, 3))
    return np.round(real - fractions)


def test_medians_split(bottleneck):
    whole, fractions = medians(bottleneck)
    assert np.allclose(whole + fractions, [-7.3, 0.2, 40.0], atol=1.5)
    assert (np.abs(fractions) <= 0.5).all() and (whole == np.round(whole)).all()


def test_prior_is_the_bottlenecks_likelihood(bottleneck):
    fractions = medians(bottleneck)[1]
    prior = bottleneck_prior(bottleneck, fractions)
    with torch.no_grad():
        shift = torch.from_numpy(fractions).float()[:, None, None]
        points = torch.arange(-100, 101).float() + shift
        likelihood = bottleneck._likelihood(points)[0][:, 0].numpy()
    for channel in range(3):
        probabilities = prior(channel, -100, 100)
        np.testing.assert_allclose(probabilities, likelihood[channel], atol=1e-6)
        assert probabilities.sum() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("learnt", [True, False])
def test_tables_cost_little_more_than_the_entropy(bottleneck, learnt):
    rng = np.random.default_rng(6)
    fractions = medians(bottleneck)[1]
    seen, fresh = latents_like(rng, fractions), latents_like(rng, fractions)
    prior = bottleneck_prior(bottleneck, fractions) if learnt else laplace_prior(seen)
    tables = make_tables(seen, prior, 1000)
    ideal = 0.0
    for channel in range(3):
        counts = np.unique(fresh[:, channel], return_counts=True)[1]
        ideal -= (counts * np.log2(counts / counts.sum())).sum()
    assert estimate_bits(tables, fresh) < 1.01 * ideal


def test_outliers_escape_and_dead_channels_have_a_table():
    latents = np.zeros((1000, 2))
    latents[0, 0] = 30_000
    tables = make_tables(latents, laplace_prior(latents), 200)
    assert tables[1].offset <= 0 < tables[1].offset + len(tables[1].cdf) - 2
    assert estimate_bits(tables, np.array([[30_000, 0]])) > 10
    assert estimate_bits(tables, np.array([[0, 0]])) < 1


def test_integer_cdf_keeps_every_symbol_possible():
    cdf = integer_cdf(np.array([0.0, 1.0, 1e-12, 0.3]))
    assert cdf.dtype == np.uint32 and cdf[0] == 0 and cdf[-1] == 65536
    assert (np.diff(cdf.astype(int)) >= 1).all()
    assert cdf[2] - cdf[1] == pytest.approx(65536 / 1.3, abs=4)
