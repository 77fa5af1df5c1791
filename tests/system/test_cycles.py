"""The cycle model against the whole simulated board, DRAM controller included."""

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.host.bench.models import bls2017, bmshj2018_factorized, default, random_program
from litelic.host.codec.pictures import extend
from litelic.host.engines.board import BoardEngine
from litelic.host.link.board import Board
from litelic.host.link.simulator import Simulator
from litelic.host.program.file import load_program
from litelic.host.program.symbols import input_of
from litelic.soc.simulation.memories import memory_named

TOLERANCE = {"layer": 0.02, "codec": 0.01}
# Sums and copies move more than they multiply, and hyper networks are small: a tile more or less of
# waiting shows.
ZOO_TOLERANCE = {"layer": 0.08, "codec": 0.01}
ZOO = {"mbt2018-mean": (64, 96), "cheng2020-attn": (64, 64)}

MODELS = {
    "default": default,
    "bls2017-32": lambda: random_program("bls", *bls2017(32, 32)),
    "bls2017-64": lambda: random_program("bls", *bls2017(64, 96)),
    "bmshj2018-24": lambda: random_program("bmshj", *bmshj2018_factorized(24, 40)),
    "bmshj2018-64": lambda: random_program("bmshj", *bmshj2018_factorized(64, 96)),
}
SIZES = ((192, 128), (272, 192), (384, 256))
BOARDS = (
    # array, memory, system clock, array's clock over it
    ("4x4x8", "ddr3-x16", 100_000_000, 1),
    ("4x4x8", "ddr3-x16", 75_000_000, 2),
    ("8x4x8", "ddr3-x16", 100_000_000, 1),
    ("4x8x12", "ddr3-x32", 100_000_000, 1),
    ("4x4x32", "ddr3-x64", 200_000_000, 1),
)


def check(engine, program, width, height, tolerance=TOLERANCE):
    """Run both directions; what the model says must be near what the hardware counts.

    Returns the largest error of a layer and of a codec.
    """
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels = extend(pixels, program.downsampling)
    if program.hyperprior:
        results = engine.analyse_with_hyperprior(pixels)
    else:
        results = (engine.analyse(pixels), None, None)
    rows = _rows(engine.reports)
    results = dict(zip(("analysis", "hyper_analysis", "hyper_synthesis"), results))
    engine.synthesise(input_of(program, "synthesis", pixels, results))
    rows += _rows(engine.reports)
    wrong, largest = [], {"layer": 0.0, "codec": 0.0}
    for name, predicted, measured in rows:
        error = predicted / measured - 1
        kind = "codec" if name == "codec" else "layer"
        largest[kind] = max(largest[kind], abs(error))
        if abs(error) > tolerance[kind]:
            wrong.append(f"{name}: {predicted:.0f} predicted, {measured} measured, {error:+.2%}")
    assert not wrong, "\n".join([f"{program.name}, {width}x{height}:", *wrong])
    return largest


def _rows(reports):
    rows = [(r["layer"].name, r["predicted"], r["counters"]["cycles"]) for r in reports]
    return rows + [("codec", *(sum(column) for column in list(zip(*rows))[1:]))]


@pytest.mark.parametrize("model, size", [
    ("default", (192, 128)), ("bls2017-32", (192, 128)), ("bmshj2018-24", (272, 192)),
], ids=str)
def test_prediction(simulator, model, size):
    program = MODELS[model]()
    with Board.open(simulator.url) as board:
        check(BoardEngine(board, program), program, *size)


@pytest.mark.long
@pytest.mark.parametrize("name", ZOO)
def test_prediction_of_compressais_models(simulator, models, name, capsys):
    program, _ = load_program(models(name, *ZOO[name]))
    with Board.open(simulator.url) as board:
        largest = check(BoardEngine(board, program), program, 192, 128, ZOO_TOLERANCE)
    with capsys.disabled():
        print(f"\n{name}: " + ", ".join(f"{k} {error:.2%}" for k, error in largest.items()))


@pytest.mark.long
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: "-".join(map(str, board)))
def test_predictions(board, capsys):
    """75 combinations of array, model and picture size; prints the largest errors of the board."""
    shape, memory, clock, ratio = board
    config = ArrayConfig.parse(shape, memory_named(memory).port_bytes)
    with Simulator(config, clock, memory=memory, array_clk_ratio=ratio) as simulator:
        with Board.open(simulator.url) as opened:
            errors = []
            for make in MODELS.values():
                program = make()
                engine = BoardEngine(opened, program)
                errors += [check(engine, program, *size) for size in SIZES]
    with capsys.disabled():
        largest = (f"{kind} {max(error[kind] for error in errors):.2%}" for kind in TOLERANCE)
        print(f"\n{shape}, {memory}, {clock / 1e6:g} MHz, array x{ratio}: {', '.join(largest)}")
