"""Bitstreams onto boards, by openFPGALoader."""

import subprocess
from pathlib import Path

from litelic.host.errors import LitelicError
from litelic.soc.board import tools


def load(board, bitstream):
    """Into the FPGA, until the power goes."""
    _run(board, bitstream, [])


def flash(board, bitstream):
    """Into the flash, from which the FPGA loads itself at power-on."""
    place = ["--write-flash", "--verify", "--offset", str(board.flash_offset)]
    _run(board, bitstream, [] if board.bootloader else place)


def _run(board, bitstream, arguments):
    if not Path(bitstream).is_file():
        raise LitelicError(f"there is no bitstream {bitstream}: build it first (--build)")
    command = [tools.loader(), "--board", board.loader, *arguments, str(bitstream)]
    print(" ".join(command), flush=True)
    if subprocess.run(command).returncode:
        raise LitelicError(
            f"{tools.LOADER} failed: is the board on, is its USB cable in, and may you use it "
            "(udev rules)?")
