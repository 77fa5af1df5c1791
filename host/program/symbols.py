"""Between networks and entropy coder: latents to symbols and back (numerics, section 6).

Without a hyperprior a latent is its symbol. With one, latents and means count in parts of a symbol,
as many as the channel's factor says.
"""

import numpy as np

from litelic.host.errors import LitelicError
from litelic.host.program.layer import OUTPUT_RANGE, WIDE
from litelic.host.program.network import INPUT, sources_of


def means_of(program, parameters):
    """The means, int32 [height][width][channels], or 0 where the program has none."""
    if not program.hyperprior or not program.has_means:
        return np.int32(0)
    return parameters[..., program.latent_channels :].astype(np.int32)


def scales_of(program, parameters):
    """Which table each latent has, int64 [height][width][channels], from int16 parameters."""
    scales = parameters[..., : program.latent_channels]
    return program.hyperprior.thresholds.searchsorted(scales, side="left")


def symbols_of(program, latents, parameters):
    """Symbols, int32, of the analysis' latents and the hyperprior's parameters, both int16."""
    factors = program.latent_factors.astype(np.int32)
    distance = latents.astype(np.int32) - means_of(program, parameters)
    return (2 * distance + factors) // (2 * factors)


def latents_of(program, symbols, parameters=None):
    """What the synthesis reads, int16 [height][width][channels], of symbols.

    Raises `LitelicError` for symbols with which sums of the synthesis could leave int32, such as
    only a damaged or hostile file has.
    """
    factors = program.latent_factors.astype(np.int64)
    latents = symbols.astype(np.int64) * factors + means_of(program, parameters)
    last = program.analysis[-1]
    if program.hyperprior:
        return latents.clip(last.lo, last.hi).astype(np.int16)
    latents = latents.clip(*OUTPUT_RANGE["int16"]).astype(np.int16)
    check_input(program, "synthesis", latents)
    return latents


def input_of(program, network, pixels, results):
    """What a network reads when a picture is coded and decoded again.

    results : {network: its result} of those before it.
    """
    if network == "analysis":
        return pixels
    if network == "hyper_synthesis":
        return results["hyper_analysis"]
    latents = results["analysis"]
    if network == "hyper_analysis":
        return latents
    parameters = results.get("hyper_synthesis")
    if program.hyperprior:
        latents = symbols_of(program, latents, parameters)
    return latents_of(program, latents, parameters)


def check_input(program, network, x):
    """Raise `LitelicError` for an input of a network, int16, with which its sums could leave int32:
    what the network before it never gives."""
    providers = {
        "synthesis": "analysis", "hyper_analysis": "analysis", "hyper_synthesis": "hyper_analysis",
    }
    layers = program.networks[network]
    wide = any(
        layer.input in WIDE and INPUT in sources
        for layer, sources in zip(layers, sources_of(layers), strict=True)
    )
    if network not in providers or not wide or x.size == 0:
        return
    last = program.networks[providers[network]][-1]
    if x.min() < last.lo or x.max() > last.hi:
        raise LitelicError(
            f"a latent lies outside of {last.lo}..{last.hi}, which program {program.name} never "
            "gives: the coded picture is damaged, or another program made it; fetch it again"
        )
