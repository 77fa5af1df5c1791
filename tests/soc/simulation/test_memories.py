"""The memories: widths, sizes, and timings that LiteDRAM knows."""

import subprocess
import sys

import pytest
from litedram.common import get_default_cl_cwl

from litelic.host.errors import LitelicError
from litelic.soc.simulation.cache import SimulationConfig, folder_of
from litelic.soc.simulation.memories import DEFAULT_MEMORY, MEMORIES, memory_named


@pytest.mark.parametrize(("name", "port_bytes"), [
    ("ddr3-x16", 16), ("ddr3-x32", 32), ("ddr3-x64", 64)])
def test_ports_are_a_burst_wide(name, port_bytes):
    memory = memory_named(name)
    assert memory.port_bytes == port_bytes
    assert memory.width == 16 * memory.chips  # Every chip has 16 data lines.
    phy = memory.phy(memory.module(100e6), 100e6)
    assert phy.settings.nphases*phy.settings.dfi_databits == 8*port_bytes


def test_an_sdr_memory_moves_two_words_a_cycle():
    memory = memory_named("sdr-x16")
    phy = memory.phy(memory.module(50e6), 50e6)
    assert phy.settings.nphases*phy.settings.dfi_databits == 32
    assert (memory.port_bytes, memory.transfers) == (16, 4)
    assert all(memory_named(name).transfers == 1 for name in MEMORIES if name != "sdr-x16")


def test_an_unknown_one_is_refused():
    with pytest.raises(LitelicError, match="no memory 'sdr'; choose one of ddr3-x16, ddr3-x32"):
        memory_named("sdr")
    with pytest.raises(LitelicError, match="no memory 'sdr'"):
        SimulationConfig(None, memory="sdr")


def test_every_memory_is_a_simulator_of_its_own():
    assert SimulationConfig(None).memory == DEFAULT_MEMORY
    folders = {folder_of(SimulationConfig(None, memory=name), "build") for name in MEMORIES}
    assert len(folders) == len(MEMORIES)


@pytest.mark.parametrize("name", [name for name in MEMORIES if name.startswith("ddr3")])
def test_timings_are_those_of_ddr3_1600(name):
    """At 200 MHz the DRAM's clock is 800 MHz: nanoseconds of the data sheet, rounded up to cycles
    of 5 ns with LiteDRAM's margin of three quarters of a cycle."""
    timing = memory_named(name).module(200e6).timing_settings
    assert get_default_cl_cwl("DDR3", 1 / 800e6) == (11, 8)
    assert (timing.tRP, timing.tRCD, timing.tWR) == (4, 4, 4)  # 13.75 ns + 3.75 ns
    assert timing.tRAS == 8      # 35 ns + 3.75 ns
    assert timing.tRFC == 32     # 128 clocks
    assert timing.tREFI == 1563  # 64 ms / 8192 rows
    assert timing.tFAW == 9      # 40 ns + 3.75 ns


def test_the_smaller_chip_is_as_fast_as_the_larger():
    small, large = (memory_named(name).module(200e6) for name in ("ddr3-x64", "ddr3-x32"))
    timings = [vars(chip.timing_settings) | {"self": None} for chip in (small, large)]
    assert timings[0] == timings[1]
    assert 2*small.nrows == large.nrows


def test_the_host_needs_no_migen_to_name_one():
    code = (
        "import sys, litelic.soc.simulation.memories; "
        "sys.exit(sorted({'migen', 'litex', 'litedram'} & set(sys.modules)) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
