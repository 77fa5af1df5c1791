"""Look inside the accelerator while it runs: a LiteScope's capture, over the link, as a waveform.

`python -m litelic.host.scope` runs the encoder of a small picture on a board that was built with
`--with-analyzer`, and writes what the analyzer saw to a VCD file; docs/boards.md has an example.
"""

import argparse
import contextlib
import csv
import io
import itertools
import re
import sys
from pathlib import Path

import numpy as np
from litescope.software.driver.analyzer import LiteScopeAnalyzerDriver
from litescope.software.dump.vcd import VCDDump
from litex.tools.remote.csr_builder import CSRBuilder

from litelic.accel.config import ArrayConfig
from litelic.host.atomic import atomic_path
from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.status import exit_status
from litelic.host.cli.table import print_row
from litelic.host.codec.pictures import extend
from litelic.host.engines.board import BoardEngine
from litelic.host.errors import LitelicError
from litelic.host.link.board import Board, BoardError
from litelic.host.link.protocol import ErrorCode
from litelic.host.link.simulator import Simulator

NAME = "analyzer"  # of the module in the SoC, and so of its registers
TRIGGER = "fetcher_start=1"  # the first descriptor starts
BEFORE = 16  # samples that are kept from before the trigger
LATE = 2  # samples, from the one that meets the last condition until the analyzer knows
LARGEST_TRIGGER = 16  # conditions, which wait in a FIFO of the analyzer
VALUE = re.compile(r"0b[01x]+|0x[0-9a-fx]+|[0-9]+")  # x: any


class RegisterBus:
    """What LiteX's registers are read and written with, on a board's link.

    Addresses are those of csr.csv, among which the board serves the analyzer's, from `base` on.
    `progress()` is called after each word that was read.
    """

    def __init__(self, board):
        self._board = board
        self.base = 0
        self.progress = lambda: None

    def read(self, address, length=None, burst="incr"):
        """A word, or a list of `length` words: of the addresses from `address` on, or all of that
        address where `burst` is "fixed"."""
        step = 0 if burst == "fixed" else 4
        words = []
        for n in range(length or 1):
            words.append(self._board.read_register(address - self.base + step * n))
            self.progress()
        return words[0] if length is None else words

    def write(self, address, data):
        """Write a word, or a list of words to the addresses from `address` on."""
        for n, word in enumerate(data if isinstance(data, list) else [data]):
            self._board.write_register(address - self.base + 4 * n, word)


class Registers(CSRBuilder):
    """Those of a csr.csv, which LiteX writes without quotes: what has a comma in it, as the array's
    parameters, has more columns than LiteX reads."""

    @staticmethod
    def get_csr_items(csr_csv):
        return [row for row in CSRBuilder.get_csr_items(csr_csv) if len(row) == 5]


def signals_of(folder):
    """{name: bits} of what the analyzer of the build in `folder` looks at."""
    with _described(folder):
        with open(Path(folder) / "analyzer.csv", newline="") as file:
            return {name: int(bits) for kind, _, name, bits in csv.reader(file) if kind == "signal"}


@contextlib.contextmanager
def _described(folder):
    """Read a build's csr.csv and analyzer.csv in here: what can be wrong with them is told."""
    try:
        yield
    except FileNotFoundError as e:
        raise LitelicError(
            f"there is no {e.filename}: name, with --build, the folder of a build that was made "
            "--with-analyzer"
        ) from e
    except (KeyError, ValueError, AttributeError) as e:
        raise LitelicError(
            f"csr.csv or analyzer.csv in {folder} is not what a build writes: build again"
        ) from e


def parse_condition(text, signals):
    """(signal, value) of `SIGNAL=VALUE`, where VALUE is `12`, `0x0c` or `0b1x0`, x for any."""
    name, _, value = text.partition("=")
    if name not in signals:
        raise LitelicError(
            f"trigger {text!r}: there is no signal {name!r}; they are {', '.join(signals)}")
    if not VALUE.fullmatch(value):
        raise LitelicError(f"trigger {text!r}: write SIGNAL=VALUE, as {TRIGGER} or completed=0b1x0")
    # "0x" is a prefix, an "x" behind it is not.
    largest = int(value[:2] + value[2:].replace("x", "0"), 0 if value[1:2] in ("b", "x") else 10)
    if largest >> signals[name]:
        raise LitelicError(f"trigger {text!r}: {name} has only {signals[name]} bits")
    return name, value


