"""Clocks of a routed design: what was asked, what was reached, whether that is enough."""

from dataclasses import asdict, dataclass

from litelic.host.errors import LitelicError


@dataclass(frozen=True)
class Clock:
    """One clock, in MHz, as the tool's timing analysis has it; its slowest path in words."""

    name: str
    asked: float
    reached: float
    path: str = ""

    @property
    def met(self):
        return self.reached >= self.asked

    @property
    def slack_ns(self):
        """Of the worst path; negative where the clock is missed."""
        return 1e3 / self.asked - 1e3 / self.reached

    def to_dict(self):
        return asdict(self) | {"slack_ns": round(self.slack_ns, 3), "met": self.met}


def met(clocks):
    """Whether there are clocks, and each is reached."""
    return bool(clocks) and all(clock.met for clock in clocks)


def margin(clocks):
    """What the worst clock reaches over what it is asked for."""
    return min((clock.reached / clock.asked for clock in clocks), default=0.0)


def best(results):
    """The seed whose worst clock has most to spare, of {seed: [Clock]}."""
    return max(results, key=lambda seed: (margin(results[seed]), -seed))


def gate(results, seed):
    """Raise a `LitelicError` if the best `seed` of {seed: [Clock]} misses a clock: which, by what.
    """
    clocks = results[seed]
    if met(clocks):
        return
    if not clocks:
        raise LitelicError(
            "no seed was placed and routed in time: try others (--nextpnr-seed 10 --seeds 4)")
    lines = "\n".join(
        f"  {clock.name}: {clock.reached:.2f} MHz, asked for {clock.asked:.2f} "
        f"({clock.slack_ns:+.2f} ns)"
        for clock in clocks if not clock.met
    )
    which = f"seed {seed}" if len(results) == 1 else f"seed {seed}, the best of {len(results)}"
    raise LitelicError(
        f"timing is missed ({which}), so there is no bitstream:\n{lines}\n"
        "Try more seeds (--seeds 4), a lower --sys-clk-freq, --array-clk-ratio 1 or a smaller "
        "--array; --allow-timing-failure writes a bitstream all the same"
    )
