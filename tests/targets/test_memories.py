"""Boards with each of the memories: what they boot with, and every byte where it was put."""

import numpy as np
import pytest

from litelic.accel.config import ArrayConfig
from litelic.host.errors import LitelicError
from litelic.host.link.board import Board
from litelic.host.link.protocol import WORD_BYTES
from litelic.host.link.simulator import Simulator
from litelic.soc.simulation.memories import MEMORIES
from litelic.targets.sim import SimSoC

MEGABYTES = {"ddr3-x16": 256, "ddr3-x32": 512, "ddr3-x64": 512, "sdr-x16": 32}


def check_every_alignment(board, chance, base, port_bytes):
    """Short and long writes that begin at every word of a transfer, and end at every byte;
    neighbours too."""
    size = 4 * port_bytes
    expected = bytearray(chance.bytes(size))
    board.write(base, expected)
    for offset in range(0, port_bytes, WORD_BYTES):
        left = port_bytes - offset
        for length in (1, 2, 3, left, left + 1, left + 2, left + 3, left + port_bytes + 1):
            data = chance.bytes(length)
            board.write(base + offset, data)
            expected[offset : offset + length] = data
            assert board.read(base + offset, length) == data, (offset, length)
        assert board.read(base, size) == expected, offset


def check_long_blocks(board, chance):
    """At random places all over the DRAM, its last byte included."""
    for _ in range(4):
        length = int(chance.integers(5000, 20000))
        address = int(chance.integers((board.info.dram_bytes - length) // WORD_BYTES)) * WORD_BYTES
        data = chance.bytes(length)
        board.write(address, data)
        assert board.read(address, length) == data
    board.write(board.info.dram_bytes - 8, b"it ended")
    assert board.read(board.info.dram_bytes - 4, 4) == b"nded"


def check_aliases(board):
    """No two addresses a power of two apart are the same place: every row and bank is there."""
    places = [1 << bit for bit in range(6, (board.info.dram_bytes - 1).bit_length())]
    for place in places:
        board.write(place, place.to_bytes(4, "little"))
    for place in places:
        assert int.from_bytes(board.read(place, 4), "little") == place


@pytest.mark.parametrize(("memory", "frequency"), [
    ("ddr3-x16", 200_000_000), pytest.param("ddr3-x32", 100_000_000, marks=pytest.mark.long),
    ("ddr3-x64", 200_000_000),
    ("sdr-x16", 50_000_000)])
def test_boots_and_keeps_every_byte(memory, frequency, seed):
    chance = np.random.default_rng(seed)
    with Simulator(None, frequency, memory=memory) as running:
        with Board.open(running.url) as board:
            assert board.info.dram_ok
            assert board.info.dram_bytes == MEGABYTES[memory] << 20
            assert board.info.clock_hz == frequency
            base = int(chance.integers(board.info.dram_bytes >> 12)) << 6
            check_every_alignment(board, chance, base, MEMORIES[memory].port_bytes)
            check_long_blocks(board, chance)
            check_aliases(board)


@pytest.mark.parametrize(("memory", "port_bytes"), [
    ("ddr3-x16", 32), ("ddr3-x32", 16), ("ddr3-x64", 32),
    ("sdr-x16", 32)])
def test_ports_of_another_width_are_refused(memory, port_bytes):
    right = MEMORIES[memory].port_bytes
    message = (rf"ports of {8 * port_bytes} bits \(port_bytes={port_bytes}\).*: "
               rf".*port_bytes={right}, or")
    with pytest.raises(LitelicError, match=message):
        SimSoC(array=ArrayConfig(port_bytes=port_bytes), memory=memory)