class Scope:
    """The analyzer of a board.

    folder   : of the build that the board runs; its csr.csv and analyzer.csv are read.
    progress : progress(label, done, total), or None.

    Raises `LitelicError` where the build or the board has no analyzer.
    """

    def __init__(self, board, folder, progress=None):
        self.signals = signals_of(folder)
        self._trigger = ()
        self._bus = RegisterBus(board)
        self._progress = progress or (lambda label, done, total: None)
        with _described(folder):
            registers = Registers(self._bus, str(Path(folder) / "csr.csv"))
            self._bus.base = getattr(registers.bases, NAME)
            try:
                self._driver = LiteScopeAnalyzerDriver(
                    registers.regs, NAME, config_csv=str(Path(folder) / "analyzer.csv"))
            except BoardError as e:
                if e.code != ErrorCode.TYPE:
                    raise
                raise LitelicError(
                    "the board has no analyzer: build it, and load it, --with-analyzer") from e

    @property
    def depth(self):
        """Samples of a capture."""
        return self._driver.depth

    def arm(self, trigger=(TRIGGER,), before=BEFORE):
        """Wait, on the board, for the conditions of `trigger`, one after the other, and keep what
        follows, as well as the `before` samples from before."""
        conditions = [parse_condition(text, self.signals) for text in trigger]
        if not 1 <= len(conditions) <= LARGEST_TRIGGER:
            raise LitelicError(f"a trigger has 1 to {LARGEST_TRIGGER} conditions")
        if before + LATE >= self.depth:
            raise LitelicError(f"the analyzer keeps {self.depth} samples, so before the trigger "
                               f"at most {self.depth - LATE - 1}, not {before}")
        driver = self._driver
        driver.clear()
        driver.configure_group(0)
        driver.configure_subsampler(1)
        for name, value in conditions:
            driver.add_trigger(cond={name: value})
        driver.run(offset=before + LATE, length=self.depth)
        self._trigger = trigger

    def read(self):
        """Fetch the capture: {signal: a value a cycle}. Raises `LitelicError` when the trigger has
        not come."""
        driver = self._driver
        if not driver.done():
            driver.clear()
            raise LitelicError(f"the trigger {', then '.join(self._trigger)} did not come: choose "
                               "another --trigger")
        words = -(-driver.data_width // 32) * self.depth
        done = itertools.count(1)
        self._bus.progress = lambda: self._progress("read capture", next(done), words)
        with contextlib.redirect_stdout(io.StringIO()):  # the driver's own progress
            driver.upload()
        self._bus.progress = lambda: None
        samples, place = {}, 0
        for name, bits in self.signals.items():
            samples[name] = driver.data[place : place + bits]
            place += bits
        return samples

    def save(self, path):
        """Write what `read` gave to a VCD file, in the time of the board's clock."""
        driver = self._driver
        dump = VCDDump(samplerate=driver.samplerate)
        dump.add_from_layout(driver.layouts[0], driver.data)
        dump.add_scope_clk()
        dump.add_scope_trig(2 * (driver.offset - LATE))  # a dump has two steps a sample
        with atomic_path(path) as partial:
            dump.write(partial)


def handshakes(samples):
    """{stream: (cycles in which an item went over, cycles in which one waited)}"""
    streams = [name.removesuffix("_valid") for name in samples if name.endswith("_valid")]
    counts = {}
    for stream in streams:
        pairs = list(zip(samples[f"{stream}_valid"], samples[f"{stream}_ready"], strict=True))
        counts[stream] = pairs.count((1, 1)), pairs.count((1, 0))
    return counts


# Command ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _open(args, program):
    """Yield (board, build folder) of --port and --build, or of a simulator that suits `program`."""
    if args.sim:
        array = ArrayConfig(activation_bits=program.activation_bits)
        with Simulator(array, analyzer=True) as simulator, Board.open(simulator.url) as board:
            yield board, simulator.folder
    elif args.port and args.build:
        signals_of(args.build)  # before anything is connected
        with Board.open(args.port, options.access(args)) as board:
            yield board, args.build
    else:
        raise LitelicError("say --sim, or --port with the --build folder of what runs there")


def _capture(args):
    if args.output.suffix != ".vcd":
        raise LitelicError(f"{args.output}: only .vcd files are written; name one")
    options.check_place(args.output)
    program, _ = options.load_program(args)
    width, height = args.size
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    with Progress() as progress, _open(args, program) as (board, folder):
        scope = Scope(board, folder, progress)
        engine = BoardEngine(board, program, progress)
        scope.arm(args.trigger or (TRIGGER,), args.before)
        engine.analyse(extend(pixels, program.downsampling))
        samples = scope.read()
    scope.save(args.output)
    widths = (-16, 8, 8)
    print_row(widths, ("stream", "items", "waiting"))
    for stream, counts in handshakes(samples).items():
        print_row(widths, (stream, *counts))
    print(f"{args.output}: {len(next(iter(samples.values())))} cycles of the system clock")


def _list(args):
    if not (args.build or args.sim):
        raise LitelicError("say --build with the folder of a build, or --sim")
    if args.build:
        signals = signals_of(args.build)
    else:
        with _open(args, options.load_program(args)[0]) as (_, folder):
            signals = signals_of(folder)
    for name, bits in signals.items():
        print(name if bits == 1 else f"{name} ({bits} bits)")


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="litelic.host.scope",
        description="Run the encoder of a small picture on a board with an analyzer, and write "
        "what its streams did as a waveform.",
    )
    parser.add_argument("--output", type=Path, default=Path("scope.vcd"), metavar="FILE",
                        help="the waveform, a .vcd file (default: %(default)s)")
    parser.add_argument("--trigger", action="append", metavar="SIGNAL=VALUE",
                        help="when to begin; several are waited for one after the other "
                             f"(default: {TRIGGER}, the first descriptor starts)")
    parser.add_argument("--before", type=options.whole_number(0), default=BEFORE, metavar="N",
                        help="samples that are kept from before that (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="print the signals' names, and end")
    parser.add_argument("--size", type=options.size, default=(64, 48), metavar="WxH",
                        help="of the picture, random pixels (default: 64x48)")
    parser.add_argument("--build", type=Path, metavar="FOLDER",
                        help="the folder of the build that runs at --port: build/NAME-VARIANT")
    options.add_program(parser)
    options.add_engine(parser, golden=False, required=False)
    args = parser.parse_args(argv)
    return _list(args) if args.list else _capture(args)


if __name__ == "__main__":
    sys.exit(main())
