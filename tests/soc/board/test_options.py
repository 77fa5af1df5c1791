"""What a target's command line understands, and what it refuses before anything is generated."""

import sys

import pytest

from litelic.accel.config import ArrayConfig
from litelic.host.errors import LitelicError
from litelic.soc.board import options
from litelic.soc.board.main import main
from tests.soc.board.boards import BOARDS, parse


def test_an_array_suits_its_memory_unless_it_says_otherwise():
    parse_array = options.parse_array
    assert parse_array("none", 64) is None
    assert parse_array("4x4x8", 64) == ArrayConfig.parse("4x4x8", 64)
    assert parse_array("reduction=8,outputs=2", 32).port_bytes == 32
    assert parse_array("port_bytes=16", 32).port_bytes == 16
    assert parse_array("4x4x8", 16).activation_bits == 8
    assert parse_array("4x4x8", 16, 16) == ArrayConfig(activation_bits=16)
    assert parse_array("pixels=4", 16, 16).activation_bits == 16
    assert parse_array("activation_bits=8", 16, 16).activation_bits == 8
    mixed = parse_array("4x4x4,input_depth=4096", 16)
    assert (mixed.pixels, mixed.epilogue, mixed.input_depth) == (4, 1, 4096)
    with pytest.raises(LitelicError, match="activation_bits must be 8 or 16, not 12"):
        parse_array("activation_bits=12", 16)
    for text in ("pixels=8,epilogue", "pixels=many", "4x4x8,input_depth"):
        with pytest.raises(LitelicError, match="write a shape .* and name=number"):
            parse_array(text, 16)


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.name)
def test_defaults(board):
    found = parse(board, "--build")
    assert found.variant == next(iter(board.variants))
    assert found.toolchain == board.toolchains[0]
    assert found.array.port_bytes == board.port_bytes
    assert found.sys_clk_freq == board.sys_clk_freq
    first = board.variants[found.variant]
    assert found.with_ethernet == bool(board.ethernet)
    assert found.cpu_variant == first.cpu_variant
    own = found.array_clk_ratio * found.sys_clk_freq if found.array_clk_ratio > 1 else None
    assert found.array_clk_freq == own
    for variant in board.variants.values():
        assert options.parse_array(variant.array, board.port_bytes)


def test_everything_can_be_chosen():
    found = parse(
        BOARDS["ecpix5"], "--build", "--sys-clk-freq", "60e6", "--array", "4x4x4",
        "--array-clk-ratio", "1", "--activation-bits", "16", "--uart-baudrate", "1000000",
        "--eth-ip", "10.0.0.7", "--eth-mac", "02:00:00:00:00:01", "--variant", "85F",
    )
    assert (found.sys_clk_freq, found.array.shape, found.variant) == (60_000_000, "4x4x4", "85F")
    assert found.array.activation_bits == 16 and found.array_clk_freq is None
    assert (found.uart_baudrate, found.eth_ip) == (1_000_000, "10.0.0.7")
    assert found.eth_mac == 0x020000000001
    assert not parse(BOARDS["ecpix5"], "--build", "--no-with-ethernet").with_ethernet


@pytest.mark.parametrize(("argv", "message"), [
    ([], "say --build, --load or --flash"),
    (["--build", "--sys-clk-freq", "0"], "'0' is not a number of Hz"),
    (["--build", "--sys-clk-freq", "nan"], "'nan' is not a number of Hz"),
    (["--build", "--variant", "12F"], "invalid choice: '12F'"),
    (["--build", "--memory", "none"], "invalid choice: 'none'"),
    (["--build", "--eth-ip", "192.168.1"], "'192.168.1' is not an IPv4 address"),
    (["--build", "--eth-ip", "192.168.1.255"], "is not an IPv4 address"),
    (["--build", "--eth-mac", "ff:ff:ff:ff:ff:ff"], "is not a MAC address of one station"),
    (["--build", "--eth-mac", "10e2d5000000"], "is not a MAC address of one station"),
    (["--build", "--seeds", "0"], "'0' is not a whole number above 0"),
    (["--build", "--array-clk-ratio", "3"], "invalid choice: 3"),
])
def test_wrong_usage(monkeypatch, capsys, argv, message):
    monkeypatch.setattr(sys, "argv", ["ecpix5.py", *argv])
    with pytest.raises(SystemExit) as end:
        main(BOARDS["ecpix5"])
    assert end.value.code == 2 and message in capsys.readouterr().err


@pytest.mark.parametrize(("argv", "message"), [
    (["--build", "--array", "4x4"], "write a shape .reduction x outputs x pixels"),
    (["--build", "--uart-baudrate", "300"], "--uart-baudrate 300: choose 9600 to"),
    (["--build", "--cpu-type", "serv"], "--cpu-type cannot be chosen here: leave it out"),
    (["--build", "--toolchain", "diamond"], "ECPIX-5 is built with trellis"),
    (["--build", "--array", "4x4x16"], "does not fit the LFE5UM5G-85F"),
    (["--load", "--output-dir", "/nonexistent"], "there is no bitstream /nonexistent/"),
    (["--flash", "--output-dir", "/nonexistent"], r"build it first \(--build\)"),
])
def test_what_cannot_be_done_ends_with_words(monkeypatch, argv, message):
    monkeypatch.setattr(sys, "argv", ["ecpix5.py", *argv])
    with pytest.raises(SystemExit, match=message) as end:
        main(BOARDS["ecpix5"])
    assert str(end.value.code).startswith("litelic: ")


def test_the_cpu_is_chosen_by_the_variant():
    board = BOARDS["arty"]
    assert parse(board, "--build").cpu_variant == "minimal"
    assert parse(board, "--build", "--cpu-variant", "lite").cpu_variant == "lite"
    assert parse(board, "--build", "--variant", "a7-100").cpu_variant == "standard"
    with pytest.raises(LitelicError, match="--cpu-variant full: choose standard, lite or minimal"):
        parse(board, "--build", "--cpu-variant", "full")


def test_a_bootloader_cannot_load(monkeypatch):
    """Told before a build, not after one."""
    monkeypatch.setattr(sys, "argv", ["orangecrab.py", "--build", "--load"])
    monkeypatch.setattr("litelic.soc.board.build.generate", None)
    with pytest.raises(SystemExit, match="writes to the flash only: say --flash, not --load"):
        main(BOARDS["orangecrab"])
