"""The receiver and the transmitter against a random memory and a random line."""

import random
import struct
import zlib

import pytest
from litedram.common import LiteDRAMNativeReadPort, LiteDRAMNativeWritePort
from migen import run_simulation

from litelic.soc.link.receiver import CPU, DISCARD, MAGIC, MEMORY, Receiver
from litelic.soc.link.transmitter import Transmitter
from tests.soc.native_memory import NativeMemory

MEMORY_BYTES = 4096
GUARD = 0xA5


def header_bytes(chance):
    """A header of random content, with its CRC."""
    body = struct.pack("<H", MAGIC) + chance.randbytes(14)
    return body + zlib.crc32(body).to_bytes(4, "little")


def payload_bytes(payload):
    return payload + zlib.crc32(payload).to_bytes(4, "little") if payload else b""


class ReceiverBench:
    """Drives a receiver as PHY and firmware would."""

    def __init__(self, seed, density=0.7, data_width=128):
        self.chance = random.Random(seed)
        self.density = density
        port = LiteDRAMNativeWritePort(address_width=12, data_width=data_width)
        self.dut = Receiver(port, fifo_depth=16)
        self.memory = NativeMemory(MEMORY_BYTES, seed)
        self.memory.content[:] = bytes([GUARD]) * MEMORY_BYTES
        self.port = port
        self.line = bytearray()

    def phy(self):
        yield "passive"
        sink = self.dut.sink
        while True:
            if self.line and self.chance.random() < self.density:
                yield sink.data.eq(self.line[0])
                yield sink.valid.eq(1)
                yield
                while not (yield sink.ready):
                    yield
                del self.line[0]
                yield sink.valid.eq(0)
            else:
                yield

    def pulse(self, signal):
        yield signal.eq(1)
        yield
        yield signal.eq(0)
        yield

    def wait(self, signal, limit=5000):
        for _ in range(limit):
            if (yield signal):
                return
            yield
        raise AssertionError("the receiver does not answer")

    def header(self):
        yield from self.wait(self.dut.header_valid)
        return (yield self.dut.header).to_bytes(16, "little")

    def accept(self, destination, length, address=0):
        yield self.dut.destination.eq(destination)
        yield self.dut.length.eq(length)
        yield self.dut.address.eq(address)
        yield from self.pulse(self.dut.accept)

    def finish(self):
        yield from self.wait(self.dut.done)
        ok = yield self.dut.crc_ok
        yield from self.pulse(self.dut.release)
        return ok

    def run(self, firmware):
        run_simulation(self.dut, [firmware, self.phy(), self.memory.writes(self.port)])


@pytest.mark.parametrize("seed", range(6), indirect=True)
def test_payload_reaches_memory(seed):
    """Random addresses and lengths; bytes around every payload stay what they were."""
    bench = ReceiverBench(seed)
    chance = bench.chance
    expected = bytearray(bench.memory.content)

    def firmware():
        for _ in range(6):
            length = chance.choice((1, 2, 15, 16, 17, chance.randrange(1, 200)))
            address = chance.randrange(MEMORY_BYTES - length)
            payload = chance.randbytes(length)
            header = header_bytes(chance)
            bench.line += header + payload_bytes(payload)
            assert (yield from bench.header()) == header[:16]
            yield from bench.accept(MEMORY, length, address)
            assert (yield from bench.finish()) == 1
            expected[address : address + length] = payload
            assert bench.memory.content == expected

    bench.run(firmware())


@pytest.mark.parametrize(("data_width", "step"), ((128, 1), (256, 3), (512, 9)))
def test_every_lane_and_short_length(data_width, step):
    """Every alignment (every `step`th), up to the end of the word and one byte beyond it."""
    bench = ReceiverBench(0, density=1.0, data_width=data_width)
    expected = bytearray(bench.memory.content)
    lanes = data_width // 8

    def firmware():
        for offset in range(0, lanes, step):
            for length in (1, lanes - offset, lanes + 1 - offset):
                payload = bench.chance.randbytes(length)
                bench.line += header_bytes(bench.chance) + payload_bytes(payload)
                yield from bench.header()
                yield from bench.accept(MEMORY, length, 256 + offset)
                assert (yield from bench.finish()) == 1
                expected[256 + offset : 256 + offset + length] = payload
                assert bench.memory.content == expected, (offset, length)

    bench.run(firmware())


@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_hunts_through_garbage(seed):
    """Headers are found behind garbage that is full of magic numbers, and garbage is counted."""
    bench = ReceiverBench(seed)
    chance = bench.chance
    magic = struct.pack("<H", MAGIC)

    def firmware():
        garbage_bytes = 0
        for _ in range(5):
            garbage = b"".join(
                chance.choice((magic, magic[:1], chance.randbytes(3))) for _ in range(8)
            )
            garbage_bytes += len(garbage)
            header = header_bytes(chance)
            bench.line += garbage + header
            assert (yield from bench.header()) == header[:16]
            assert (yield bench.dut.skipped) == garbage_bytes
            yield from bench.accept(DISCARD, 0)
            assert (yield from bench.finish()) == 1
        assert (yield bench.dut.rejected) > 0

    bench.run(firmware())


