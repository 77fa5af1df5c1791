"""Boards that answer: on UDP, on serial ports, in simulators.

Every address is asked with DISCOVER, which every board answers, whoever works with it, and which
changes nothing there.
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
    Request,
    decode,
)
from litelic.host.link.transport import open_transport

LARGEST_NETWORK = 1024  # addresses that are asked
WAIT_SECONDS = 0.7  # for an answer
SIMULATOR = "socket://localhost:2000"  # where the README starts one


@dataclass(frozen=True)
class Found:
    """A board: where it is, what it says of itself (`info.busy`: somebody works with it)."""

    url: str
    info: BoardInfo


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
    for address, info in answering(addresses, wait, udp_port).items():
        yield Found(f"udp://{address}" + ("" if udp_port == UDP_PORT else f":{udp_port}"), info)


def answering(addresses, wait=WAIT_SECONDS, udp_port=UDP_PORT):
    """{address: BoardInfo} of those addresses at which a board answers on UDP, in their order."""
    question = _question()
    heard = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        for address in addresses:
            try:
                line.sendto(question.encode(), (address, udp_port))
            except OSError:
                continue  # no way to get there
        deadline = time.monotonic() + wait
        while addresses and (left := deadline - time.monotonic()) > 0:
            line.settimeout(left)
            try:
                data, (address, _) = line.recvfrom(1 << 16)
            except OSError:  # the time is over, or somebody there does not listen
                continue
            frame, _ = decode(data)
            if info := _answer(frame, question):
                heard[address] = info
    return {address: heard[address] for address in addresses if address in heard}


def look(url, baudrate=BAUDRATE, wait=WAIT_SECONDS):
    """The `Found` of a url, None where no board answers."""
    question = _question()
    try:
        line = open_transport(url, baudrate)
    except LitelicError:
        return None
    try:
        line.send(question.encode())
        deadline = time.monotonic() + wait
        while (left := deadline - time.monotonic()) > 0:
            for frame in line.receive(left):
                if info := _answer(frame, question):
                    return Found(url, info)
    except LitelicError:
        pass
    finally:
        line.close()
    return None


def _question():
    return Frame(Request.DISCOVER, random.randrange(1 << 16), random.getrandbits(32))


def _answer(frame, question):
    """The `BoardInfo` that a frame has, if it is the answer to `question`."""
    if frame is None or frame.type != question.type | RESPONSE or frame.address != question.address:
        return None
    try:
        return BoardInfo.parse(frame.payload.decode("utf-8", "replace"))
    except LitelicError:
        return None
