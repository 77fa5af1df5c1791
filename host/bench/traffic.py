"""The DRAM traffic that no engine can avoid: each input, weight and output once."""

from litelic.host.program.layer import STORAGE_BYTES

REQUANTISER_BYTES = 7  # bias, multiplier and shift of a channel: 4 + 2 + 1


def layer_minimum(layer, height, width):
    """{input, weights, output} in bytes for an input of height x width, padding not counted."""
    out_height, out_width = layer.output_size(height, width)
    weights = layer.weight.size + REQUANTISER_BYTES * layer.out_channels
    if layer.gdn:
        weights += layer.gdn.gamma.size + REQUANTISER_BYTES * layer.out_channels
    return {
        "input": height * width * layer.in_channels * STORAGE_BYTES[layer.input],
        "weights": weights,
        "output": out_height * out_width * layer.out_channels * STORAGE_BYTES[layer.output],
    }


def minima(layers, height, width):
    """`layer_minimum` of a chain of layers."""
    result = []
    for layer in layers:
        result.append(layer_minimum(layer, height, width))
        height, width = layer.output_size(height, width)
    return result