def test_damage_is_seen():
    """A flipped bit in a header hides it; a flipped bit in a payload clears crc_ok."""
    bench = ReceiverBench(1, density=1.0)
    chance = bench.chance

    def firmware():
        good = header_bytes(chance)
        for bit in range(0, 160, 9):
            damaged = bytearray(good)
            damaged[bit // 8] ^= 1 << bit % 8
            bench.line += damaged
        bench.line += good
        yield from bench.header()
        assert (yield bench.dut.skipped) == len(range(0, 160, 9)) * 20
        yield from bench.accept(DISCARD, 0)
        yield from bench.finish()

        payload = payload_bytes(chance.randbytes(5))
        for bit in range(0, 8 * len(payload), 3):
            damaged = bytearray(payload)
            damaged[bit // 8] ^= 1 << bit % 8
            bench.line += header_bytes(chance) + damaged
            yield from bench.header()
            yield from bench.accept(MEMORY, 5, 64)
            assert (yield from bench.finish()) == 0

    bench.run(firmware())


@pytest.mark.parametrize("seed", range(2), indirect=True)
def test_payload_for_the_cpu(seed):
    bench = ReceiverBench(seed)
    payload = bench.chance.randbytes(32)

    def firmware():
        bench.line += header_bytes(bench.chance) + payload_bytes(payload)
        yield from bench.header()
        yield from bench.accept(CPU, len(payload))
        source, received = bench.dut.source, bytearray()
        while len(received) < len(payload):
            yield from bench.wait(source.valid)
            for _ in range(bench.chance.randrange(4)):
                yield
            received.append((yield source.data))
            yield from bench.pulse(source.ready)
        assert received == payload
        assert (yield from bench.finish()) == 1

    bench.run(firmware())
    assert bench.memory.content == bytes([GUARD]) * MEMORY_BYTES


@pytest.mark.parametrize("received", (0, 1, 20, 43))
def test_release_gives_a_payload_up(received):
    """After an abort the next frame arrives whole, and no byte of the old one is written late."""
    bench = ReceiverBench(received)
    chance = bench.chance

    def firmware():
        bench.line += header_bytes(chance) + bytes(received)
        yield from bench.header()
        yield from bench.accept(MEMORY, 50, 100)
        for _ in range(200):
            yield
        yield from bench.pulse(bench.dut.release)
        payload = chance.randbytes(21)
        bench.line += header_bytes(chance) + payload_bytes(payload)
        yield from bench.header()
        yield from bench.accept(MEMORY, 21, 1003)
        assert (yield from bench.finish()) == 1
        assert bench.memory.content[1003:1024] == payload
        whole_words = (100 + received) // 16 * 16 if received >= 12 else 100
        assert bench.memory.content[whole_words:1003] == bytes([GUARD]) * (1003 - whole_words)

    bench.run(firmware())


@pytest.mark.parametrize("data_width", (128, 256, 512))
@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_transmitter(seed, data_width):
    """Words, bytes, memory and checksums in random order come out whole, whatever the line."""
    chance = random.Random(seed)
    lanes = data_width // 8
    port = LiteDRAMNativeReadPort(address_width=12, data_width=data_width)
    dut = Transmitter(port, fifo_depth=4)
    memory = NativeMemory(MEMORY_BYTES, seed)
    memory.content[:] = chance.randbytes(MEMORY_BYTES)
    expected, received = bytearray(), bytearray()
    checksum = 0
    density = chance.choice((1.0, 0.5))

    def firmware():
        nonlocal checksum
        for _ in range(30):
            sent = b""
            command = chance.choice(("word", "byte", "memory", "checksum"))
            if command == "word":
                value = chance.getrandbits(32)
                yield dut.data.eq(value)
                sent = value.to_bytes(4, "little")
            elif command == "byte":
                value = chance.getrandbits(8)  # counted by no checksum
                yield dut.data.eq(value)
                expected.append(value)
            elif command == "memory":
                length = chance.choice((1, lanes - 1, lanes, lanes + 1, chance.randrange(1, 100)))
                address = chance.randrange(MEMORY_BYTES - length)
                yield dut.address.eq(address)
                yield dut.length.eq(length)
                sent = memory.content[address : address + length]
            else:
                expected.extend(checksum.to_bytes(4, "little"))
                checksum = 0
            checksum = zlib.crc32(sent, checksum)
            expected.extend(sent)
            yield getattr(dut, command).eq(1)
            yield
            yield getattr(dut, command).eq(0)
            yield
            while (yield dut.busy):
                yield
        while not (yield dut.empty):
            yield
        yield

    def line():
        yield "passive"
        while True:
            yield dut.source.ready.eq(int(chance.random() < density))
            yield
            if (yield dut.source.ready) and (yield dut.source.valid):
                received.append((yield dut.source.data))

    run_simulation(dut, [firmware(), line(), memory.reads(port)])
    assert received == expected
