"""The demo's log gives the shares of peak that are known of it."""

import pytest

from litelic.host.bench.published import DEMO, demo_utilisation


@pytest.mark.parametrize(("direction", "whole", "convolutions"), [
    ("encoder", 33, [10, 92, 94]), ("decoder", 46, [100, 100, 18])])
def test_shares_of_the_demos_peak(direction, whole, convolutions):
    layers = DEMO[direction]
    macs, seconds = sum(d.macs for d in layers), sum(d.total_seconds for d in layers)
    assert round(100 * demo_utilisation(macs, seconds)) == whole
    found = [round(100 * demo_utilisation(d.pixels * d.weights, d.seconds)) for d in layers]
    assert found == convolutions


def test_share_of_the_demos_normalisation():
    first = DEMO["encoder"][0]
    share = demo_utilisation(first.macs - first.pixels * first.weights, first.normalisation_seconds)
    assert round(100 * share) == 23
