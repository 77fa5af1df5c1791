"""What only the ULX3S has: an SDRAM with twice the system's clock."""

import random

import pytest
from litedram.phy import HalfRateGENSDRPHY
from litex.build.io import SDROutput, SDRTristate
from litex.gen import LiteXModule
from migen import Module, Mux, Record, Signal, run_simulation

from litelic.host.errors import LitelicError
from litelic.soc.dram import DFIBuffer
from tests.soc.board.boards import BOARDS, parse

# Edges of the first two coincide; Migen begins with half a period.
CLOCKS = {"sys": 20, "sys2x": (10, 5), "sys2x_ps": 10}
LATENCY = 2  # of the chip, in its clocks
WRITE, READ, NOTHING = "cas_n we_n", "cas_n", ""


def test_a_clock_that_its_sdram_cannot_have():
    board = BOARDS["ulx3s"]
    options = parse(board, "--build", "--array", "none", "--sys-clk-freq", "60e6")
    with pytest.raises(LitelicError, match="60000000: the SDRAM has twice.*choose 50 MHz or less"):
        board.soc(options)


class Pins(Record):
    """Between the FPGA and the chip; both ends of `dq` have wires of their own."""

    def __init__(self):
        Record.__init__(self, [
            ("a", 13), ("ba", 2), ("ras_n", 1), ("cas_n", 1), ("we_n", 1), ("cs_n", 1),
            ("cke", 1), ("dm", 2), ("dq", 16),
        ])
        self.from_chip = Signal(16)
        self.driven = Signal(16)


class Board(LiteXModule):
    def __init__(self):
        self.pads = Pins()
        self.phy = DFIBuffer(HalfRateGENSDRPHY(self.pads, 50e6))

    def overrides(self):
        """Registers at the pins, as an FPGA has them."""
        pads = self.pads

        class Output:
            @staticmethod
            def lower(special):
                registers = Module()
                registers.sync.sys2x += special.o.eq(special.i)
                return registers

        class Tristate:
            @staticmethod
            def lower(special):
                registers, bit = Module(), special.io.start
                driven, value = Signal(), Signal()
                registers.sync.sys2x += [
                    driven.eq(special.oe), value.eq(special.o),
                    special.i.eq(Mux(driven, value, pads.from_chip[bit])),
                ]
                registers.comb += [special.io.eq(value), pads.driven[bit].eq(driven)]
                return registers

        return {SDROutput: Output, SDRTristate: Tristate}


def chip(pads, content):
    """Bursts of two. With the ways to the chip and back, and its access time, what a clock of its
    own lets go is there for the FPGA's second edge after that, half a period before the next."""
    yield "passive"
    leaving, burst = {}, None
    cycle = 0
    while True:
        yield pads.from_chip.eq(leaving.pop(cycle, 0xDEAD))
        yield
        cycle += 1
        command = []
        for name in ("ras_n", "cas_n", "we_n"):
            if not (yield getattr(pads, name)):
                command.append(name)
        command = " ".join(command)
        selected = not (yield pads.cs_n) and (yield pads.cke)
        if selected and command in (READ, WRITE):
            burst = command, (yield pads.ba), (yield pads.a), 0
        if burst is None:
            continue
        kind, bank, column, place = burst
        if kind == READ:
            leaving[cycle + LATENCY] = content.get((bank, column + place), 0)
        else:
            assert (yield pads.driven) == 0xFFFF
            if not (yield pads.dm):
                content[bank, column + place] = yield pads.dq
        burst = (kind, bank, column, 1) if place == 0 else None


def test_words_reach_the_chip_and_come_back(seed):
    """Through the registers and the PHY, with the latency that the controller is told."""
    chance = random.Random(seed)
    dut, content, expected, found = Board(), {}, {}, []
    phases, latency = dut.phy.dfi.phases, dut.phy.settings.read_latency

    def command(names, bank=0, column=0):
        first = phases[0]
        for name in ("ras_n", "cas_n", "we_n", "cs_n"):
            active = name in names.split() or (name == "cs_n" and names)
            yield getattr(first, name).eq(0 if active else 1)
        yield first.bank.eq(bank)
        yield first.address.eq(column)
        yield first.wrdata_en.eq(names == WRITE)
        yield first.rddata_en.eq(names == READ)

    def controller():
        for phase in phases:
            yield phase.cke.eq(1)
            for name in ("ras_n", "cas_n", "we_n", "cs_n"):
                yield getattr(phase, name).eq(1)
        for _ in range(4):
            yield
        places = [(chance.randrange(4), 2 * chance.randrange(100)) for _ in range(20)]
        for bank, column in places:
            yield from command(WRITE, bank, column)
            for n, phase in enumerate(phases):
                word = chance.getrandbits(16)
                expected[bank, column + n] = word
                yield phase.wrdata.eq(word)
                yield phase.wrdata_mask.eq(0)
            yield
        yield from command(NOTHING)
        for _ in range(6):
            yield
        # Back to back: what comes in the cycle of its latency, and not before or after, is right.
        for cycle in range(len(places) + latency):
            if cycle < len(places):
                yield from command(READ, *places[cycle])
            else:
                yield from command(NOTHING)
            yield
            if cycle >= latency:
                found.append([(yield phases[0].rddata), (yield phases[1].rddata)])
        assert content == expected
        assert found == [
            [expected[bank, column + n] for n in range(2)] for bank, column in places
        ]


    run_simulation(
        dut, {"sys": [controller()], "sys2x_ps": [chip(dut.pads, content)]}, clocks=CLOCKS,
        special_overrides=dut.overrides(),
    )
