"""An EthernetLine in Verilator, and a board behind it that sends frames back."""

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
from litex.soc.interconnect.packet import Arbiter
from migen import ClockDomain, Signal

from litelic.host.link.protocol import UDP_PORT
from litelic.soc.link.encoder import FrameEncoder
from litelic.soc.link.ethernet_core import SLOW_PHY_FREQ
from litelic.soc.link.ethernet_line import EthernetLine
from litelic.soc.link.frames import MAX_WORDS, frame_description
from litelic.soc.link.serial_line import SerialLine
from litelic.soc.link.udp_line import WAY_BITS
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
from tests.soc.link_frames import Frame

HARNESS = Path(__file__).with_suffix(".cpp")
BUILD_FOLDER = Path(__file__).parents[2] / "build" / "ethernet"

# Makes LiteEth's seconds short: it asks again by ARP after 5,000 cycles, forgets after 50,000.
SYS_CLK_FREQ = 50_000
STEP = 100  # cycles, after which the wire looks at what the board asks

BOARD = (BOARD_IP, UDP_PORT)
HOST = (HOST_IP, 50000)
RECEIVE_WORDS = 2048  # that the line keeps until they are taken
ROOM = RECEIVE_WORDS // MAX_WORDS  # longest frames
OTHER_IP, OTHER_MAC = "192.168.1.7", bytes.fromhex("020000000007")

# System clock, Ethernet clocks (ps), cycles of the latter a byte: gigabit with fast and slow
# systems, 100 Mbit/s.
CLOCKS = {"62MHz": (16000, 8000, 1), "100MHz": (10000, 8000, 1), "40MHz": (25000, 8000, 1),
          "100Mbit": (10000, 40000, 2)}
SLOW_SPACING = 2  # cycles a byte, of a PHY that is slow


class Phy(LiteXModule):
    dw = 8

    def __init__(self, slow):
        self.rx_clk_freq = SLOW_PHY_FREQ if slow else 5 * SLOW_PHY_FREQ
        self.source = stream.Endpoint(eth_phy_description(8))
        self.sink = stream.Endpoint(eth_phy_description(8))


class Top(LiteXModule):
    """A board with its PHY as `phy`, and the pins that the harness drives as `pins`.

    Every good frame goes back to where it came from, in cycles in which `take` is up. Those in the
    bytes of `sink` go to everybody.
    """

    def __init__(self, slow=False):
        self.phy = Phy(slow)
        self.ethernet = ethernet = EthernetLine(
            self.phy, SYS_CLK_FREQ, int.from_bytes(BOARD_MAC), BOARD_IP)
        self.serial = serial = SerialLine(SYS_CLK_FREQ)
        self.encoder = encoder = FrameEncoder(WAY_BITS)
        take, idle = Signal(), Signal()
        arrived, said = (stream.Endpoint(frame_description(WAY_BITS)) for _ in range(2))
        self.arbiter = Arbiter([arrived, said], encoder.sink)
        self.comb += [
            ethernet.frames.connect(arrived, omit={"valid", "ready"}),
            arrived.valid.eq(ethernet.frames.valid & take),
            ethernet.frames.ready.eq(arrived.ready & take),
            serial.frames.connect(said, omit={"way"}),
            said.way.eq(0xFFFF_FFFF | UDP_PORT << 32),
            encoder.source.connect(ethernet.words),
            idle.eq(ethernet.idle & serial.idle & ~encoder.source.valid),
        ]
        self.add_pins(idle, take, serial.sink)

    def add_pins(self, idle, take, sink):
        """Clocks, the PHY's pins, bytes for a serial line, and when the board takes something."""
        self.pins = {"idle": idle, "take": take}
        for name in ("sys", "eth_rx", "eth_tx"):
            domain = ClockDomain(name)
            setattr(self, f"cd_{name}", domain)
            self.pins |= {f"{name}_clk": domain.clk, f"{name}_rst": domain.rst}
        for name, endpoint, fields in (
            ("rx", self.phy.source, ("valid", "last", "data")),
            ("tx", self.phy.sink, ("valid", "ready", "last", "data")),
            ("sink", sink, ("valid", "ready", "data")),
        ):
            self.pins |= {f"{name}_{field}": getattr(endpoint, field) for field in fields}


@functools.cache
def build(top_class, slow):
    """The harness with a `Top` in it; kept until one of them changes."""
    top = top_class(slow)
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

    frames : what the board sent, as `ethernet_frames` has them, but for ARP requests
    asked  : the addresses that it asked for by ARP
    hosts  : address -> MAC of those that answer
    """

    def __init__(self, seed, sys_ps=16000, eth_ps=8000, spacing=1, top=Top):
        self.chance = random.Random(seed)
        arguments = (seed, sys_ps, eth_ps, spacing)
        harness = build(top, spacing == SLOW_SPACING)
        self.process = subprocess.Popen(
            [harness, *map(str, arguments)], cwd=harness.parent, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.frames, self.asked, self.hosts = [], [], {}
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

    def pace(self, density=255):
        """In how many of 255 cycles the board takes what has arrived."""
        self._command(b"P", struct.pack("<I", density))

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
        for frame in map(parse, parts):
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


def line(payload, number=0):
    """A frame as it is on a line."""
    return Frame(0x20, number, 0, 0, payload).line


def connected(seed, *clocks):
    """A bench whose board has answered to a host."""
    bench = Bench(seed, *clocks)
    bench.hosts = {HOST_IP: HOST_MAC, OTHER_IP: OTHER_MAC}
    assert alive(bench)
    bench.frames.clear()
    return bench


def sent(bench):
    """The frames that came back to the host, after looking at everything around them."""
    for frame in bench.frames:
        assert isinstance(frame, Datagram)
        assert (frame.source, frame.target, frame.target_mac) == (BOARD, HOST, HOST_MAC)
    return [frame.data for frame in bench.frames]


def alive(bench):
    """Whether the board still takes the host's frames and answers them."""
    bench.frames.clear()
    bench.put(datagram(line(b"alive?")))
    bench.run_until(lambda: bench.frames)
    return sent(bench) == [line(b"alive?")]
