"""The whole link: two lines, the memory, and a CPU that reads and writes registers."""

import random

import pytest
from litedram.common import LiteDRAMNativeReadPort, LiteDRAMNativeWritePort
from litex.gen import LiteXModule
from litex.soc.interconnect import csr_bus

from litelic.soc.link.frame_link import FrameLink
from litelic.soc.link.frames import ANSWER, READ, WRITE
from litelic.soc.link.serial_line import SerialLine
from litelic.soc.link.udp_line import UDPLine
from tests.accel.streams import simulate
from tests.soc.link_frames import Frame, words
from tests.soc.native_memory import NativeMemory
from tests.soc.test_lines import HOSTS, PORT, Core, wait

BYTES = 1 << 13
KEY = 0x1357_9BDF


class Board(LiteXModule):
    """A serial line, an Ethernet line, and the registers of the link between them."""

    def __init__(self):
        self.serial = SerialLine(50_000)
        self.udp = UDPLine(PORT)
        self.writes = LiteDRAMNativeWritePort(address_width=12, data_width=128)
        self.reads = LiteDRAMNativeReadPort(address_width=12, data_width=128)
        self.link = FrameLink([self.serial, self.udp], self.writes, self.reads)
        registers = self.link.get_csrs()
        self.bus = csr_bus.Interface(data_width=32)
        self.bank = csr_bus.CSRBank(registers, bus=self.bus)
        # What the CPU writes has a number of its word at the end of its name.
        self.places = {
            name: n for n, csr in enumerate(self.bank.simple_csrs)
            for name in (csr.name, csr.name.removesuffix("0"))
        }


class CPU:
    """Firmware: answers every frame it gets with its payload turned round."""

    def __init__(self, dut):
        self.dut = dut

    def read(self, name):
        bus = self.dut.bus
        yield bus.adr.eq(self.dut.places[name])
        yield bus.re.eq(1)
        yield
        yield bus.re.eq(0)
        yield
        return (yield bus.dat_r)

    def write(self, name, value):
        bus = self.dut.bus
        yield bus.adr.eq(self.dut.places[name])
        yield bus.dat_w.eq(value)
        yield bus.we.eq(1)
        yield
        yield bus.we.eq(0)
        yield

    def open_window(self, number, key, base, size, writable):
        for name, value in (("key", key), ("base", base), ("size", size)):
            yield from self.write(f"window_{name}", value)
        yield from self.write("window", number | writable << 8)

    def take_frame(self):
        """(words, way) of a frame; waits for one."""
        found, last = [], False
        while not last:
            status = yield from self.read("rx_status")
            if not status & 1:
                continue
            assert bool(status & 2) == (not found)
            last = bool(status & 4)
            way = yield from self.read("rx_way0")
            way |= (yield from self.read("rx_way1")) << 32
            found.append((yield from self.read("rx_word")))
        return found, way

    def send_frame(self, items, way):
        while not (yield from self.read("tx_status")):
            pass
        yield from self.write("tx_way0", way & 0xFFFF_FFFF)
        yield from self.write("tx_way1", way >> 32)
        for word in items[:-1]:
            yield from self.write("tx_word", word)
        yield from self.write("tx_last", items[-1])

    def serve(self):
        yield "passive"
        while True:
            items, way = yield from self.take_frame()
            yield from self.send_frame([*items[:4], *items[4:][::-1]], way)


def send_bytes(sink, data):
    for byte in data:
        yield sink.valid.eq(1)
        yield sink.data.eq(byte)
        yield
        while not (yield sink.ready):
            yield
    yield sink.valid.eq(0)


def turned(frame):
    """The CPU's answer to a frame, as it is on the line."""
    header, payload = (
        b"".join(word.to_bytes(4, "little") for word in items)
        for items in (frame.bare[:4], frame.bare[4:][::-1])
    )
    return Frame.on_line(header, payload)


@pytest.mark.parametrize(
    "seed", [0, pytest.param(1, marks=pytest.mark.long)], indirect=True)
