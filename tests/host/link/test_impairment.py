"""The bad network: how often it does what, and that nothing else becomes of datagrams."""

import random
import select
import socket

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.impairment import Faults, Impairment

COUNT = 20_000


def test_each_fault_is_as_frequent_as_it_says(seed):
    chance = random.Random(seed)
    faults = Faults(loss=0.1, double=0.05, reorder=0.2, flip=0.03, delay=0.5)
    sent = [chance.randbytes(8) for _ in range(COUNT)]
    became = [faults.apply(data, chance) for data in sent]
    passed = [(data, copies) for data, copies in zip(sent, became) if copies]
    shares = {
        0.1: 1 - len(passed) / COUNT,
        0.05: sum(len(copies) == 2 for _, copies in passed) / len(passed),
        0.2: sum(copies[0][0] > 0 for _, copies in passed) / len(passed),
        0.03: sum(copies[0][1] != data for data, copies in passed) / len(passed),
    }
    for wanted, share in shares.items():  # six standard deviations
        assert abs(share - wanted) < 6 * (wanted * (1 - wanted) / len(passed)) ** 0.5
    for data, copies in passed:
        for delay, copy in copies:
            assert 0 <= delay <= 0.5
            changed = int.from_bytes(copy) ^ int.from_bytes(data)
            assert changed.bit_count() <= 1


def test_a_good_network_changes_nothing(seed):
    chance = random.Random(seed)
    for _ in range(100):
        data = chance.randbytes(chance.randrange(20))
        assert Faults().apply(data, chance) == [(0.0, data)]


def receive(line):
    assert select.select([line], [], [], 20)[0], "nothing came"
    return line.recvfrom(1 << 16)


def test_every_host_gets_its_own_answers():
    """By a port of its own: the board sees as many hosts as there are."""
    board = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    board.bind(("127.0.0.1", 0))
    with Impairment("udp://{}:{}".format(*board.getsockname()), Faults()) as network, board:
        to = "127.0.0.1", int(network.url.rsplit(":", 1)[1])
        hosts = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
        seen = {}
        for n, host in enumerate(hosts):
            host.sendto(b"from %d" % n, to)
            data, seen[n] = receive(board)
            assert data == b"from %d" % n
        assert len(set(seen.values())) == 3
        for n, host in enumerate(hosts):
            board.sendto(b"to %d" % n, seen[n])
            assert receive(host)[0] == b"to %d" % n
            host.close()
        assert network.counts == {"passed": 6, "lost": 0, "doubled": 0, "late": 0, "damaged": 0}


def test_a_late_datagram_is_overtaken():
    board = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    board.bind(("127.0.0.1", 0))
    url = "udp://{}:{}".format(*board.getsockname())
    with Impairment(url, Faults(reorder=0.5, delay=0.02), seed=3) as network, board:
        to = "127.0.0.1", int(network.url.rsplit(":", 1)[1])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
            for n in range(50):
                host.sendto(bytes([n]), to)
            arrived = [receive(board)[0][0] for _ in range(50)]
        assert sorted(arrived) == list(range(50)) and arrived != sorted(arrived)
        assert 0 < network.counts["late"] < 50


@pytest.mark.parametrize("url", ("/dev/ttyUSB0", "socket://localhost:1", "udp://"))
def test_it_stands_in_front_of_udp(url):
    with pytest.raises(LitelicError, match="is not a board's udp://"):
        Impairment(url, Faults())
