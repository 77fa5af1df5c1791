"""The paper's model (Balle, Laparra, Simoncelli 2017) on CompressAI's layers.

CompressAI has no class for it. Analysis: convolution 9x9/4, normalisation, 5x5/2, normalisation,
5x5/2; synthesis is its mirror. X-LIC's released weights use the normalisation that CompressAI
calls GDN1, x / (beta + gamma |x|), and so does this class.
"""

import torch.nn as nn

from litelic.host.compiler.torch_compat import import_compressai

import_compressai()
from compressai.entropy_models import EntropyBottleneck  # noqa: E402
from compressai.layers import GDN1  # noqa: E402
from compressai.models import CompressionModel  # noqa: E402


class Bls2017(CompressionModel):
    """Balle 2017 with `N` channels inside and `M` latent channels.

    `centre` is subtracted from the picture (0..1) before the analysis and added after the
    synthesis. X-LIC's weights want 0. Centred pictures (0.5) train much faster, as zero padding
    is then mid-grey instead of black. `gain` multiplies the latents before they are rounded and
    divides them before the synthesis: it lets the last analysis weights keep the size (and so the
    learning rate) of the others. The compiler folds both into the integer layers.
    """

    def __init__(self, N=128, M=128, centre=0.0, gain=1.0):
        super().__init__()
        self.N, self.M, self.centre, self.gain = N, M, centre, gain
        self.g_a = nn.Sequential(
            nn.Conv2d(3, N, 9, stride=4, padding=4),
            GDN1(N),
            nn.Conv2d(N, N, 5, stride=2, padding=2),
            GDN1(N),
            nn.Conv2d(N, M, 5, stride=2, padding=2),
        )
        self.g_s = nn.Sequential(
            nn.ConvTranspose2d(M, N, 5, stride=2, padding=2, output_padding=1),
            GDN1(N, inverse=True),
            nn.ConvTranspose2d(N, N, 5, stride=2, padding=2, output_padding=1),
            GDN1(N, inverse=True),
            nn.ConvTranspose2d(N, 3, 9, stride=4, padding=4, output_padding=3),
        )
        self.entropy_bottleneck = EntropyBottleneck(M)

    @property
    def config(self):
        """The arguments that make a model of this architecture."""
        return {"N": self.N, "M": self.M, "centre": self.centre, "gain": self.gain}

    @property
    def downsampling_factor(self):
        return 16

    def forward(self, x):
        y = self.g_a(x - self.centre) * self.gain
        y_hat, likelihoods = self.entropy_bottleneck(y)
        x_hat = self.g_s(y_hat / self.gain) + self.centre
        return {"x_hat": x_hat, "likelihoods": {"y": likelihoods}}
