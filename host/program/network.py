"""A network: a list of layers, each of which reads results of layers before it.

Most read the result of the layer before; a layer's `sources` say otherwise. Result -1 is the
network's input, the last layer's result is the network's.
"""

from dataclasses import replace
from fractions import Fraction

from litelic.host.program.layer import WIDE, require, stored_as

INPUT = -1


def sources_of(layers):
    """Which results each layer reads, a list of tuples."""
    return [
        (i - 1,) if layer.sources is None else layer.sources for i, layer in enumerate(layers)
    ]


def last_uses(layers):
    """For the input and each result, the layer that reads it last: a list, the input first. What
    nobody reads is wanted until the end."""
    last = [len(layers)] * (len(layers) + 1)
    for i, sources in enumerate(sources_of(layers)):
        for source in sources:
            last[source + 1] = i
    return last


def pairs_of(layers):
    """{layer: (first, second result)} of the layers that read two."""
    sources = sources_of(layers)
    return {i: sources[i] for i, layer in enumerate(layers) if layer.kind == "pair"}


def join(*networks):
    """One network of several, each of which reads the result of the one before it."""
    layers = []
    for network in networks:
        start = len(layers)
        for layer, sources in zip(network, sources_of(network), strict=True):
            moved = tuple(start + source for source in sources)
            layers.append(replace(layer, sources=None if moved == (len(layers) - 1,) else moved))
    return layers


def check_network(layers, channels, input, provider=None):
    """Raise `LitelicError` unless the layers suit each other.

    channels : of the network's input.
    input    : the storages that its readers may read it as.
    provider : the layer that stores the network's input, if it is one.
    """
    paired = set()
    for i, pair in pairs_of(layers).items():
        require(
            len({*pair}) == 2 and not paired & {*pair}, layers[i].name,
            "a feature map can be in one pair only; copy it with a layer of its own",
        )
        paired |= {*pair}
    for i, (layer, sources) in enumerate(zip(layers, sources_of(layers), strict=True)):
        for source in sources:
            require(
                INPUT <= source < i, layer.name,
                f"it reads result {source}, there are {INPUT}..{i - 1} before it",
            )
            if source == INPUT:
                require(
                    layer.in_channels == channels, layer.name,
                    f"takes {layer.in_channels} channels, the network's input has {channels}",
                )
                require(
                    layer.input in input, layer.name,
                    f"reads {layer.input}, the network's input is {' or '.join(input)}",
                )
                continue
            before = layers[source]
            require(
                before.out_channels == layer.in_channels, layer.name,
                f"takes {layer.in_channels} channels, {before.name} gives {before.out_channels}",
            )
            require(
                before.output == stored_as(layer.input), layer.name,
                f"reads {layer.input}, {before.name} stores {before.output}",
            )
    for layer, sources in zip(layers, sources_of(layers), strict=True):
        if layer.input in WIDE:
            check_wide(layer, [layers[s] if s != INPUT else provider for s in sources])


def check_wide(layer, before):
    """Raise `LitelicError` where sums of `layer` could leave int32 for what the layers `before`
    store."""
    require(None not in before, layer.name, "a picture cannot be read as wide")
    lo, hi = min(b.lo for b in before), max(b.hi for b in before)
    if layer.input == "wide_magnitude":
        lo, hi = 0, min(max(-lo, hi), 32767)
    layer.check_sums(lo, hi)


def result_sizes(layers, height, width):
    """(height, width) of every result for an input of that size. Raises `LitelicError` where the
    maps of a pair differ, or a map is smaller than a kernel."""
    sizes = {INPUT: (height, width)}
    for i, (layer, sources) in enumerate(zip(layers, sources_of(layers), strict=True)):
        read = [sizes[source] for source in sources]
        require(
            len({*read}) == 1, layer.name,
            "its maps have different sizes, " + " and ".join(f"{w}x{h}" for h, w in read),
        )
        sizes[i] = layer.output_size(*read[0])
    return [sizes[i] for i in range(len(layers))]


def result_size(layers, height, width):
    """(height, width) of the network's result."""
    return result_sizes(layers, height, width)[-1]


def reductions(layers):
    """Pixels of the network's input for a pixel of each result, in each direction."""
    factors = [Fraction(1)]
    for layer, sources in zip(layers, sources_of(layers), strict=True):
        change = {
            "conv": Fraction(layer.stride, layer.shuffle), "deconv": Fraction(1, layer.stride),
        }
        factors.append(factors[sources[0] + 1] * change.get(layer.kind, 1))
    return factors[1:]


def reduction(layers):
    """Pixels of the network's input for a pixel of its result, in each direction."""
    return reductions(layers)[-1]
