"""Which board an engine opens, and what is said about it."""

import contextlib
from types import SimpleNamespace

import numpy as np
import pytest

from litelic.accel.config import ACTIVATION_BITS, ArrayConfig
from litelic.host import engines
from litelic.host.engines.board import BoardEngine
from litelic.host.errors import LitelicError
from tests.host.bench.fakes import FakeBoard
from tests.host.codec.models import hyper_program, small_program


def board_with(array):
    info = SimpleNamespace(**vars(FakeBoard().info) | {"array": array})
    return SimpleNamespace(info=info)


@pytest.mark.parametrize("bits", ACTIVATION_BITS)
def test_the_simulated_board_suits_the_program(monkeypatch, bits):
    asked = []

    class FakeSimulator(contextlib.nullcontext):
        url = "socket://nowhere:1"

    monkeypatch.setattr(
        "litelic.host.link.simulator.Simulator", lambda array: FakeSimulator(asked.append(array))
    )
    monkeypatch.setattr(
        "litelic.host.link.board.Board.open",
        lambda url, access: contextlib.nullcontext(board_with(asked[-1].to_dict())),
    )
    with engines.open_engine(small_program(1, activation_bits=bits), sim=True) as engine:
        assert engine.config == asked[0] == ArrayConfig(activation_bits=bits)


def test_a_board_of_8_bits_is_refused_for_a_program_of_16(monkeypatch):
    board = board_with(ArrayConfig().to_dict())
    monkeypatch.setattr(
        "litelic.host.link.board.Board.open", lambda url, access: contextlib.nullcontext(board)
    )
    with pytest.raises(LitelicError, match="build the board with --activation-bits 16"):
        with engines.open_engine(small_program(1, activation_bits=16), port="/dev/ttyUSB0"):
            pass


def test_verification_wants_every_layer_s_result():
    """A DRAM that cannot keep them all is told, not read where something else lies by now."""
    program = hyper_program(1)
    engine = BoardEngine(board_with(ArrayConfig().to_dict()), program)

    def plan(layers, height, width, memory, kept, rooms):
        raise LitelicError(f"kept {sorted(kept)} of {len(layers)}")

    engine._packed.plan = plan
    pixels = np.zeros((16, 32, 3), np.uint8)
    with pytest.raises(LitelicError, match=r"kept \[0, 1\] of 2"):
        next(engine.layers("analysis", pixels))
    with pytest.raises(LitelicError, match=r"kept \[1\] of 2"):
        engine.analyse(pixels)
    with pytest.raises(LitelicError, match=r"kept \[1, 5, 7\] of 8"):
        engine.analyse_with_hyperprior(pixels)


def test_a_board_says_that_it_has_16_bits():
    plain = {name: v for name, v in ArrayConfig().to_dict().items() if name != "activation_bits"}
    assert engines.describe(board_with(plain).info)["array"] == "4x4x8, 128 MACs a cycle"
    wide = ArrayConfig(activation_bits=16).to_dict()
    described = engines.describe(board_with(wide).info)["array"]
    assert described == "4x4x8, 128 MACs a cycle, 16-bit activations"


def test_a_board_says_what_only_boards_have():
    info = FakeBoard().info
    plain = engines.describe(info)
    assert plain["gateware"] == "1" and plain["DRAM"] == "256 MB"
    assert not {"MAC address", "IP address", "temperature"} & set(plain)
    more = vars(info) | {
        "revision": "0123456789ab", "memory": "MT41K256M16", "mac": "10:e2:d5:00:00:00",
        "ip": "192.168.1.50", "temperature": 41.27,
    }
    described = engines.describe(SimpleNamespace(**more))
    assert described["gateware"] == "1, revision 0123456789ab"
    assert described["DRAM"] == "256 MB MT41K256M16"
    assert described["MAC address"] == "10:e2:d5:00:00:00"
    assert (described["IP address"], described["temperature"]) == ("192.168.1.50", "41.3 C")
