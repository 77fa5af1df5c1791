"""`litelic compile`: a model and a few photographs become one program file."""

import time
from pathlib import Path

import numpy as np
import torch

from litelic.host.boards import board_named
from litelic.host.compiler.balance import latent_factors, odd_factors
from litelic.host.compiler.calibrate import load_crops, vivid
from litelic.host.compiler.checkpoint import load_model
from litelic.host.compiler.entropy import (
    FITTED_WEIGHT,
    LEARNT_WEIGHT,
    bottleneck_prior,
    estimate_bits,
    estimate_bits_by_scale,
    laplace_prior,
    make_tables,
    scale_tables,
    scales_of_model,
    thresholds_of,
)
from litelic.host.compiler.fold import fold
from litelic.host.compiler.layers import readers_of, run
from litelic.host.compiler.quantise import Activations, Options, quantise_network
from litelic.host.compiler.report import LayerNotes, complete, save, show
from litelic.host.program.file import save_program
from litelic.host.program.layer import OPERAND_RANGE, OUTPUT_RANGE
from litelic.host.program.model import Hyperprior, Program
from litelic.host.program.network import INPUT
from litelic.host.program.symbols import latents_of, scales_of, symbols_of

WIDE_FACTOR = 15  # parts of a symbol that 16-bit latents count, whatever the channel


def _psnr(got, wanted):
    error = np.mean((got.astype(np.float64) - wanted) ** 2)
    return 10 * np.log10(255**2 / max(error, 1e-9))


@torch.inference_mode()
def compile_model(
    model, photographs, name, trained_entropy=True, metadata=None, crops=32, options=None,
    log=print, notes=lambda report: None,
):
    """Return the `Program` of a torch `model`, calibrated on `photographs` (files or folders).

    `crops` pictures of 256x256 pixels are used, some twice; `log` gets a line a layer, `notes` its
    `quantise.Report`. Raises `LitelicError` when a layer is not supported or the photographs cannot
    be read.
    """
    natural = load_crops(photographs, crops)
    # Every fourth crop again in strong colours: what saturates, and how often, decides the scales.
    pictures = np.concatenate([natural, vivid(natural[::4])])
    floats = fold(model, trained_entropy)
    compiler = _Compiler(floats, pictures, options or Options(), log, notes)
    program = compiler.hyperprior(model) if floats.hyper_analysis else compiler.factorized()
    program.name, program.metadata = name, dict(metadata or {})
    symbols, parameters = compiler.symbols, compiler.parameters
    count = len(natural)
    coded = symbols if parameters is None else compiler.hyper_latents
    flat = coded[:count].reshape(-1, coded.shape[-1])
    if trained_entropy:
        prior = bottleneck_prior(model.entropy_bottleneck, floats.fractions)
        program.entropy = make_tables(flat, prior, LEARNT_WEIGHT)
    else:
        program.entropy = make_tables(flat, laplace_prior(flat), FITTED_WEIGHT)
    bits = estimate_bits(program.entropy, coded[:count])
    if parameters is not None:
        chosen = scales_of(program, parameters[:count])
        scales = scales_of_model(model)
        program.hyperprior.tables = scale_tables(symbols[:count], chosen, scales)
        bits += estimate_bits_by_scale(program.hyperprior.tables, symbols[:count], chosen)
    psnr = _psnr(compiler.decoded[:count], natural)
    log(f"calibration pictures: {psnr:.2f} dB at {bits / natural[..., 0].size:.3f} bpp")
    return program.finish()


class _Draft(Program):
    """A program that is not complete, and so not checked."""

    def __post_init__(self):
        pass

    def finish(self):
        return Program(**vars(self))


