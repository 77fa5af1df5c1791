"""LiteDRAM's refresher, with registers where it has long paths."""

from litedram.common import cmd_request_rw_layout
from litedram.core.refresher import (
    RefreshPostponer,
    RefreshSequencer,
    RefreshTimer,
    ZQCSExecuter,
)
from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from migen import FSM, If, NextState, NextValue, Signal, log2_int

# Refresher ----------------------------------------------------------------------------------------

class Refresher(LiteXModule):
    """Refreshes the DRAM every tREFI, and now and then calibrates its outputs (ZQCS).

    To be given to LiteDRAM's controller as `refresh_cls`; parameters are those of its own, whose
    parts this one is made of. That one decides within a cycle that the calibration's timer has run
    out, that the refresh was the last command, and what the banks may do; here the request to the
    banks is a register. It also looks at that timer in a single cycle of a second, and when no
    refresh ends just then there is no calibration: here it is noted until there was one.

    Attributes
    ----------
    cmd : Endpoint
        `valid` while the banks are to stand still, `last` in the cycle after.
    """
    def __init__(self, settings, clk_freq, zqcs_freq=1e0, postponing=1):
        address_bits = settings.geom.addressbits
        bank_bits    = settings.geom.bankbits + log2_int(settings.phy.nranks)
        timing       = settings.timing
        self.cmd     = cmd = stream.Endpoint(cmd_request_rw_layout(a=address_bits, ba=bank_bits))

        # # #

        self.timer     = timer     = RefreshTimer(timing.tREFI)
        self.postponer = postponer = RefreshPostponer(postponing)
        self.sequencer = sequencer = RefreshSequencer(cmd, timing.tRP, timing.tRFC, postponing)
        request        = Signal()
        self.comb += [
            timer.wait.eq(~timer.done),
            postponer.req_i.eq(timer.done),
            cmd.valid.eq(request),
        ]
        self.fsm = fsm = FSM(reset_state="IDLE")
        fsm.act("IDLE",
            If(settings.with_refresh & postponer.req_o,
                NextValue(request, 1),
                NextState("WAIT-BANK-MACHINES")
            )
        )
        fsm.act("WAIT-BANK-MACHINES",
            If(cmd.ready,
                sequencer.start.eq(1),
                NextState("DO-REFRESH")
            )
        )
        release = [NextValue(request, 0), NextState("RELEASE")]
        if timing.tZQCS is None:
            fsm.act("DO-REFRESH", If(sequencer.done, *release))
        else:
            self.zqcs_timer    = zqcs_timer    = RefreshTimer(int(clk_freq/zqcs_freq))
            self.zqcs_executer = zqcs_executer = ZQCSExecuter(cmd, timing.tRP, timing.tZQCS)
            wanted = Signal()
            self.comb += zqcs_timer.wait.eq(1)
            self.sync += If(zqcs_timer.done,
                wanted.eq(1)
            ).Elif(zqcs_executer.start,
                wanted.eq(0)
            )
            fsm.act("DO-REFRESH",
                If(sequencer.done,
                    If(wanted,
                        zqcs_executer.start.eq(1),
                        NextState("DO-ZQCS")
                    ).Else(*release)
                )
            )
            fsm.act("DO-ZQCS", If(zqcs_executer.done, *release))
        fsm.act("RELEASE",
            cmd.last.eq(1),
            NextState("IDLE")
        )
