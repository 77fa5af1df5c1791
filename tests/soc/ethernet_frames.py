"""Ethernet frames to bytes and back: ARP, ping, UDP. Every length and checksum is checked."""

import struct
import zlib
from dataclasses import dataclass

BOARD_MAC, BOARD_IP = bytes.fromhex("10e2d5000001"), "192.168.1.50"
HOST_MAC, HOST_IP = bytes.fromhex("020000000001"), "192.168.1.100"
EVERYBODY_MAC, EVERYBODY_IP = b"\xff" * 6, "255.255.255.255"
UDP, ICMP = 17, 1


def address(text):
    return bytes(map(int, text.split(".")))


def text(data):
    return ".".join(map(str, data))


def checksum(data):
    """The Internet's; 0 for data that contain their own."""
    total = sum(struct.unpack(f">{len(data) // 2 + len(data) % 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@dataclass(frozen=True)
class Arp:
    REQUEST, REPLY = 1, 2

    operation: int
    sender_mac: bytes = HOST_MAC
    sender_ip: str = HOST_IP
    target_mac: bytes = bytes(6)
    target_ip: str = BOARD_IP
    to: bytes = EVERYBODY_MAC

    def reply(self, mac):
        return Arp(self.REPLY, mac, self.target_ip, self.sender_mac, self.sender_ip,
                   self.sender_mac)

    def encode(self):
        return (self.to + self.sender_mac + struct.pack(">HHHBBH", 0x806, 1, 0x800, 6, 4,
                self.operation) + self.sender_mac + address(self.sender_ip) + self.target_mac
                + address(self.target_ip))


@dataclass(frozen=True)
class Packet:
    """An IPv4 packet. `fragment` is the field with flags and offset."""

    protocol: int
    payload: bytes
    source_ip: str = HOST_IP
    target_ip: str = BOARD_IP
    source_mac: bytes = HOST_MAC
    target_mac: bytes = BOARD_MAC
    fragment: int = 0x4000  # "don't fragment", as hosts set it
    damage: int = 0  # of the header's checksum

    def encode(self):
        header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(self.payload), 1, self.fragment, 64,
                             self.protocol, 0) + address(self.source_ip) + address(self.target_ip)
        total = checksum(header) ^ self.damage
        return (self.target_mac + self.source_mac + b"\x08\x00"
                + header[:10] + total.to_bytes(2) + header[12:] + self.payload)


def datagram(data, source_port=50000, target_port=0x4C43, length=None, **options):
    """A UDP datagram; `length` replaces the true one in its header."""
    length = 8 + len(data) if length is None else length
    return Packet(UDP, struct.pack(">HHHH", source_port, target_port, length, 0) + data, **options)


def ping(data, kind=8, number=1, **options):
    message = struct.pack(">BBHHH", kind, 0, 0, 7, number) + data
    total = checksum(message)
    return Packet(ICMP, message[:2] + total.to_bytes(2) + message[4:], **options)


def on_the_wire(frame):
    """The bytes of a frame, padded as every sender has to, with their FCS."""
    data = frame.encode()
    data += bytes(max(0, 60 - len(data)))
    return data + zlib.crc32(data).to_bytes(4, "little")


@dataclass(frozen=True)
class Datagram:
    data: bytes
    source: tuple  # address, port
    target: tuple
    target_mac: bytes = HOST_MAC


def parse(wire):
    """What a board sent, with its preamble: an Arp, a Packet, or a Datagram."""
    assert wire[:8] == b"\x55" * 7 + b"\xd5", wire[:8].hex()
    frame, fcs = wire[8:-4], wire[-4:]
    assert zlib.crc32(frame).to_bytes(4, "little") == fcs
    assert 60 <= len(frame) <= 1514, len(frame)
    assert frame[6:12] == BOARD_MAC
    kind, body = frame[12:14], frame[14:]
    if kind == b"\x08\x06":
        assert body[:6] == bytes.fromhex("000108000604")
        operation = int.from_bytes(body[6:8])
        return Arp(operation, body[8:14], text(body[14:18]), body[18:24], text(body[24:28]),
                   frame[:6])
    assert kind == b"\x08\x00"
    assert body[0] == 0x45 and checksum(body[:20]) == 0
    length, fragment, protocol = (int.from_bytes(body[a:b]) for a, b in ((2, 4), (6, 8), (9, 10)))
    assert 20 < length <= len(body) and not fragment & 0x3FFF
    assert len(body) == max(46, length), "more padding than needed"
    payload, source, target = body[20:length], text(body[12:16]), text(body[16:20])
    if protocol == ICMP:
        assert checksum(payload) == 0
        return Packet(ICMP, payload, source, target, BOARD_MAC, frame[:6], fragment=fragment)
    assert protocol == UDP and not any(body[length:])
    source_port, target_port, length, total = struct.unpack(">HHHH", payload[:8])
    assert length == len(payload) and total == 0
    return Datagram(payload[8:], (source, source_port), (target, target_port), frame[:6])
