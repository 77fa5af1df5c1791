"""The golden model: `docs/numerics.md` in NumPy, with integers only."""

from litelic.host.golden.network import run_layer, run_layers

__all__ = ["run_layer", "run_layers"]
