"""Starts a simulated board: builds it when it is not there yet, runs it, ends it."""

import select
import subprocess
import sys
import time

from litelic.accel.config import ArrayConfig
from litelic.host.errors import LitelicError
from litelic.soc.simulation.cache import SimulationConfig, binary_of, folder_of
from litelic.soc.simulation.memories import DEFAULT_MEMORY

START_SECONDS = 60
STOP_SECONDS = 5


def build(config, build_dir=None, report=None):
    """Build the simulator of a `SimulationConfig`, unless it is there; returns its path.

    `report(seconds)` is called about twice a second meanwhile. Default: a line on stderr.
    """
    binary = binary_of(config, build_dir)
    if binary.exists():
        return binary
    report = report or _Line("Building the simulator (only the first time)")
    array = ",".join(f"{k}={v}" for k, v in config.array.items()) if config.array else "none"
    command = [sys.executable, "-m", "litelic.targets.sim", "--build", "--array", array]
    command += ["--sys-clk-freq", str(config.sys_clk_freq), "--memory", config.memory]
    command += ["--array-clk-ratio", str(config.array_clk_ratio)]
    command += ["--cpu-variant", config.cpu_variant]
    command += ["--with-analyzer"] if config.analyzer else []
    command += ["--with-ethernet"] if config.ethernet else []
    command += ["--uart-baudrate", str(config.uart_baudrate)] if config.uart_baudrate else []
    command += ["--build-dir", str(folder_of(config, build_dir).parent)]
    begin = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    ) as process:
        output = b""
        try:
            while True:
                report(time.monotonic() - begin)
                if select.select([process.stdout], [], [], 0.5)[0]:
                    data = process.stdout.read1()
                    if not data:
                        break
                    output += data
        except BaseException:
            process.terminate()
            raise
        finally:
            close = getattr(report, "close", None)
            if close:
                close()
    if process.returncode or not binary.exists():
        text = output.decode(errors="replace")
        # The target's own message, without what LiteX said before it.
        text = text[max(0, text.rfind("litelic: ")) :].removeprefix("litelic: ")
        raise LitelicError(f"the simulator could not be built: {text[-4000:].strip()}")
    return binary


class Simulator:
    """A simulated board on this machine: `with Simulator() as sim: Board.open(sim.url)`.

    array        : ArrayConfig of its accelerator, None for none.
    sys_clk_freq : its clock in Hz.
    build_dir    : where simulators are kept (default: `cache.default_build_dir`).
    report       : as for `build`.
    memory       : its DRAM, a key of `memories.MEMORIES`; `array.port_bytes` must suit it.
    array_clk_ratio : the array's clock over the system clock, 1 or 2.
    analyzer     : a LiteScope on the accelerator's streams (`litelic.host.scope`).
    ethernet     : real datagrams: `url` is then `udp://...`, and `tcp_url` the other one.
    uart_baudrate : of UARTs between the board and the TCP port (0: none).
    cpu_variant  : of its VexRiscv, as LiteX calls it.
    arguments    : more of the simulator's own options.
    """

    def __init__(
        self, array=ArrayConfig(), sys_clk_freq=100_000_000, build_dir=None, report=None,  # noqa: B008
        memory=DEFAULT_MEMORY, array_clk_ratio=1, analyzer=False, ethernet=False, arguments=(),
        uart_baudrate=0, cpu_variant="standard",
    ):
        parameters = array.to_dict() if array else None
        self._config = SimulationConfig(
            parameters, int(sys_clk_freq), memory, array_clk_ratio, analyzer=analyzer,
            ethernet=ethernet, uart_baudrate=uart_baudrate, cpu_variant=cpu_variant,
        )
        self._arguments = arguments
        self._build_dir = build_dir
        self._report = report
        self._process = None
        self.url = self.tcp_url = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    @property
    def folder(self):
        """Where it was built: its csr.csv, and the analyzer's analyzer.csv."""
        return folder_of(self._config, self._build_dir)

    def start(self):
        binary = build(self._config, self._build_dir, self._report)
        # It ends when its standard input does, so it cannot outlive us; a Ctrl+C is ours alone.
        self._process = subprocess.Popen(
            [str(binary), "--exit-with-stdin", *self._arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            bufsize=0,  # or `select` would not see what has been read ahead
            start_new_session=True,
        )
        try:
            if self._config.ethernet:
                self.url = f"udp://{self._said('udp ')}"
            self.tcp_url = f"socket://{self._said('listening on ')}"
            self.url = self.url or self.tcp_url
        except BaseException:
            self.stop()
            raise

    def _said(self, words):
        """What follows `words` in the next line that the simulator prints."""
        ready = select.select([self._process.stdout], [], [], START_SECONDS)[0]
        line = self._process.stdout.readline().decode(errors="replace") if ready else ""
        if not line.startswith(words):
            self._process.kill()
            reason = self._process.stderr.read().decode(errors="replace").strip()
            raise LitelicError(f"the simulator did not start: {reason or 'it says nothing'}")
        return line.removeprefix(words).strip()

    def stop(self):
        process, self._process = self._process, None
        if process is None:
            return
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        process.stderr.close()


class _Line:
    """A line on stderr that says what takes so long, and for how long already."""

    def __init__(self, text):
        self._text = text
        self._live = sys.stderr.isatty()
        if not self._live:
            print(f"{text} ...", file=sys.stderr, flush=True)

    def __call__(self, seconds):
        if self._live:
            print(f"\r{self._text} ... {seconds:.0f} s ", end="", file=sys.stderr, flush=True)

    def close(self):
        if self._live:
            print(file=sys.stderr)
