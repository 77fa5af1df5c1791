"""A picture to a `.lic` file and back, through any engine.

An engine computes the networks. It gives the same integers as every other engine; feature maps are
[height][width][channels], int16 but for pixels:

    analyse(pixels uint8 [height][width][3])       -> latents
    analyse_with_hyperprior(pixels)                -> latents, hyper latents, parameters
    hyper_synthesise(hyper latents)                -> parameters
    synthesise(latents, as `symbols.latents_of` gives them) -> pixels uint8 [height][width][3]
    stream(names of networks, inputs, note)        -> (input, results of the networks), in order
"""

import math
import struct
from collections import deque
from dataclasses import dataclass

import numpy as np

from litelic.host.codec import by_scale, container, rans
from litelic.host.codec.container import LARGEST_SIDE, MODEL_BYTES, LicFile
from litelic.host.codec.pictures import Picture, extend
from litelic.host.errors import LitelicError
from litelic.host.program.network import result_size
from litelic.host.program.symbols import check_input, latents_of, scales_of, symbols_of

HYPER_LENGTH = struct.Struct("<I")  # bytes of the hyper latents' payload, which follows it


@dataclass
class Coded:
    """What a file holds, as far as it can be decoded without the networks."""

    # int16 [height][width][channels]: hyper latents if there is a hyperprior, else the symbols
    first: np.ndarray
    rest: bytes = b""  # payload of the symbols, if there is a hyperprior


def encode_picture(program, model_hash, picture, engine, progress=None):
    """Return the `.lic` file of `picture` as bytes.

    `model_hash` is the 32-byte SHA-256 of the program's file; `progress(label, done, total)` tells
    how far the entropy coder is.
    """
    return pack(program, model_hash, picture, analyse(program, picture, engine), progress)


def analyse(program, picture, engine):
    """The first half of `encode_picture`, that of the engine: a tuple for `pack`."""
    pixels = _extended(program, picture)
    if program.hyperprior:
        results = engine.analyse_with_hyperprior(pixels)
    else:
        results = (engine.analyse(pixels),)
    return _checked_analysis(program, pixels, results)


def analyse_all(program, pictures, engine, note=None):
    """`analyse` picture after picture: yields (picture, its tuple for `pack`), in order.

    A board works on one while the next one is sent. `note` as of `engines.pipeline`.
    """
    waiting = deque()

    def inputs():
        for picture in pictures:
            pixels = _extended(program, picture)
            waiting.append(picture)
            yield pixels

    for pixels, results in engine.stream(program.encoder_networks, inputs(), note):
        yield waiting.popleft(), _checked_analysis(program, pixels, results)


def _extended(program, picture):
    height, width = picture.pixels.shape[:2]
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise LitelicError(f"a picture of {width}x{height}: sides must be 1..{LARGEST_SIDE}")
    return extend(picture.pixels, program.downsampling)


def _checked_analysis(program, pixels, results):
    shapes = _shapes(program, *pixels.shape[:2])
    for (network, shape), result in zip(shapes.items(), results, strict=True):
        _check_result(network, result, np.int16, shape)
    return tuple(results)


def pack(program, model_hash, picture, results, progress=None):
    """The second half of `encode_picture`, that of the entropy coder: the file's bytes."""
    if program.hyperprior:
        payload = _encode_with_hyperprior(program, *results, progress)
    else:
        payload = rans.encode(*results, program.entropy, progress)
    return LicFile(
        picture.width, picture.height, picture.grey, model_hash[:MODEL_BYTES], payload
    ).pack()


def _encode_with_hyperprior(program, latents, hyper, parameters, progress):
    first = rans.encode(hyper, program.entropy, progress)
    symbols = symbols_of(program, latents, parameters)
    scales = scales_of(program, parameters)
    rest = by_scale.encode(symbols, scales, program.hyperprior.tables, progress)
    return HYPER_LENGTH.pack(len(first)) + first + rest


def decode_file(program, model_hash, data, engine, name="the file"):
    """Return the `Picture` of the bytes `data` of a `.lic` file.

    Raises `LitelicError` when the file is damaged or another model made it. `name` is what messages
    call the file.
    """
    return synthesise(program, *open_file(program, model_hash, data, name), engine)


