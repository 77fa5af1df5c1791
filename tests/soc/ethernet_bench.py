"""An EthernetLink in Verilator, between a wire and a byte stream."""

import contextlib
import functools
import hashlib
import os
import random
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

from liteeth.common import eth_phy_description
from litex.gen import LiteXModule
from litex.gen.fhdl.verilog import convert
from litex.soc.interconnect import stream
from migen import ClockDomain, Signal

from litelic.host.link.protocol import MAX_DATAGRAM, UDP_PORT
from litelic.soc.link.ethernet import RECEIVE_BYTES, EthernetLink
from tests.soc.ethernet_frames import (
    BOARD_IP,
    BOARD_MAC,
    HOST_IP,
    HOST_MAC,
    Arp,
    Datagram,
    datagram,
    on_the_wire,
    parse,
)

HARNESS = Path(__file__).with_suffix(".cpp")
BUILD_FOLDER = Path(__file__).parents[2] / "build" / "ethernet"

# Makes LiteEth's seconds short: it asks again by ARP after 5,000 cycles, forgets after 50,000.
SYS_CLK_FREQ = 50_000
STEP = 100  # cycles, after which the wire looks at what the board asks

BOARD = (BOARD_IP, UDP_PORT)
HOST = (HOST_IP, 50000)
ROOM = RECEIVE_BYTES - 2 * MAX_DATAGRAM  # a host keeps no more on its way
OTHER_IP, OTHER_MAC = "192.168.1.7", bytes.fromhex("020000000007")

# System clock, Ethernet clocks (ps), cycles of the latter a byte: gigabit with fast and slow
# systems, 100 Mbit/s.
CLOCKS = {"62MHz": (16000, 8000, 1), "100MHz": (10000, 8000, 1), "40MHz": (25000, 8000, 1),
          "100Mbit": (10000, 40000, 2)}


class Phy(LiteXModule):
    dw = 8

    def __init__(self):
        self.source = stream.Endpoint(eth_phy_description(8))
        self.sink = stream.Endpoint(eth_phy_description(8))


class Top(LiteXModule):
    """The link with its PHY as `phy`, and the pins that the harness drives as `pins`."""

    def __init__(self):
        self.phy = Phy()
        self.link = EthernetLink(self.phy, SYS_CLK_FREQ, int.from_bytes(BOARD_MAC), BOARD_IP)
        self.add_pins(self.link.idle, self.link.source, self.link.sink)

    def add_pins(self, link_idle, source, sink):
        """Clocks, the PHY's pins, and streams of bytes besides."""
        idle = Signal()
        self.comb += idle.eq(link_idle)
        self.pins = {"idle": idle}
        for name in ("sys", "eth_rx", "eth_tx"):
            domain = ClockDomain(name)
            setattr(self, f"cd_{name}", domain)
            self.pins |= {f"{name}_clk": domain.clk, f"{name}_rst": domain.rst}
        for name, endpoint, fields in (
            ("rx", self.phy.source, ("valid", "last", "data")),
            ("tx", self.phy.sink, ("valid", "ready", "last", "data")),
            ("source", source, ("valid", "ready", "data")),
            ("sink", sink, ("valid", "ready", "data")),
        ):
            self.pins |= {f"{name}_{field}": getattr(endpoint, field) for field in fields}