class _Compiler:
    """Quantises the networks of a `FloatModel` one after the other.

    Attributes, of all calibration pictures, when it is done: `symbols`, `decoded` pixels, and with
    a hyperprior `hyper_latents` and `parameters`.
    """

    def __init__(self, floats, pictures, options, log, notes):
        self.floats, self.pictures, self.options = floats, pictures, options
        self.log, self.notes = log, notes
        self.wide = options.activation_bits == 16
        self.hyper_latents = self.parameters = None
        networks = (
            floats.analysis, floats.hyper_analysis, floats.hyper_synthesis, floats.synthesis,
        )
        self.width = max(8, *(len(layer.name) for layers in networks for layer in layers))
        log(f"{'layer':{self.width}}{'MACs/pixel':>12}{'SQNR in dB':>12}")

    def factorized(self):
        """The draft of a model without a hyperprior, without names and tables."""
        analysis, behind = self._analysis()
        self.symbols = behind.stored
        values = torch.from_numpy(self.symbols).permute(0, 3, 1, 2).float()
        factors = np.ones(self.floats.channels, np.uint8)
        if self.options.balance and not self.wide:
            factors = latent_factors(self._entry(), self.symbols)
        program = _Draft("", analysis, [], [], latent_factors=factors)
        program.synthesis = self._synthesis(program, behind, values)
        return program

    def hyperprior(self, model):
        """The draft of a model with a hyperprior, without names and tables."""
        floats = self.floats
        latents = run(floats.analysis, floats.operands(self.pictures))[-1]
        factors = np.full(floats.channels, WIDE_FACTOR, np.uint8)
        if not self.wide:
            whole = latents.round().clamp(*OUTPUT_RANGE["int16"]).short()
            whole = whole.permute(0, 2, 3, 1).numpy()
            factors = odd_factors(latent_factors(self._entry(), whole), whole)
        floats.in_parts(factors.astype(np.float64))
        analysis, behind = self._analysis()
        program = _Draft("", analysis, [], [], latent_factors=factors)
        parts = torch.from_numpy(factors.astype(np.float32))[:, None, None]

        read = Activations(
            behind.reference / parts, behind.stored, behind.storage, 1 / factors,
            self._range(behind),
        )
        if floats.magnitudes:
            read.reference = read.reference.abs()
            read.storage = "wide_magnitude" if self.wide else "magnitude"
            read.range = (0, behind.range[1] if self.wide else OPERAND_RANGE["magnitude"][1])
        hyper_analysis, between = self._network(
            floats.hyper_analysis, read, "int16", readers_of(floats.hyper_synthesis)[INPUT]
        )
        self.hyper_latents = between.stored
        # Everything behind is fitted to the symbols that there really are.
        whole = torch.from_numpy(between.stored).permute(0, 3, 1, 2).float()
        read = Activations(
            whole, between.stored, between.storage, np.ones(len(floats.fractions)),
            self._range(between),
        )
        hyper_synthesis, last = self._network(floats.hyper_synthesis, read, "int16", [])
        self.parameters = last.stored
        thresholds = thresholds_of(scales_of_model(model))
        program.hyperprior = Hyperprior(hyper_analysis, hyper_synthesis, thresholds, [])
        self.symbols = symbols_of(program, behind.stored, self.parameters)
        decoded = latents_of(program, self.symbols, self.parameters)
        values = torch.from_numpy(decoded).permute(0, 3, 1, 2).float() / parts
        program.synthesis = self._synthesis(program, behind, values)
        return program

    def _entry(self):
        return self.floats.synthesis[0]

    def _range(self, activations):
        return activations.range if self.wide else OPERAND_RANGE["int16"]

    def _network(self, layers, start, end, following):
        height, width = self.pictures.shape[1:3]

        def progress(report):
            figures = f"{report.macs_per_pixel:12.1f}{report.sqnr_db:12.1f}"
            self.log(f"{report.name:{self.width}}{figures}")
            self.notes(report)

        return quantise_network(
            layers, start, end, height * width, self.options, progress, following
        )

    def _analysis(self):
        floats = self.floats
        picture = floats.operands(self.pictures)
        start = Activations(
            picture, self.pictures, floats.input, np.ones(3), OPERAND_RANGE[floats.input]
        )
        readers = [
            reader for network in (floats.synthesis, floats.hyper_analysis) if network
            for reader in readers_of(network)[INPUT]
        ]
        return self._network(floats.analysis, start, "int16", readers)

    def _synthesis(self, program, latents, values):
        """Fitted to what the float synthesis makes of `values`, what the same symbols stand for."""
        stored = latents_of(program, self.symbols, self.parameters)
        start = Activations(
            values, stored, latents.storage, 1 / program.latent_factors, self._range(latents)
        )
        synthesis, behind = self._network(self.floats.synthesis, start, "uint8", [])
        self.decoded = behind.stored
        return synthesis


def compile_command(args):
    """`litelic compile`: `args` has source, output, calibration, quality, N, M, name,
    activation_bits, report, board and size."""
    torch.set_num_threads(1)
    begin = time.monotonic()
    loaded = load_model(args.source, quality=args.quality, N=args.N, M=args.M)
    name = args.name or loaded.name
    print(f"compiling {name} from {loaded.origin}", flush=True)
    for line in loaded.notes:
        print(line, flush=True)
    notes = LayerNotes() if args.report else lambda report: None
    source = "".join(c if c.isprintable() else "?" for c in loaded.origin)
    program = compile_model(
        loaded.model, args.calibration, name, loaded.trained_entropy, {"source": source},
        options=Options(activation_bits=args.activation_bits),
        log=lambda line: print(line, flush=True), notes=notes,
    )
    model_hash = save_program(program, args.output)
    if args.report:
        report = complete(program, notes, board_named(args.board), args.size)
        show(report)
        save(report, args.report)
    size = Path(args.output).stat().st_size
    print(
        f"{args.output}: {size} bytes, model {model_hash.hex()[:16]}, "
        f"{time.monotonic() - begin:.0f} s"
    )
