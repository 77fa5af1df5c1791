"""What others published, for the side-by-side tables.

Paper: X-LIC, "Exploring Efficient Hardware Accelerator for Learning-based Image Compression",
IEEE TCAD 2024. Demo: the README of its public repository,
github.com/sjtu-tcloud/Exploring-Efficient-Hardware-Accelerator-for-Learning-based-Image-Compression,
whose log of a run on a ZCU102 gives the seconds of every layer.
"""

from dataclasses import dataclass

PAPER = {
    # INT8, Balle 2017 with N = 128 at 1280x720
    "encoder": {"gops": 688, "frames_per_s": 33},
    "decoder": {"gops": 759, "frames_per_s": 36},
}
PAPER_UTILISATION = "78-95 % on average"

DEMO_MACS, DEMO_CLOCK_HZ = 1024, 200_000_000
DEMO_SIZE = (2048, 1365)


@dataclass(frozen=True)
class DemoLayer:
    """A convolution and the normalisation behind it, as the demo ran them: one after the other.

    pixels     : that its weights meet: outputs of a convolution, inputs of a transposed one.
    weights    : int16, without biases.
    normalised : pixels of the normalisation, 0 where there is none; 128 x 128 weights.
    seconds, normalisation_seconds : of the demo's log.
    """

    name: str  # ours
    pixels: int
    weights: int
    seconds: float
    normalised: int = 0
    normalisation_seconds: float = 0.0

    @property
    def macs(self):
        return self.pixels * self.weights + self.normalised * 128 * 128

    @property
    def total_seconds(self):
        return self.seconds + self.normalisation_seconds


_OUTER, _MIDDLE, _LATENTS = 342 * 512, 171 * 256, 86 * 128
_THIN, _THICK = 9 * 9 * 3 * 128, 5 * 5 * 128 * 128
DEMO = {
    "encoder": (
        DemoLayer("g_a.0", _OUTER, _THIN, 0.27263, _OUTER, 0.06105),
        DemoLayer("g_a.2", _MIDDLE, _THICK, 0.09479, _MIDDLE, 0.01505),
        DemoLayer("g_a.4", _LATENTS, _THICK, 0.02350),
    ),
    "decoder": (
        DemoLayer("g_s.0", _LATENTS, _THICK, 0.02210, _MIDDLE, 0.01504),
        DemoLayer("g_s.2", _MIDDLE, _THICK, 0.08794, _OUTER, 0.06106),
        DemoLayer("g_s.4", _OUTER, _THIN, 0.14476),
    ),
}


def demo_utilisation(macs, seconds):
    """True multiplications over the demo's peak."""
    return macs / (seconds * DEMO_MACS * DEMO_CLOCK_HZ)