def synthesise(program, lic, coded, engine, progress=None):
    """Return the `Picture` of what `open_file` gave: all that needs the networks."""
    _check_mirrored(program, lic)
    latents = decode_latents(program, coded, engine, progress)
    return _cut(program, lic, engine.synthesise(latents))


def synthesise_all(program, opened, engine, note=None):
    """`synthesise` of one after the other: yields (LicFile, Picture), in order.

    opened : (LicFile, Coded) of files of a program without a hyperprior, whose decoder is one
             network; of others it is two, with the entropy decoder between them.
    """
    waiting = deque()

    def inputs():
        for lic, coded in opened:
            _check_mirrored(program, lic)
            latents = latents_of(program, coded.first)
            waiting.append(lic)
            yield latents

    for _, (pixels,) in engine.stream(["synthesis"], inputs(), note):
        lic = waiting.popleft()
        yield lic, _cut(program, lic, pixels)


def _check_mirrored(program, lic):
    padded = extended_size(program, lic.height, lic.width)
    expected = result_size(program.synthesis, *_shapes(program, *padded)["analysis"][:2])
    if expected != padded:
        raise LitelicError(
            f"the synthesis gives {expected[1]}x{expected[0]} pixels for a picture of "
            f"{lic.width}x{lic.height}: program {program.name} does not mirror its analysis"
        )


def _cut(program, lic, pixels):
    padded = extended_size(program, lic.height, lic.width)
    _check_result("synthesis", pixels, np.uint8, (*padded, 3))
    return Picture(np.ascontiguousarray(pixels[: lic.height, : lic.width]), lic.grey)


def decode_latents(program, coded, engine, progress=None):
    """What the synthesis reads, int16 [height][width][channels], of a `Coded`."""
    if not program.hyperprior:
        return latents_of(program, coded.first)
    parameters = engine.hyper_synthesise(coded.first)
    scales = scales_of(program, parameters)
    symbols = by_scale.decode(coded.rest, scales, program.hyperprior.tables, progress)
    return latents_of(program, symbols, parameters)


def open_file(program, model_hash, data, name="the file", progress=None):
    """Return (`LicFile`, `Coded`) of the bytes of a `.lic` file: decoding without the networks.

    `progress` is that of `encode_picture`.
    """
    lic = container.unpack(data, name)
    container.check_model(lic, model_hash, f"program {program.name}", name)
    shapes = _shapes(program, *extended_size(program, lic.height, lic.width))
    if not program.hyperprior:
        symbols = rans.decode(lic.payload, shapes["analysis"], program.entropy, progress)
        latents_of(program, symbols)  # refuses what no analysis gives
        return lic, Coded(symbols)
    payload = lic.payload
    if len(payload) < HYPER_LENGTH.size:
        raise rans.damaged("it ends too early")
    (length,) = HYPER_LENGTH.unpack_from(payload)
    end = HYPER_LENGTH.size + length
    if len(payload) < end:
        raise rans.damaged("it ends within the hyper latents")
    hyper = rans.decode(
        payload[HYPER_LENGTH.size : end], shapes["hyper_analysis"], program.entropy, progress
    )
    check_input(program, "hyper_synthesis", hyper)
    by_scale.check(payload[end:], math.prod(shapes["analysis"]))
    return lic, Coded(hyper, payload[end:])


def extended_size(program, height, width):
    """(height, width) that a picture of that size is extended to."""
    multiple = program.downsampling
    return height + -height % multiple, width + -width % multiple


def _shapes(program, height, width):
    """{network: (height, width, channels) of its result} of all networks but the synthesis, for a
    picture of that size."""
    shapes, size = {}, (height, width)
    for name in program.encoder_networks:
        layers = program.networks[name]
        size = result_size(layers, *size)
        shapes[name] = (*size, layers[-1].out_channels)
    if program.hyperprior and shapes["hyper_synthesis"][:2] != shapes["analysis"][:2]:
        raise LitelicError(
            f"program {program.name}: its hyper synthesis does not give one scale for each latent "
            f"of a picture of {width}x{height}; compile it again"
        )
    return shapes


def _check_result(which, result, dtype, shape):
    if result.dtype != dtype or result.shape != shape:
        raise LitelicError(
            f"the {which} gave {result.dtype}{list(result.shape)} instead of "
            f"{np.dtype(dtype).name}{list(shape)}; is the board's gateware of this version?"
        )
