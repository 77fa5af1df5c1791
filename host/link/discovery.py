"""Boards that answer: on UDP, on serial ports, in simulators.

Every address is asked with PING. Only a board that runs nothing is then asked what it is, by HELLO:
that would end a run. On UDP even a PING takes the board's answers away from another host that works
with it (docs/protocol.md), which then asks again after a while.
"""

import ipaddress
import random
import socket
import time
from dataclasses import dataclass

from litelic.host.errors import LitelicError
from litelic.host.link.info import BoardInfo
from litelic.host.link.protocol import (
    BAUDRATE,
    RESPONSE,
    UDP_PORT,
    Frame,
    Parser,
    Request,
    RunState,
)
from litelic.host.link.transport import open_transport

LARGEST_NETWORK = 1024  # addresses that are asked
WAIT_SECONDS = 0.7  # for an answer
SIMULATOR = "socket://localhost:2000"  # where the README starts one


@dataclass(frozen=True)
class Found:
    """A board: where it is, what it says of itself; None while it computes for somebody."""

    url: str
    info: BoardInfo | None


def parse_network(text):
    """The addresses of a network, `192.168.1.0/24`. Raises `LitelicError`."""
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise LitelicError(f"{text!r} is no IPv4 network: write 192.168.1.0/24") from None
    if network.num_addresses > LARGEST_NETWORK:
        raise LitelicError(f"{text} has {network.num_addresses} addresses: name at most a /22")
    return [str(address) for address in (list(network.hosts()) or [network.network_address])]


def serial_ports():
    """Names of the serial ports that are USB devices."""
    from serial.tools.list_ports import comports

    return sorted(port.device for port in comports() if port.vid is not None)


def find(urls, addresses=(), baudrate=BAUDRATE, wait=WAIT_SECONDS, udp_port=UDP_PORT):
    """Yield the `Found` of each url that answers, then of each address on UDP."""
    for url in urls:
        if found := look(url, baudrate, wait):
            yield found
    for address in answering(addresses, wait, udp_port):
        url = f"udp://{address}" + ("" if udp_port == UDP_PORT else f":{udp_port}")
        if found := look(url, baudrate, wait):
            yield found


def answering(addresses, wait=WAIT_SECONDS, udp_port=UDP_PORT):
    """Those of the addresses at which something answers to PING on UDP, in their order."""
    sequence = random.randrange(1 << 16)
    ping = Frame(Request.PING, sequence).encode()
    heard = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        for address in addresses:
            try:
                line.sendto(ping, (address, udp_port))
            except OSError:
                continue  # no way to get there
        deadline = time.monotonic() + wait
        while addresses and (left := deadline - time.monotonic()) > 0:
            line.settimeout(left)
            try:
                data, (address, _) = line.recvfrom(1 << 16)
            except OSError:  # the time is over, or somebody there does not listen
                continue
            if any(_answers(frame, Request.PING, sequence) for frame in Parser().feed(data)):
                heard.add(address)
    return [address for address in addresses if address in heard]


def look(url, baudrate=BAUDRATE, wait=WAIT_SECONDS):
    """The `Found` of a url, None where no board answers."""
    try:
        line = open_transport(url, baudrate)
    except LitelicError:
        return None
    try:
        state = _ask(line, Request.PING, 0, wait)
        if state is None:
            return None
        if state.address >> 16 == RunState.ACTIVE:
            return Found(url, None)
        answer = _ask(line, Request.HELLO, random.getrandbits(32), wait)
        if answer is None or answer.payload is None:
            return None
        return Found(url, BoardInfo.parse(answer.payload.decode("utf-8", "replace")))
    except LitelicError:
        return None
    finally:
        line.close()


def _ask(line, kind, argument, wait):
    sequence, parser = random.randrange(1 << 16), Parser()
    line.write(Frame(kind, sequence, 0, argument).encode())
    deadline = time.monotonic() + wait
    while (left := deadline - time.monotonic()) > 0:
        for frame in parser.feed(line.read(left)):
            if _answers(frame, kind, sequence):
                return frame
    return None


def _answers(frame, kind, sequence):
    return frame.type == kind | RESPONSE and frame.sequence == sequence
