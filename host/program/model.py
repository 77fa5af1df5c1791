"""The integer program in memory: plain data, checked on construction.

Field meanings and ranges are those of `docs/numerics.md`.
"""

from dataclasses import dataclass, field

import numpy as np

from litelic.host.errors import LitelicError
from litelic.host.program.layer import require
from litelic.host.program.network import check_network, reduction, reductions

LARGEST_DOWNSAMPLING = 256


@dataclass
class EntropyTable:
    """Integer probabilities of the symbols of a channel, or of a scale.

    `cdf[0] = 0 < cdf[1] < ... < cdf[-1] = 2^16`: symbol `k` (0-based) is the value `offset + k`
    with probability `(cdf[k+1] - cdf[k]) / 2^16`; the last symbol is the escape.
    """

    offset: int
    cdf: np.ndarray  # uint32 [symbols + 1], the escape included

    def __post_init__(self):
        cdf = self.cdf
        ok = cdf.dtype == np.uint32 and cdf.ndim == 1 and len(cdf) >= 2
        ok = ok and cdf[0] == 0 and cdf[-1] == 1 << 16 and (np.diff(cdf.astype(np.int64)) > 0).all()
        if not ok:
            raise LitelicError("an entropy table must rise strictly from 0 to 65536")


@dataclass
class Hyperprior:
    """What tells the probability of each latent: networks, and tables by scale."""

    analysis: list  # of Layer, latents -> hyper latents
    synthesis: list  # of Layer, hyper latents -> scales, and means behind them if it has means
    thresholds: np.ndarray  # int32 [tables - 1], rising: how many lie below a scale is its table
    tables: list  # of EntropyTable, for symbols around 0


@dataclass
class Program:
    """A compiled model."""

    name: str
    analysis: list  # of Layer, picture -> latents
    synthesis: list  # of Layer, latents -> picture
    # of EntropyTable, one a channel of the latents, or of the hyper latents where there are any
    entropy: list
    metadata: dict = field(default_factory=dict)  # strings: where it came from
    # uint8 [latent channels], at least 1: the synthesis reads each symbol times its channel's.
    latent_factors: np.ndarray | None = None  # None: all 1
    hyperprior: Hyperprior | None = None

    @property
    def networks(self):
        """{name: layers}, in the order in which a picture goes through them."""
        networks = {"analysis": self.analysis}
        if self.hyperprior:
            networks["hyper_analysis"] = self.hyperprior.analysis
            networks["hyper_synthesis"] = self.hyperprior.synthesis
        return networks | {"synthesis": self.synthesis}

    @property
    def encoder_networks(self):
        """Names of those that an encoder runs, in order."""
        return [name for name in self.networks if name != "synthesis"]

    @property
    def layers(self):
        """Those of all networks."""
        return [layer for layers in self.networks.values() for layer in layers]

    @property
    def latent_channels(self):
        return self.analysis[-1].out_channels

    @property
    def has_means(self):
        """Whether the hyperprior tells each latent's mean."""
        return self.hyperprior.synthesis[-1].out_channels > self.latent_channels

    @property
    def activation_bits(self):
        """Of the array that can run it, 8 or 16."""
        return max(layer.activation_bits for layer in self.layers)

    @property
    def downsampling(self):
        """Pixels of the picture that its sides are made multiples of."""
        factor = reduction(self.analysis)
        if self.hyperprior:
            factor *= reduction(self.hyperprior.analysis)
        return int(factor)

    def __post_init__(self):
        for name, layers in self.networks.items():
            if not layers:
                raise LitelicError(f"program {self.name}: its {name} has no layers")
        check_network(self.analysis, 3, ("uint8", "centred"))
        last, exit_ = self.analysis[-1], self.synthesis[-1]
        require(last.output == "int16", last.name, "latents are int16")
        for layer in self.analysis:
            # `downsampling` relies on it.
            shrinks = layer.kind != "deconv" and layer.shuffle == 1
            require(shrinks, layer.name, "analysis has nothing that makes maps larger")
        latents = ("int16", "wide")
        check_network(self.synthesis, self.latent_channels, latents, last)
        require(exit_.out_channels == 3, exit_.name, "a picture has 3 channels")
        require(exit_.output == "uint8", exit_.name, "a picture is stored as uint8")
        if self.hyperprior:
            self._check_hyperprior()
        if self.downsampling > LARGEST_DOWNSAMPLING:
            raise LitelicError(
                f"program {self.name}: a latent for {self.downsampling} pixels in each direction, "
                f"at most {LARGEST_DOWNSAMPLING} are supported"
            )
        latent = reduction(self.analysis)
        pixels = {"analysis": 1, "synthesis": latent, "hyper_analysis": latent}
        if self.hyperprior:
            pixels["hyper_synthesis"] = latent * reduction(self.hyperprior.analysis)
        for name, layers in self.networks.items():
            for layer, factor in zip(layers, reductions(layers), strict=True):
                require(
                    pixels[name] * factor >= 1, layer.name, "makes a map larger than the picture"
                )
        self._check_factors()
        coded = self.latent_channels
        if self.hyperprior:
            coded = self.hyperprior.analysis[-1].out_channels
        if len(self.entropy) != coded:
            raise LitelicError(
                f"program {self.name}: {len(self.entropy)} entropy tables for {coded} channels"
            )

    def _check_hyperprior(self):
        hyper = self.hyperprior
        first, last = hyper.analysis[-1], hyper.synthesis[-1]
        check_network(
            hyper.analysis, self.latent_channels,
            ("int16", "wide", "magnitude", "wide_magnitude"), self.analysis[-1],
        )
        for layer in hyper.analysis:
            shrinks = layer.kind != "deconv" and layer.shuffle == 1
            require(shrinks, layer.name, "hyper analysis has nothing that makes maps larger")
        require(first.output == "int16", first.name, "hyper latents are int16")
        check_network(hyper.synthesis, first.out_channels, ("int16", "wide"), first)
        require(last.output == "int16", last.name, "scales and means are int16")
        require(
            last.out_channels in (self.latent_channels, 2 * self.latent_channels), last.name,
            f"gives {last.out_channels} channels for {self.latent_channels} latents",
        )
        thresholds = hyper.thresholds
        if len(hyper.tables) < 2:
            raise LitelicError(f"program {self.name}: a hyperprior has two tables at least")
        ok = thresholds.dtype == np.int32 and thresholds.shape == (len(hyper.tables) - 1,)
        if not ok or (np.diff(thresholds.astype(np.int64)) <= 0).any():
            raise LitelicError(
                f"program {self.name}: its thresholds of scales must rise, int32, one less than "
                "tables"
            )

    def _check_factors(self):
        entry = self.synthesis[0]
        if self.latent_factors is None:
            self.latent_factors = np.ones(self.latent_channels, np.uint8)
        factors = self.latent_factors
        require(
            factors.dtype == np.uint8 and factors.shape == (self.latent_channels,)
            and (factors > 0).all(), entry.name,
            f"factors of latents must be 1..255, uint8[{self.latent_channels}]",
        )
        require(
            entry.input != "wide" or self.hyperprior or (factors == 1).all(), entry.name,
            "factors of latents must be 1 where they are read as wide without a hyperprior",
        )
