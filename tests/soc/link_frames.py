"""Frames of version 2 in Python, and what they look like to Migen simulations."""

import struct
import zlib

from litelic.soc.link.frames import MAGIC, MAX_PAYLOAD


def padded(payload):
    return payload + bytes(-len(payload) % 4)


def words(data):
    return list(struct.unpack(f"<{len(data) // 4}I", data))


def checked(data):
    """With its CRC behind it."""
    return data + zlib.crc32(data).to_bytes(4, "little")


class Frame:
    """A frame. `bare` is what hardware passes on, `line` what is on the line."""

    def __init__(self, type, sequence, address, key, payload=b""):
        header = struct.pack("<HBBHHII", MAGIC, 2, type, sequence, len(payload), address, key)
        self.payload = payload
        self.bare = words(header + padded(payload))
        self.line = self.on_line(header, padded(payload))

    @staticmethod
    def on_line(header, payload):
        return checked(header) + (checked(header + payload)[len(header):] if payload else b"")

    @classmethod
    def random(cls, chance, most=MAX_PAYLOAD):
        length = chance.choice((0, 0, 1, 4, chance.randrange(40), chance.randrange(most + 1)))
        return cls(
            chance.randrange(256), chance.randrange(1 << 16), chance.getrandbits(32),
            chance.getrandbits(32), chance.randbytes(min(length, most)),
        )


def send_words(sink, items, chance, density=1.0, **params):
    """Generator: words of a packet into a sink, which must not be waited for if it is a PHY's."""
    for n, word in enumerate(items):
        while chance.random() >= density:
            yield
        yield sink.data.eq(word)
        yield sink.first.eq(n == 0)
        yield sink.last.eq(n == len(items) - 1)
        for name, value in params.items():
            yield getattr(sink, name).eq(value)
        yield sink.valid.eq(1)
        yield
        while not (yield sink.ready):
            yield
        yield sink.valid.eq(0)


def collect(source, found, chance, density=1.0):
    """Passive generator: packets of a source as (words, way) into a list."""
    yield "passive"
    packet = []
    while True:
        yield source.ready.eq(int(chance.random() < density))
        yield
        if (yield source.valid) and (yield source.ready):
            assert (yield source.first) == (not packet)
            packet.append((yield source.data))
            if (yield source.last):
                found.append((packet, (yield source.way)))
                packet = []
