"""What every subcommand shares: start-up, errors, exit statuses."""

import os
import subprocess
import sys

import pytest

from litelic.host.cli import info
from litelic.host.cli.main import SUBCOMMANDS, build_parser
from litelic.host.errors import LitelicError

HEAVY = ("torch", "compressai", "migen", "litex", "numpy", "PIL", "scipy", "serial")
NAMES = (
    "encode", "decode", "stream", "verify", "info", "devices", "bench-link", "compile", "train",
    "finetune", "evaluate",
)


@pytest.mark.parametrize("argv", [["--help"], ["encode", "--help"], ["decode", "x.lic"]])
def test_start_up_imports_nothing_heavy(argv):
    code = (
        "import sys\n"
        "from litelic.host.cli.main import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"


def test_every_subcommand_has_help(run):
    assert len(SUBCOMMANDS) == len(NAMES)
    for name in NAMES:
        status, out, _ = run(name, "--help")
        assert status == 0 and f"usage: litelic {name}" in out


def test_version(run):
    status, out, _ = run("--version")
    assert status == 0 and out.startswith("litelic")


@pytest.mark.parametrize("argv", [
    [], ["nonsense"], ["encode"], ["encode", "a.png"], ["encode", "a.png", "--sim", "--golden"],
    ["encode", "a.png", "--port"], ["verify", "--golden"], ["verify", "--sim", "--size", "0x5"],
    ["train", "x.pth"], ["finetune", "x.pth", "y.pth"],
])
def test_wrong_usage_exits_with_2(run, argv):
    status, _, err = run(*argv)
    assert status == 2 and "usage: litelic" in err and "Traceback" not in err


@pytest.mark.parametrize(("argv", "message"), [
    (["verify", "--sim", "--size", "foo"], "'foo' is not WxH"),
    (["verify", "--sim", "--seed", "-1"], "'-1' is not a whole number from 0 on"),
    (["train", "x", "--photographs", ".", "--steps", "0"], "'0' is not a whole number from 1 to"),
    (["train", "x", "--photographs", ".", "--lambda", "nan"], "'nan' is not a number above 0"),
    (["compile", "zoo", "x.licp", "--calibration", "a", "--quality", "9"], "from 1 to 8"),
    (["compile", "x", "y.licp", "--calibration", "a", "--activation-bits", "7"], "invalid choice"),
    (["compile", "zoo", "x.licp", "--calibration", "a", "--name", "a\x1b"], "cannot be printed"),
    (["info", "--port", ""], "is empty"),
    (["info", "--port", "/dev/ttyUSB0", "--baudrate", "fast"], "'fast' is not a whole number"),
])
def test_wrong_values_are_told_with_what_is_right(run, argv, message):
    status, _, err = run(*argv)
    assert status == 2 and message in err


def raise_in_info(monkeypatch, error):
    def fail(_):
        raise error

    monkeypatch.setattr(info, "run", fail)


def test_errors_are_one_line_and_exit_with_1(run, monkeypatch):
    raise_in_info(monkeypatch, LitelicError("the board is asleep; wake it"))
    assert run("info") == (1, "", "litelic: error: the board is asleep; wake it\n")


def test_an_interrupt_exits_with_130(run, monkeypatch):
    raise_in_info(monkeypatch, KeyboardInterrupt())
    assert run("info") == (130, "", "litelic: interrupted\n")


def test_a_reader_that_leaves_is_no_error(program_path):
    """`litelic info | true`"""
    command = [sys.executable, "-m", "litelic.host.cli", "info", program_path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141


def test_too_little_memory_is_an_error(run, monkeypatch):
    raise_in_info(monkeypatch, MemoryError())
    status, out, err = run("info")
    assert (status, out) == (1, "") and "not enough memory" in err and err.count("\n") == 1


@pytest.mark.parametrize("argv", [["info"], ["--help"]])
def test_a_full_output_is_an_error(program_path, argv):
    """`litelic info > /dev/full`"""
    argv = [*argv, program_path] if argv == ["info"] else argv
    command = [sys.executable, "-m", "litelic.host.cli", *argv]
    with open("/dev/full", "w") as full:
        # Unbuffered, argparse itself would ignore what happens to its help.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
        result = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment
        )
    assert result.returncode == 1
    assert result.stderr.startswith("litelic: error: cannot read or write the standard output: ")
    assert result.stderr.count("\n") == 1


def test_compile_and_train_take_their_options():
    parse = build_parser().parse_args
    args = parse(["compile", "zoo", "x.licp", "--calibration", "a", "b", "--N", "8", "--M", "12"])
    assert (args.source, str(args.output), args.quality, args.N, args.M, args.name) == (
        "zoo", "x.licp", None, 8, 12, None
    )
    assert [str(path) for path in args.calibration] == ["a", "b"] and args.activation_bits == 9
    args = parse(["train", "x.pth", "--photographs", "a", "--lambda", "0.1"])
    assert (args.lmbda, args.N, args.M, args.validation) == (0.1, 64, 96, None)
