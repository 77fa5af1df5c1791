"""The integers of pairs: sums of two maps, and gates, a * sigmoid(b).

The maps of a sum have one scale a channel, so that both weights are the same and nothing is lost.
"""

import numpy as np

from litelic.host.compiler.calibrate import clip_for_integers
from litelic.host.compiler.layers import run
from litelic.host.compiler.requantiser import requantiser, whole
from litelic.host.program.layer import OPERAND_RANGE, Gdn

PICTURES, SAMPLES = 8, 20_000  # that shared scales are decided on
LARGEST_STEPS = np.arange(64, 128)  # of a row's largest weight
GAMMA = 127
DOMAIN = 8.0  # the table of a sigmoid reaches from -8 to 8
# Where x, the value of a gate, lies at most; and its arguments, by the bits of their operands.
HIGHEST = 2**15
ARGUMENT_SHIFT = {8: 6, 15: 0}


def shared_steps(layers, start):
    """{result: step [channel]} for the maps that are added to another one, decided together.

    The network's input has its own scale already, and decides for the map that it is added to.
    """
    groups = {}  # result -> the set of results with its scale; sums only, a gate's maps are free
    for layer in layers:
        if layer.kind == "pair":
            together = set(layer.sources) if layer.gdn is None else set()
            for source in layer.sources:
                groups.setdefault(source, {source}).update(together)
    if not groups:
        return {}
    references = run(layers, start.reference[:PICTURES])
    steps = {}
    for result in groups:
        if result == -1:
            continue
        if -1 in groups[result]:
            steps[result] = start.scale
            continue
        values = np.concatenate([_samples(references[r]) for r in sorted(groups[result])])
        steps[result] = clip_for_integers(values, *OPERAND_RANGE["int16"])
    return steps


def _samples(reference):
    values = reference.permute(0, 2, 3, 1).reshape(-1, reference.shape[1])
    return values[:: max(1, len(values) // SAMPLES)].double().numpy()


def quantise_pair_weights(layer, inputs):
    """What `quantise.quantise_weights` returns, of a pair.

    Of a few scales a row the one is taken that makes all its weights nearly whole.
    """
    weight = np.stack(
        [layer.weight[:, i] * activations.scale for i, activations in enumerate(inputs)], axis=1
    )
    reach = np.maximum(np.abs(weight).max(axis=(1, 2, 3)), 1e-30)
    best, scale = np.full(len(weight), np.inf), reach
    for largest in LARGEST_STEPS:
        tried = reach / largest
        steps = weight / tried[:, None, None, None]
        error = ((np.round(steps) - steps) ** 2).sum(axis=(1, 2, 3)) / largest**2
        scale = np.where(error < best, tried, scale)
        best = np.minimum(error, best)
    steps = np.round(weight / scale[:, None, None, None]).astype(np.int8)
    got = _drawn(layer.convolve(
        *[activations.operands() for activations in inputs],
        weight=steps * scale[:, None, None, None], bias=layer.bias,
    ))
    wanted = _drawn(layer.convolve(*[activations.reference for activations in inputs]))
    return steps, scale, layer.bias + (wanted - got).mean(axis=0), (got, wanted)


def _drawn(outputs):
    return _samples(outputs[:PICTURES])


def quantise_gate(layer, inputs, step, operand_bits):
    """Return (`Gdn`, scale of x [sums], bias [sums] in real units) of a gate.

    The convolution's first results are a; the others are b moved so far that none is negative:
    operand + `offset` of the map, of which the norm's operand has the highest `operand_bits`.
    """
    channels = len(step)
    values, arguments = inputs
    offset = float(HIGHEST if operand_bits > 8 else -OPERAND_RANGE["int16"][0])
    shift = ARGUMENT_SHIFT[operand_bits]
    # y step = x s sigmoid, with y = x 2^16 sigmoid / 2^(16 + power): s = step / 2^power
    power = int(np.floor(np.log2((HIGHEST * step / (offset * values.scale)).min())))
    s = step / 2.0**power
    one = 2.0 ** (operand_bits + shift) / (2 * offset)  # of x, for one step of b
    per_operand = 2.0**shift / one * arguments.scale  # what an operand of the norm stands for
    ratio = per_operand * 2**24 / (2 * DOMAIN) / GAMMA
    beta = (DOMAIN - offset * arguments.scale) * 2**24 / (2 * DOMAIN)
    multiplier, shifts = requantiser(ratio, layer.gdn.name)
    gamma = np.zeros((channels, 2 * channels), np.int8)
    gamma[:, channels:] = GAMMA * np.eye(channels, dtype=np.int8)
    gdn = Gdn(
        name=layer.gdn.name, function="sigmoid", operand_shift=shift, gamma=gamma,
        bias=whole(beta / ratio, layer.gdn.name), multiplier=multiplier, shift=shifts,
        output_shift=16 + power, operand_bits=operand_bits,
    )
    bias = np.concatenate([np.zeros(channels), offset * arguments.scale])
    return gdn, np.concatenate([s, arguments.scale / one]), bias
