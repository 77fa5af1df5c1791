"""The simulated board by real datagrams: MAC, ARP, ping, IP and UDP of the hardware, no root."""

import os
import random
import select
import socket

import pytest

from litelic.host.cli.main import main
from litelic.host.link.board import Board
from litelic.host.link.impairment import Faults, Impairment
from litelic.host.link.simulator import Simulator
from litelic.soc.board.options import DEFAULT_IP, DEFAULT_MAC
from tests.system.raw import connect

PINGS = 3


@pytest.fixture(scope="module")
def simulator():
    with Simulator(array=None, ethernet=True) as running:
        yield running


def test_what_is_written_is_read_back(simulator, seed):
    chance = random.Random(seed)
    with connect(simulator.url) as board:
        for _ in range(10):
            data = chance.randbytes(chance.choice((1, 3, 1408, 4096, 50_000)))
            address = 4 * chance.randrange(1 << 18)
            board.write(address, data)
            assert board.read(address, len(data)) == data
        board.hello()
        assert board.info.statistics["damaged_frames"] == 0


@pytest.mark.parametrize("share", (0.02, 0.1))
def test_a_bad_network(simulator, seed, share):
    """What of everything is lost, doubled, late and damaged there changes no byte."""
    chance, size = random.Random(seed), 1 << 16
    with (
        Impairment(simulator.url, Faults(*[share] * 4), seed) as network,
        Board.open(network.url, patience=2) as board,
    ):
        memory = bytearray(size)
        board.write(0, memory)
        for _ in range(25):
            length = chance.choice((1, 64, 1408, chance.randrange(1, 10_000)))
            address = 4 * chance.randrange((size - length) // 4)
            memory[address : address + length] = data = chance.randbytes(length)
            board.write(address, data)
            length = chance.randrange(1, 10_000)
            address = 4 * chance.randrange((size - length) // 4)
            assert board.read(address, length) == memory[address : address + length]
        assert board.read(0, size) == memory
    assert all(network.counts.values())


def test_what_a_board_says_of_itself(simulator, capsys):
    assert main(["info", "--port", simulator.url]) == 0
    said = capsys.readouterr().out
    assert DEFAULT_IP in said and DEFAULT_MAC in said


def test_the_other_way_in_is_open_too(simulator, seed):
    """What came by datagrams is read by TCP, and the other way round."""
    chance = random.Random(seed)
    for write, read in ((simulator.url, simulator.tcp_url), (simulator.tcp_url, simulator.url)):
        data = chance.randbytes(5000)
        with connect(write) as board:
            board.write(76, data)
        with connect(read) as board:
            assert board.read(76, len(data)) == data


def test_several_hosts_one_after_the_other(simulator, seed):
    """Each from a port of its own; a stranger's datagrams are no frames and are not answered."""
    chance = random.Random(seed)
    host, port = simulator.url.removeprefix("udp://").split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for size in (1, 700, 1408, 1409, 1473):
            stranger.sendto(chance.randbytes(size), (host, int(port)))
        for _ in range(3):
            with connect(simulator.url) as board:
                data = chance.randbytes(3000)
                board.write(0, data)
                assert board.read(0, len(data)) == data
        assert not select.select([stranger], [], [], 0)[0]


@pytest.mark.parametrize("byte_cycles", (1, 8))
def test_ping(byte_cycles):
    """A ping has 110 bytes on the wire each way, preamble and FCS included."""
    arguments = ["--ping", str(PINGS), "--byte-cycles", str(byte_cycles)]
    with Simulator(array=None, ethernet=True, arguments=arguments) as running:
        said = b""
        while said.count(b"\n") < PINGS:
            assert select.select([running._process.stdout], [], [], 60)[0]
            said += os.read(running._process.stdout.fileno(), 4096)
    lines = said.decode().splitlines()
    for number, line in enumerate(lines, 1):
        words = line.split()
        assert words[:2] == ["ping", f"{number}:"] and words[3] == "cycles"
        assert int(words[2]) > 2 * 110 * byte_cycles