@functools.cache
def build(top_class):
    """The harness with a `Top` in it; kept until one of them changes."""
    top = top_class()
    for name, signal in top.pins.items():
        signal.name_override = name
    converted = convert(top, set(top.pins.values()), name="ethernet")
    verilog = converted.main_source
    # LiteX dates its Verilog, in comments.
    code = "\n".join(line for line in verilog.splitlines() if not line.startswith("//"))
    options = [
        "--cc", "--exe", "--build", "-O3", "--x-assign", "fast", "--x-initial", "fast",
        "--noassert", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--top-module", "ethernet",
        "-MAKEFLAGS", "OPT_FAST=-O2 OPT_SLOW=-O0 OPT_GLOBAL=-O2",
        "--Mdir", "obj", "-o", "../ethernet",
    ]
    parts = [code, HARNESS.read_text(), *options, *converted.data_files.values()]
    key = hashlib.sha256("".join(parts).encode()).hexdigest()[:16]
    folder = BUILD_FOLDER / key
    if not (folder / "ethernet").exists():
        BUILD_FOLDER.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=BUILD_FOLDER))
        (work / "ethernet.v").write_text(verilog)
        for name, content in converted.data_files.items():  # what memories begin with
            (work / name).write_text(content)
        run = subprocess.run(
            ["verilator", *options, "ethernet.v", HARNESS], cwd=work, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr[-4000:]
        with contextlib.suppress(OSError):  # another process has built the same meanwhile
            os.replace(work, folder)
        shutil.rmtree(work, ignore_errors=True)
    return folder / "ethernet"


class Bench:
    """A board on a wire. What it sends is checked and parsed, what it asks by ARP is answered.

    frames    : what the board sent, as `ethernet_frames` has them, but for ARP requests
    delivered : bytes that came out of `source`
    asked     : the addresses that it asked for by ARP
    hosts     : address -> MAC of those that answer
    """

    def __init__(self, seed, sys_ps=16000, eth_ps=8000, spacing=1, top=Top):
        self.chance = random.Random(seed)
        arguments = (seed, sys_ps, eth_ps, spacing)
        harness = build(top)
        self.process = subprocess.Popen(
            [harness, *map(str, arguments)], cwd=harness.parent, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.frames, self.asked, self.hosts = [], [], {}
        self.delivered = bytearray()
        self.idle = False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def _command(self, letter, rest):
        self.process.stdin.write(letter + struct.pack("<I", len(rest)) + rest)

    def put(self, frame, gap=12, preamble=7, first=False):
        """A frame for the wire, an object of `ethernet_frames` or bytes that have their FCS.

        It goes behind all others or, as the first, before them.
        """
        data = on_the_wire(frame) if not isinstance(frame, bytes) else frame
        data = bytes([0x55]) * preamble + b"\xd5" + data
        self._command(b"A" if first else b"F", struct.pack("<I", gap) + data)

    def write(self, data):
        """Bytes for `sink`."""
        self._command(b"W", bytes(data))

    def pace(self, sink=255, source=255):
        """In how many of 255 cycles `sink` has a byte, if there is one, and `source` is ready."""
        self._command(b"P", struct.pack("<II", sink, source))

    def run(self, cycles):
        for start in range(0, cycles, STEP):
            self._run(min(STEP, cycles - start))

    def _run(self, cycles):
        self._command(b"R", struct.pack("<I", cycles))
        self.process.stdin.flush()
        answer = self.process.stdout.read(struct.unpack("<I", self.process.stdout.read(4))[0])
        self.idle, faults = struct.unpack_from("<II", answer)
        assert not faults, "a frame with a hole, or none between two"
        parts, position = [], 8
        while position < len(answer):
            (length,) = struct.unpack_from("<I", answer, position)
            parts.append(answer[position + 4 : position + 4 + length])
            position += 4 + length
        self.delivered += parts[0]
        for frame in map(parse, parts[1:]):
            if isinstance(frame, Arp) and frame.operation == Arp.REQUEST:
                self.asked.append(frame.target_ip)
                if frame.target_ip in self.hosts:
                    self.put(frame.reply(self.hosts[frame.target_ip]), first=True)
            else:
                self.frames.append(frame)

    def run_until(self, done, limit=1_000_000):
        for _ in range(limit // STEP):
            if done():
                return
            self._run(STEP)
        raise AssertionError("that does not happen")


def connected(seed, *clocks):
    """A bench whose board has answered to a host."""
    bench = Bench(seed, *clocks)
    bench.hosts = {HOST_IP: HOST_MAC, OTHER_IP: OTHER_MAC}
    bench.put(datagram(b"hello"))
    bench.run_until(lambda: bench.delivered == b"hello")
    bench.delivered.clear()
    return bench


def sent(bench):
    """The bytes that the host got, after looking at everything around them."""
    for frame in bench.frames:
        assert isinstance(frame, Datagram)
        assert (frame.source, frame.target, frame.target_mac) == (BOARD, HOST, HOST_MAC)
        assert 0 < len(frame.data) <= MAX_DATAGRAM
    return b"".join(frame.data for frame in bench.frames)


def alive(bench):
    """Whether the board still takes the host's bytes and answers them."""
    bench.frames.clear()
    bench.delivered.clear()
    bench.put(datagram(b"alive?"))
    bench.run_until(lambda: bench.delivered == b"alive?")
    bench.write(b"alive!")
    bench.run_until(lambda: bench.frames)
    return sent(bench) == b"alive!"
