"""The FPGAs, and what they have."""

from dataclasses import dataclass

from litelic.host.area.families import ARTIX7, ECP5


@dataclass(frozen=True)
class Device:
    """An FPGA.

    family : `families.Family`, which says how resources are counted.
    luts, ffs, block_rams, dsps : as the data sheets have them (ECP5 Family FPGA-DS-02012, 7 Series
             Overview DS180); block RAMs of 18 kbit on ECP5, of 36 kbit on 7 series.
    """

    family: object
    luts: int
    ffs: int
    block_rams: int
    dsps: int


def _ecp5(luts, block_rams, dsps):
    return Device(ECP5, luts, luts, block_rams, dsps)


def _series7(luts, block_rams, dsps):
    return Device(ARTIX7, luts, 2*luts, block_rams, dsps)


DEVICES = {
    **{f"{kind}-85F": _ecp5(83640, 208, 156) for kind in ("LFE5U", "LFE5UM", "LFE5UM5G")},
    "xc7a35t":  _series7(20800, 50, 90),
    "xc7a100t": _series7(63400, 135, 240),
    "xc7a200t": _series7(134600, 365, 740),
    "xc7k325t": _series7(203800, 445, 840),
}
