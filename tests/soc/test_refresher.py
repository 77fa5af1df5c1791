"""When the DRAM is refreshed, when its outputs are calibrated, and how the banks are told."""

import random
from types import SimpleNamespace

import pytest
from migen.sim.core import passive

from litelic.soc.refresher import Refresher
from tests.accel.streams import simulate

T_REFI, T_RP, T_RFC, T_ZQCS = 120, 3, 12, 9
ZQCS_PERIOD = 700  # cycles
REFRESH, CALIBRATE, PRECHARGE = (1, 1, 0), (0, 0, 1), (0, 1, 1)  # cas, ras, we


def commands_of(seed, zqcs, cycles=4000):
    """[(cycle, command)] while `cmd` is valid, and the cycles in which it was released."""
    chance = random.Random(seed)
    settings = SimpleNamespace(
        geom=SimpleNamespace(addressbits=13, bankbits=3), phy=SimpleNamespace(nranks=1),
        timing=SimpleNamespace(tREFI=T_REFI, tRP=T_RP, tRFC=T_RFC, tZQCS=T_ZQCS if zqcs else None),
        with_refresh=True,
    )
    dut = Refresher(settings, clk_freq=ZQCS_PERIOD)
    commands, releases = [], []

    @passive
    def banks():
        """Ready a while after they are asked, until they are told that it is over."""
        while True:
            yield
            if (yield dut.cmd.valid):
                for _ in range(chance.randrange(20)):
                    yield
                yield dut.cmd.ready.eq(1)
                while not (yield dut.cmd.last):
                    yield
                yield dut.cmd.ready.eq(0)

    def bench():
        before = 0
        for cycle in range(cycles):
            yield
            command = ((yield dut.cmd.cas), (yield dut.cmd.ras), (yield dut.cmd.we))
            valid, last = (yield dut.cmd.valid), (yield dut.cmd.last)
            assert last == (before and not valid), "the banks go on as the controller does"
            if any(command):
                assert valid
                commands.append((cycle, command))
            if last:
                releases.append(cycle)
            before = valid

    simulate(dut, bench(), banks())
    return commands, releases


@pytest.mark.parametrize("zqcs", (False, True))
def test_refreshes_are_in_time(zqcs, seed):
    commands, releases = commands_of(seed, zqcs)
    refreshes = [cycle for cycle, command in commands if command == REFRESH]
    assert len(refreshes) == len(releases) >= 4000 // T_REFI - 1
    for n, (refresh, release) in enumerate(zip(refreshes, releases)):
        assert release - refresh >= T_RFC
        assert (refresh - T_RP, PRECHARGE) in commands
        assert abs(refresh - refreshes[0] - n * T_REFI) <= 20, "later by the banks' time at most"


def test_every_period_has_a_calibration(seed):
    commands, releases = commands_of(seed, zqcs=True)
    calibrations = [cycle for cycle, command in commands if command == CALIBRATE]
    assert len(calibrations) == 4000 // ZQCS_PERIOD
    for n, cycle in enumerate(calibrations, 1):
        assert 0 <= cycle - n * ZQCS_PERIOD <= 2 * T_REFI
        assert min(release for release in releases if release > cycle) - cycle >= T_ZQCS


def test_memories_without_it_are_not_calibrated(seed):
    assert all(command != CALIBRATE for _, command in commands_of(seed, zqcs=False)[0])
