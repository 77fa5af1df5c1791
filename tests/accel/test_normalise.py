"""The mantissa unit against the golden model."""

import numpy as np
import pytest

from litelic.accel.descriptor import FUNCTION_CODES
from litelic.accel.normalise import Mantissa
from litelic.host.golden.normalisation import exponent, mantissa
from tests.accel.streams import simulate

ADJUST = {
    "reciprocal": lambda e: e, "multiply": lambda e: -e,
    "rsqrt": lambda e: e // 2, "sqrt": lambda e: -(e // 2), "sigmoid": lambda e: 0,
}


def interesting_norms(rng):
    """Powers of two and their neighbours, the edges of all segments, random ones of every size."""
    powers = 1 << np.arange(24, dtype=np.int64)
    edges = (np.arange(128, 256) << 16) >> rng.integers(0, 16, 128)
    random = rng.integers(1, 2, 300) << rng.integers(0, 24, 300)
    random = rng.integers(random, 2 * random)
    norms = np.concatenate([powers, powers - 1, powers + 1, edges, edges - 1, random])
    return np.append(norms, 2**24 - 1).clip(1, 2**24 - 1)


@pytest.mark.parametrize("function", FUNCTION_CODES)
def test_mantissa_and_exponent(function, seed):
    norms = interesting_norms(np.random.default_rng(seed))
    exponents = exponent(norms)
    mantissas = mantissa(function, norms, exponents).tolist()
    adjusts = [ADJUST[function](e) for e in exponents.tolist()]
    dut = Mantissa()

    def bench():
        yield dut.function.eq(FUNCTION_CODES[function])
        for cycle in range(len(norms) + dut.latency):
            if cycle < len(norms):
                yield dut.norm.eq(int(norms[cycle]))
            yield
            i = cycle - dut.latency
            if i >= 0:
                got = (yield dut.mantissa), (yield dut.adjust)
                assert got == (mantissas[i], adjusts[i]), f"norm {norms[i]}"

    simulate(dut, bench())
