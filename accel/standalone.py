"""The engine alone in Verilator, before a memory model with random latency and back-pressure.

It is the quick way to run layers on the RTL: tests use it, and measurements without a CPU.
"""

import contextlib
import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

from litelic.accel.descriptor import DESCRIPTOR_BYTES, RECORD_OFFSET, unpack_record
from litelic.accel.multipliers import GENERIC
from litelic.host.errors import LitelicError

HARNESS = Path(__file__).with_name("standalone.cpp")
PORTS = ("descriptors", "operands", "weights", "store")
ADDRESS_WIDTH = 28  # bytes: 256 MB


def verilog(config, two_clocks=False, technology=GENERIC):
    """Return {file name: text} of the engine with its DRAM ports and its queue as pins.

    `technology` is one of `multipliers.TECHNOLOGIES`.
    """
    from litedram.common import LiteDRAMNativePort
    from litex.gen.fhdl.verilog import convert
    from migen import ClockDomain

    from litelic.accel.accelerator import Engine

    ports = []

    def get_port(mode):
        width = ADDRESS_WIDTH - (config.port_bytes - 1).bit_length()
        ports.append(LiteDRAMNativePort(mode, width, 8 * config.port_bytes))
        return ports[-1]

    engine = Engine(config, get_port, "array" if two_clocks else "sys", technology)
    engine.cd_sys = ClockDomain("sys")
    pins = {
        "sys_clk": engine.cd_sys.clk,
        "sys_rst": engine.cd_sys.rst,
        "queue_valid": engine.fetcher.queue.sink.valid,
        "queue_ready": engine.fetcher.queue.sink.ready,
        "queue_address": engine.fetcher.queue.sink.address,
        "completed": engine.fetcher.completed,
        "malformed": engine.fetcher.malformed,
    }
    if two_clocks:
        engine.cd_array = ClockDomain("array")
        pins |= {"array_clk": engine.cd_array.clk, "array_rst": engine.cd_array.rst}
    for name, port in zip(PORTS, ports):
        for field in ("valid", "ready", "we", "addr"):
            pins[f"{name}_cmd_{field}"] = getattr(port.cmd, field)
        if port.mode == "write":
            for field in ("valid", "ready", "data", "we"):
                pins[f"{name}_wdata_{field}"] = getattr(port.wdata, field)
        else:
            for field in ("valid", "ready", "data"):
                pins[f"{name}_rdata_{field}"] = getattr(port.rdata, field)
    for name, signal in pins.items():
        signal.name_override = name
    output = convert(engine, set(pins.values()), name="engine")
    return {"engine.v": output.main_source, **output.data_files}


class Standalone:
    """A compiled engine. Builds are kept in `build_folder`, one a configuration and source state.

    With `two_clocks`, the array has a clock of its own. `technology` is one of
    `multipliers.TECHNOLOGIES`; `cells` are Verilog files of what it instantiates. A `netlist`,
    {file name: text}, takes the place of what `verilog` returns and must have the same pins; it is
    compiled without optimisation, which would take longer than what it runs. Raises `LitelicError`
    when Verilator is missing or fails.
    """

    def __init__(
        self, config, build_folder, two_clocks=False, technology=GENERIC, cells=(), netlist=None,
    ):
        self.config, self.two_clocks = config, two_clocks
        self._optimisation = "-O0" if netlist else "-O2"
        files = dict(netlist or verilog(config, two_clocks, technology))
        for path in cells:
            files[Path(path).name] = Path(path).read_text()
        # LiteX dates its Verilog, in comments.
        lines = "\n".join(sorted(files.values())).splitlines()
        sources = "\n".join(line for line in lines if not line.startswith("//"))
        options = " ".join(self._options())
        key = hashlib.sha256((sources + HARNESS.read_text() + options).encode()).hexdigest()[:16]
        self.folder = Path(build_folder) / f"engine-{config.shape}-{key}"
        self.binary = self.folder / "engine"
        if not self.binary.exists():
            self._build(files)

    def _options(self):
        return [
            "--cc", "--exe", "--build", "-O3", "--x-assign", "fast", "--x-initial", "fast",
            "--noassert", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--top-module", "engine",
            "-MAKEFLAGS", f"OPT_FAST={self._optimisation} OPT_SLOW=-O0 OPT_GLOBAL=-O2",
            "-CFLAGS", f"-DPORT_BYTES={self.config.port_bytes} -DTWO_CLOCKS={int(self.two_clocks)}",
            "--Mdir", "obj", "-o", "../engine",
        ]

    def _build(self, files):
        if not shutil.which("verilator"):
            raise LitelicError("verilator is missing: apt-get install verilator g++ make")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=self.folder.parent))
        for name, text in files.items():
            (work / name).write_text(text)
        sources = sorted(name for name in files if name.endswith(".v"))
        command = ["verilator", *self._options(), *sources, str(HARNESS.resolve())]
        try:
            run = subprocess.run(command, cwd=work, capture_output=True, text=True)
            if run.returncode:
                raise LitelicError(f"Verilator failed:\n{run.stderr[-4000:]}")
            with contextlib.suppress(OSError):  # another process has built the same meanwhile
                os.replace(work, self.folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def run(
        self, memory, descriptors, seed=0, stall=0, latency=20, max_cycles=200_000_000,
        periods=(2, 1),
    ):
        """Run descriptors on a DRAM image.

        memory      : bytearray, changed in place; its length is the DRAM's size.
        descriptors : their byte addresses.
        stall       : 0 for a memory always ready, else the probability in 1/256 that a port is
                      not ready in a cycle.
        latency     : cycles from a read command to its data; varies when `stall` is not 0.
        periods     : of the bus clock and of the array clock, if the engine has both.
        Returns one mapping of counters a descriptor. Raises `LitelicError` when they do not
        complete within `max_cycles`.
        """
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            image = Path(folder) / "dram"
            image.write_bytes(memory)
            addresses = Path(folder) / "descriptors"
            addresses.write_bytes(struct.pack(f"<{len(descriptors)}I", *descriptors))
            options = [str(v) for v in (seed, stall, latency, max_cycles, *periods)]
            run = subprocess.run(
                [self.binary, image, addresses, *options],
                capture_output=True, text=True, cwd=self.folder,
            )
            if run.returncode:
                reason = (run.stdout + run.stderr).strip()  # a model's $fatal prints to stdout
                raise LitelicError(f"the engine stopped: {reason} (seed {seed})")
            memory[:] = image.read_bytes()
        records = []
        for address in descriptors:
            start = address + RECORD_OFFSET
            records.append(unpack_record(memory[start : address + DESCRIPTOR_BYTES]))
        return records
