"""A network that does to datagrams what networks do: loses, doubles, delays, damages them.

    python -m litelic.host.link.impairment udp://192.168.1.50 --loss 0.1 --flip 0.01

prints the url at which the same board is to be had, through such a network.
"""

import argparse
import heapq
import random
import select
import socket
import sys
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from litelic.host.cli.options import fraction
from litelic.host.cli.status import exit_status
from litelic.host.errors import LitelicError
from litelic.host.link.protocol import UDP_PORT

LARGEST_DATAGRAM = 1 << 16
IDLE_SECONDS = 0.2  # between looks at whether it is to end


@dataclass(frozen=True)
class Faults:
    """How likely each is for a datagram, either way, 0 to 1.

    loss    : it is not delivered.
    double  : it is delivered twice, the second time after a delay.
    reorder : it is delayed, by up to `delay` seconds, while others pass.
    flip    : one of its bits is changed.
    """

    loss: float = 0.0
    double: float = 0.0
    reorder: float = 0.0
    flip: float = 0.0
    delay: float = 0.01

    def apply(self, data, chance):
        """[(seconds of delay, bytes)] that become of a datagram; `chance` is a `random.Random`."""
        if chance.random() < self.loss:
            return []
        if chance.random() < self.flip and data:
            spoilt = bytearray(data)
            spoilt[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            data = bytes(spoilt)
        late = chance.uniform(0, self.delay)
        copies = [(late if chance.random() < self.reorder else 0.0, data)]
        if chance.random() < self.double:
            copies.append((chance.uniform(0, self.delay), data))
        return copies


class Impairment:
    """A proxy on the loopback in front of a UDP board: `with Impairment(url, Faults(...)) as it`.

    Any number of hosts may use `it.url`; each has a port of its own towards the board.
    `counts` has how many datagrams were "lost", "doubled", "late", "damaged" and "passed".
    """

    def __init__(self, url, faults, seed=None):
        parts = urlsplit(url)
        if parts.scheme != "udp" or not parts.hostname:
            raise LitelicError(f"{url!r} is not a board's udp://host or udp://host:port")
        self._board = parts.hostname, parts.port or UDP_PORT
        self._faults, self._chance = faults, random.Random(seed)
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self._hosts = {}  # a host's address: the socket that stands for it
        self._late = []  # (time, number, socket, data, address)
        self._number = 0
        self._ended = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.counts = dict.fromkeys(("passed", "lost", "doubled", "late", "damaged"), 0)
        self.url = "udp://{}:{}".format(*self._front.getsockname())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._ended = True
        self._thread.join()
        for line in (self._front, *self._hosts.values()):
            line.close()

    def _work(self):
        while not self._ended:
            due = self._late[0][0] - time.monotonic() if self._late else IDLE_SECONDS
            lines = [self._front, *self._hosts.values()]
            for line in select.select(lines, [], [], max(0, min(due, IDLE_SECONDS)))[0]:
                self._take(line)
            while self._late and self._late[0][0] <= time.monotonic():
                _, _, line, data, address = heapq.heappop(self._late)
                self._give(line, data, address)

    def _take(self, line):
        try:
            data, sender = line.recvfrom(LARGEST_DATAGRAM)
        except OSError:  # nobody listens where something was sent
            return
        if line is self._front:
            if sender not in self._hosts:
                self._hosts[sender] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._pass(self._hosts[sender], data, self._board)
        else:
            (host,) = (host for host, own in self._hosts.items() if own is line)
            self._pass(self._front, data, host)

    def _pass(self, line, data, address):
        copies = self._faults.apply(data, self._chance)
        self.counts["lost"] += not copies
        self.counts["doubled"] += len(copies) == 2
        for delay, copy in copies:
            self.counts["damaged"] += copy != data
            self.counts["late"] += delay > 0
            self._number += 1
            if delay:
                when = time.monotonic() + delay
                heapq.heappush(self._late, (when, self._number, line, copy, address))
            else:
                self._give(line, copy, address)

    def _give(self, line, data, address):
        self.counts["passed"] += 1
        try:
            line.sendto(data, address)
        except OSError:  # as in a network that leads nowhere
            self.counts["lost"] += 1


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m litelic.host.link.impairment",
        description="A bad network in front of a board, until Ctrl-C.",
    )
    parser.add_argument("board", metavar="URL", help="udp://HOST or udp://HOST:PORT")
    for name, text in (
        ("loss", "datagrams that are lost"), ("double", "that come twice"),
        ("reorder", "that are overtaken"), ("flip", "of which a bit is changed"),
    ):
        parser.add_argument(
            f"--{name}", type=fraction, default=0.0, metavar="P",
            help=f"share of {text}, 0 to 1 (default: 0)")
    parser.add_argument("--seed", type=int, help="of its chance (default: another each time)")
    args = parser.parse_args(argv)
    faults = Faults(args.loss, args.double, args.reorder, args.flip)
    with Impairment(args.board, faults, args.seed) as network:
        print(network.url, flush=True)
        try:
            threading.Event().wait()
        finally:
            print(", ".join(f"{count} {name}" for name, count in network.counts.items()),
                  file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
