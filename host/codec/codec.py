"""A picture to a `.lic` file and back, through any engine.

An engine computes the network. It has two methods, which give the same integers on every engine:

    analyse(pixels uint8 [height][width][3])                 -> latents int16 [h][w][channels]
    synthesise(latents int16 [h][w][channels])               -> pixels uint8 [height][width][3]
"""

import numpy as np

from litelic.host.codec import container, rans
from litelic.host.codec.container import LARGEST_SIDE, MODEL_BYTES, LicFile
from litelic.host.codec.pictures import Picture, extend
from litelic.host.errors import LitelicError


def encode_picture(program, model_hash, picture, engine, progress=None):
    """Return the `.lic` file of `picture` as bytes.

    `model_hash` is the 32-byte SHA-256 of the program's file; `progress(label, done, total)` tells
    how far the entropy coder is.
    """
    height, width = picture.pixels.shape[:2]
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise LitelicError(f"a picture of {width}x{height}: sides must be 1..{LARGEST_SIDE}")
    latents = engine.analyse(extend(picture.pixels, program.downsampling))
    _check_result("analysis", latents, np.int16, latents_shape(program, height, width))
    payload = rans.encode(latents, program.entropy, progress)
    return LicFile(width, height, picture.grey, model_hash[:MODEL_BYTES], payload).pack()


def decode_file(program, model_hash, data, engine, name="the file"):
    """Return the `Picture` of the bytes `data` of a `.lic` file.

    Raises `LitelicError` when the file is damaged or another model made it; the engine is not used
    before everything has been checked. `name` is what messages call the file.
    """
    return synthesise(program, *open_file(program, model_hash, data, name), engine)


def synthesise(program, lic, latents, engine):
    """Return the `Picture` of what `open_file` gave: the network's part of decoding."""
    pixels = engine.synthesise(latents)
    expected = list(latents.shape[:2])
    for layer in program.synthesis:
        expected = layer.output_size(*expected)
    _check_result("synthesis", pixels, np.uint8, (*expected, 3))
    if expected[0] < lic.height or expected[1] < lic.width:
        raise LitelicError(
            f"the synthesis gives {expected[1]}x{expected[0]} pixels for a picture of "
            f"{lic.width}x{lic.height}: program {program.name} does not mirror its analysis"
        )
    return Picture(np.ascontiguousarray(pixels[: lic.height, : lic.width]), lic.grey)


def open_file(program, model_hash, data, name="the file", progress=None):
    """Return (`LicFile`, latents) of the bytes of a `.lic` file: decoding without the network.

    `progress` is that of `encode_picture`.
    """
    lic = container.unpack(data, name)
    container.check_model(lic, model_hash, f"program {program.name}", name)
    shape = latents_shape(program, lic.height, lic.width)
    latents = rans.decode(lic.payload, shape, program.entropy, progress)
    program.check_latents(latents)
    return lic, latents


def latents_shape(program, height, width):
    """(height, width, channels) of the latents of a picture of that size."""
    multiple = program.downsampling
    size = height + -height % multiple, width + -width % multiple
    for layer in program.analysis:
        size = layer.output_size(*size)
    return (*size, program.latent_channels)


def _check_result(which, result, dtype, shape):
    if result.dtype != dtype or result.shape != shape:
        raise LitelicError(
            f"the {which} gave {result.dtype}{list(result.shape)} instead of "
            f"{np.dtype(dtype).name}{list(shape)}; is the board's gateware of this version?"
        )
