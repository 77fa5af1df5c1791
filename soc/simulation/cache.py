"""Where built simulators are, so that the same one is never built twice (no Migen here)."""

import fcntl
import hashlib
import importlib.metadata
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import litelic.accel
import litelic.firmware
import litelic.host
import litelic.soc
import litelic.targets
from litelic.host.errors import LitelicError
from litelic.soc.simulation.memories import DEFAULT_MEMORY, memory_named

SOURCE_SUFFIXES = {".py", ".c", ".h", ".cpp", ".hpp", ".ld", ".S", ".v"}
TOOLS = ("migen", "litex", "litedram", "liteeth", "litescope", "pythondata-cpu-vexriscv")


@dataclass(frozen=True)
class SimulationConfig:
    """What a simulator is built for.

    array        : parameters of the accelerator (`ArrayConfig.to_dict()`), None for no accelerator.
    sys_clk_freq : in Hz; decides the DRAM's timing in cycles.
    memory       : its DRAM, a key of `memories.MEMORIES`.
    array_clk_ratio : the array's clock over the system clock, 1 (they are the same) or 2.
    trace        : waveforms compiled in.
    analyzer     : a LiteScope on the accelerator's streams.
    ethernet     : the link is reached by UDP as well.
    uart_baudrate : of the UARTs between the board and its TCP port, 0 for none.
    cpu_variant  : of the VexRiscv, as LiteX calls it.
    """

    array: dict | None
    sys_clk_freq: int = 100_000_000
    memory: str = DEFAULT_MEMORY
    array_clk_ratio: int = 1
    trace: bool = False
    analyzer: bool = False
    ethernet: bool = False
    uart_baudrate: int = 0
    cpu_variant: str = "standard"

    def __post_init__(self):
        memory_named(self.memory)


def _add(digest, path, top):
    content = path.read_bytes()
    digest.update(f"{path.relative_to(top)} {len(content)}\n".encode())
    digest.update(content)


@cache
def _sources_digest():
    """Of everything that ends up in a simulator: LiteLIC's sources, the tools' versions."""
    digest = hashlib.sha256()
    for package in (litelic.accel, litelic.firmware, litelic.soc, litelic.targets):
        folder = Path(package.__file__).parent
        for path in sorted(folder.rglob("*")):
            if path.suffix in SOURCE_SUFFIXES or path.name == "Makefile":
                _add(digest, path, folder.parent)
    # The accelerator's tables are those of the golden model.
    host = Path(litelic.host.__file__).parent
    _add(digest, host / "golden" / "tables.py", host.parent)
    for tool in TOOLS:
        digest.update(f"{tool} {importlib.metadata.version(tool)}\n".encode())
    return digest


def default_build_dir():
    """`build` in the checkout that LiteLIC runs from; the user's cache where there is none."""
    checkout = Path(litelic.soc.__file__).resolve().parents[1]
    build = checkout / "build"
    if (checkout / "pyproject.toml").exists():
        if os.access(build if build.exists() else checkout, os.W_OK):
            return build
    cache_home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache_home):  # as the XDG specification says
        cache_home = Path.home() / ".cache"
    return Path(cache_home) / "litelic"


def folder_of(config, build_dir=None):
    """The folder of one simulator, under `build_dir` (default: `default_build_dir()`)."""
    digest = _sources_digest().copy()
    digest.update(json.dumps(asdict(config), sort_keys=True).encode())
    return Path(build_dir or default_build_dir()).absolute() / f"sim-{digest.hexdigest()[:12]}"


def binary_of(config, build_dir=None):
    """The simulator's program; it exists when it has been built."""
    return folder_of(config, build_dir) / "gateware" / "simulator"


@contextmanager
def locked(config, build_dir=None):
    """Only one process builds a simulator. Yields (binary, folder); build it if it is missing."""
    folder = folder_of(config, build_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / "lock", "w")
    except OSError as error:
        raise LitelicError(
            f"cannot build a simulator in {folder}: {error.strerror}; "
            "choose a folder that you can write to (--build-dir)"
        ) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / "gateware" / "simulator", folder
