"""The model of LiteDRAM's controller: its timings are LiteDRAM's own, its habits those it has."""

import litedram.phy.model
import pytest

from litelic.host.planner.dram import BANKS, PAGE_WORDS, READ_CYCLES, Client, Dram, DramTiming
from litelic.soc.simulation.memories import MEMORIES

TIMING = DramTiming.of(100e6)
ROW_WORDS = BANKS * PAGE_WORDS  # from a page to the next one of the same bank


class Stream(Client):
    """Reads or writes (address, words) one after the other, with room for everything."""

    def __init__(self, runs, asked=0.0, writes=False):
        self.writes, self.slots = writes, []
        self.wanted, self.first_asked = runs, asked
        super().__init__()

    def runs(self):
        for address, count in self.wanted:
            yield address, count, self.first_asked

    def limit(self):
        return 1 << 20

    def room(self, count):
        return 0.0

    def served(self, first, last, count):
        step = (last - first) / max(1, count - 1)
        self.slots += [first + i * step for i in range(count)]


def serve(one=(), other=(), writes=(), write_asked=0.0):
    clients = [Stream(one), Stream(other), Stream(writes, write_asked, writes=True)]
    dram = Dram(TIMING, clients)
    while dram.step():
        pass
    return [client.slots for client in clients]


def pages(bank, count, words=PAGE_WORDS):
    return [((bank + i) * PAGE_WORDS, words) for i in range(count)]


@pytest.mark.parametrize("memory", [name for name in MEMORIES if name.startswith("ddr3")])
@pytest.mark.parametrize("clock", (50e6, 75e6, 100e6, 125e6, 150e6, 200e6))
def test_timings_are_litedram_s(memory, clock):
    module = MEMORIES[memory].module(clock)
    chip, timing = module.timing_settings, DramTiming.of(clock)
    phy = litedram.phy.model.get_sdram_phy_settings("DDR3", MEMORIES[memory].width, clock)
    assert timing.precharge == chip.tRP and timing.activate == chip.tRCD
    assert timing.refresh == chip.tRFC and timing.interval == chip.tREFI
    assert timing.read == phy.read_latency
    write_latency = -(-phy.cwl // phy.nphases)
    assert timing.to_read == chip.tWTR + write_latency + chip.tCCD + 2
    assert 2**module.geom_settings.colbits == 8 * PAGE_WORDS
    assert 2**module.geom_settings.bankbits == BANKS


def test_a_page_is_read_without_a_gap_and_the_next_one_waits_for_its_row():
    slots, _, _ = serve(pages(0, 3))
    gaps = [b - a for a, b in zip(slots, slots[1:])]
    assert len(slots) == 3 * PAGE_WORDS
    assert [gap for gap in gaps if gap != 1] == [gaps[PAGE_WORDS - 1]] * 2
    assert gaps[PAGE_WORDS - 1] == 7 + TIMING.activate


@pytest.mark.parametrize("rows", ((0, 1), (1, 0)))
def test_another_row_of_a_bank_costs_its_precharge_as_well(rows):
    there = [(row * ROW_WORDS, 8) for row in rows]
    away = [(PAGE_WORDS, 8)]
    same_row, _, _ = serve([there[0], *away, there[0]])
    other_row, _, _ = serve([there[0], *away, there[1]])
    assert other_row[-1] - same_row[-1] == 2 + TIMING.activate + TIMING.precharge


def test_two_readers_of_different_banks_hide_each_other_s_gaps():
    alone = serve(pages(0, 2))[0][-1]
    together = max(s[-1] for s in serve(pages(0, 2), pages(8 * 9 + 4, 2))[:2])
    assert 4 * PAGE_WORDS < together < 2 * alone


def test_a_bank_belongs_to_a_reader_until_it_leaves():
    one, other, _ = serve([(0, PAGE_WORDS)], [(ROW_WORDS, 8)])
    assert other[0] > one[-1]


def test_a_write_between_reads_turns_the_bus_round_twice():
    reads = [(0, PAGE_WORDS)]
    undisturbed = serve(reads)[0][-1]
    slots, _, written = serve(reads, (), [(3 * PAGE_WORDS, 2)])
    assert slots[-1] - undisturbed == TIMING.to_write + TIMING.to_read + 2 - 2
    assert written[0] >= READ_CYCLES


def test_a_refresh_stops_everything_once_an_interval():
    slots, _, _ = serve([(PAGE_WORDS * i, PAGE_WORDS) for i in range(0, 64)])
    gaps = [b - a for a, b in zip(slots, slots[1:]) if b - a > TIMING.refresh]
    assert len(gaps) == int(slots[-1] // TIMING.interval)


def test_idle_time_needs_no_refreshes_afterwards():
    _, _, first = serve(writes=[(0, 4)], write_asked=50_000.0)
    assert first[0] - 50_000 < 2 * (TIMING.refresh + TIMING.to_write)
