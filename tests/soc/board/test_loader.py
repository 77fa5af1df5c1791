"""openFPGALoader is given the right command, and its absence or failure is told in words."""

import pytest

from litelic.host.errors import LitelicError
from litelic.soc.board import loader, tools
from tests.soc.board.boards import BOARDS


@pytest.fixture
def program(tmp_path, monkeypatch):
    """program(status) puts an openFPGALoader on PATH that notes its arguments."""
    def make(status):
        path = tmp_path / tools.LOADER
        path.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\nexit {status}\n')
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path / "arguments"
    return make


@pytest.fixture
def bitstream(tmp_path):
    path = tmp_path / "board.bit"
    path.write_bytes(b"bits")
    return path


WITHOUT = [board for board in BOARDS.values() if not board.bootloader]


@pytest.mark.parametrize("board", WITHOUT, ids=lambda board: board.name)
def test_load_and_flash(program, bitstream, board):
    arguments = program(0)
    loader.load(board, bitstream)
    assert arguments.read_text().split() == ["--board", board.loader, str(bitstream)]
    loader.flash(board, bitstream)
    words = arguments.read_text().split()
    assert "--write-flash" in words and "--verify" in words and words[-1] == str(bitstream)


def test_a_bootloader_knows_where_to_write(program, bitstream):
    board = BOARDS["orangecrab"]
    arguments = program(0)
    loader.flash(board, bitstream)
    assert arguments.read_text().split() == ["--board", board.loader, str(bitstream)]


def test_failures(program, bitstream, monkeypatch, tmp_path):
    board = BOARDS["ecpix5"]
    program(1)
    with pytest.raises(LitelicError, match="openFPGALoader failed: is the board on"):
        loader.load(board, bitstream)
    with pytest.raises(LitelicError, match="build it first"):
        loader.load(board, tmp_path / "other.bit")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(LitelicError, match="apt-get install openfpgaloader"):
        loader.load(board, bitstream)


def test_what_the_open_xilinx_flow_lacks(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHIPDB", raising=False)
    monkeypatch.setenv("PRJXRAY_DB_DIR", str(tmp_path))
    found, absent = tools.openxc7("xc7a35tcsg324-1", "artix7")
    words = "\n".join(absent)
    assert len(absent) == 5 and "set CHIPDB" in words and "nextpnr-xilinx" in words
    assert f"{tmp_path}/artix7/xc7a35tcsg324-1/part.yaml is not there" in words
    for name in ("nextpnr-xilinx", "fasm2frames", "xc7frames2bit"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("CHIPDB", str(tmp_path))
    (tmp_path / "xc7a35tcsg324.bin").touch()
    (tmp_path / "artix7" / "xc7a35tcsg324-1").mkdir(parents=True)
    (tmp_path / "artix7" / "xc7a35tcsg324-1" / "part.yaml").touch()
    assert tools.openxc7("xc7a35tcsg324-1", "artix7")[1] == []