def test_each_gets_its_own_answers(seed):
    """Requests of three hosts by two lines at once, for the memory and for the CPU."""
    chance = random.Random(seed)
    dut = Board()
    cpu, core = CPU(dut), Core(dut.udp, chance)
    memory = NativeMemory(BYTES, seed, grant=0.8)
    memory.content[:] = content = bytearray(chance.randbytes(BYTES))
    bytes_out, expected_bytes, expected = bytearray(), bytearray(), {host: [] for host in HOSTS}
    ready = []

    def request(number, part):
        """A request and its answer on the line. Each host has a part of the memory."""
        if chance.random() < 0.3:
            frame = Frame(0x20, number, 0, 0, chance.randbytes(4 * chance.randrange(20)))
            return frame, turned(frame)
        length, offset = 4 * chance.randrange(1, 60), 1024 * part + 4 * chance.randrange(100)
        if chance.random() < 0.5:
            frame = Frame(WRITE, number, offset, KEY, chance.randbytes(length))
            content[offset : offset + length] = frame.payload
            return frame, Frame(WRITE | ANSWER, number, offset, KEY).line
        frame = Frame(READ, number, offset, KEY ^ 1, length.to_bytes(4, "little"))
        return frame, Frame(
            READ | ANSWER, number, offset, KEY ^ 1, bytes(content[offset : offset + length])).line

    def firmware():
        yield from cpu.open_window(0, KEY, 0, BYTES, 1)
        yield from cpu.open_window(1, KEY ^ 1, 0, BYTES, 0)
        yield from cpu.write("activity", 1)
        ready.append(True)
        yield from cpu.serve()

    def serial_host():
        while not ready:
            yield
        for number in range(6):
            frame, answer = request(number, 0)
            expected_bytes.extend(answer)
            yield from send_bytes(dut.serial.sink, frame.line)
            while len(bytes_out) < len(expected_bytes):
                yield

    def serial_line():
        yield "passive"
        while True:
            yield dut.serial.source.ready.eq(1)
            yield
            if (yield dut.serial.source.valid):
                bytes_out.append((yield dut.serial.source.data))

    def udp_hosts():
        while not ready:
            yield
        for number in range(16):
            part = chance.randrange(3)
            frame, answer = request(number, 1 + part)
            expected[HOSTS[part]].append(answer)
            yield from core.give(HOSTS[part], frame.line)
            while len(core.sent) <= number:
                yield
        yield from wait(1000)
        assert (yield dut.link.idle)

    def firmware_forever():
        yield "passive"
        yield from firmware()

    simulate(
        dut, firmware_forever(), serial_host(), serial_line(), udp_hosts(), core.take(),
        memory.writes(dut.writes), memory.reads(dut.reads), limit=100_000,
    )
    assert bytes_out == expected_bytes
    assert memory.content == content
    for host in HOSTS:
        sent = [(items, length) for items, length, to in core.sent if to == host]
        assert [items[: length // 4] for items, length in sent] == [
            words(line) for line in expected[host]
        ]
    assert sum(map(len, expected.values())) == 16


def test_what_the_firmware_counts(seed):
    """Requests that were answered without it, what is damaged on each line, what found no room."""
    chance = random.Random(seed)
    dut = Board()
    cpu, core = CPU(dut), Core(dut.udp, chance)
    memory = NativeMemory(BYTES, seed, grant=0.8)
    frame = Frame(0x20, 1, 2, 3, b"payload.")

    def counts():
        yield from wait(40)
        status = yield from cpu.read("memory_status")
        assert not status & 0xFF
        return status >> 8, (yield from cpu.read("lost")), (yield from cpu.read("damaged"))

    def spoilt(place):
        return frame.line[:place] + bytes([frame.line[place] ^ 1]) + frame.line[place + 1 :]

    def stimulus():
        yield from cpu.open_window(1, KEY, 0, BYTES, 0)
        for number in range(3):
            read = Frame(READ, number, 0, KEY, (100).to_bytes(4, "little"))
            yield from core.give(HOSTS[number], read.line)
            while len(core.sent) <= number:
                yield
            assert (yield from counts()) == (number + 1, 0, 0)

        for number, place in enumerate((9, 21, 25)):  # header, payload, its CRC
            yield from core.give(HOSTS[0], spoilt(place))
            assert (yield from counts()) == (3, 0, number + 1)
        yield from core.give(HOSTS[0], spoilt(0))  # not even begun
        assert (yield from counts()) == (3, 0, 3)
        yield from send_bytes(dut.serial.sink, spoilt(21))
        assert (yield from counts()) == (3, 0, 4)

        for _ in range(20):
            yield from core.give(HOSTS[0], Frame(0x20, 1, 2, 3).line)
        served, lost, damaged = yield from counts()
        assert (served, damaged) == (3, 4) and 0 < lost <= 20 - 16
        for _ in range(20 - lost):
            assert (yield from cpu.read("rx_status")) & 3 == 3
            yield from cpu.write("rx_drop", 1)
            yield from wait(20)
        assert not (yield from cpu.read("rx_status")) & 1

    simulate(
        dut, stimulus(), core.take(), memory.writes(dut.writes), memory.reads(dut.reads),
        limit=50_000,
    )
