"""Whether a board's FPGA holds an array, and which is the nearest that it holds."""

from dataclasses import dataclass, replace

from litelic.accel.resources import Resources, of_array
from litelic.host.area.families import ECP5
from litelic.host.errors import LitelicError
from litelic.soc.board.devices import DEVICES

# What the SoC takes beside the array, the most that a build reported (ECPIX-5, Arty A7-100T): CPU
# with its caches, firmware, DRAM controller and PHY, link; what smaller CPUs save of it; and
# Ethernet, behind a PHY with a slow clock or a fast one.
SOC = {"ecp5": Resources(14610, 4, 26), "artix7": Resources(10391, 4, 26)}
CPU_SAVES = {("artix7", "minimal"): Resources(835, 4, 7)}
ETHERNET = {
    ("ecp5", False): Resources(5490, 0, 6),
    ("artix7", False): Resources(4014, 0, 6),
    ("artix7", True): Resources(3068, 0, 6),
}
# Of the LUTs: beyond, place and route is not expected to find a way (docs/boards.md). A 7 series
# packs pairs of small functions that synthesis counts as two.
FULLEST = {"ecp5": 0.67, "artix7": 1.1}

TITLES = {"luts": "LUTs", "dsps": "DSP blocks", "block_rams": "block RAMs"}


@dataclass(frozen=True)
class Limits:
    """What a device offers, in the units of `Resources`."""

    luts: float
    dsps: int
    block_rams: int

    @classmethod
    def of(cls, device):
        halves = 1 if device.family is ECP5 else 2
        luts = FULLEST[device.family.name] * device.luts
        return cls(luts, device.dsps, halves * device.block_rams)


def needed(options, board):
    """The `Resources` of the whole SoC."""
    family = _device(options, board).family.name
    total = SOC[family] - CPU_SAVES.get((family, options.cpu_variant), Resources(0, 0, 0))
    if options.with_ethernet:
        total += ETHERNET[family, board.slow_ethernet]
    if options.array is not None:
        total += of_array(options.array, board.technology)
    return total


def missing(options, board):
    """[(resource, needed, there)] of what runs out, the worst first."""
    wanted, limits = needed(options, board), Limits.of(_device(options, board))
    short = [
        (name, getattr(wanted, name), getattr(limits, name))
        for name in TITLES if getattr(wanted, name) > getattr(limits, name)
    ]
    return sorted(short, key=lambda item: item[2] / item[1])


def check(options, board):
    """Raise a `LitelicError` that names what runs out, and the nearest array that fits."""
    short = missing(options, board)
    if not short:
        return
    lines = [
        f"{TITLES[resource]}: {wanted:.0f} needed, {there:.0f} there"
        for resource, wanted, there in short
    ]
    advice = "no array fits"
    for ethernet in (options.with_ethernet, False):
        near = nearest(replace(options, with_ethernet=ethernet), board)
        if near:
            without = "" if ethernet == options.with_ethernet else "--no-with-ethernet "
            advice = f"the nearest that fits: {without}--array {describe(near)}"
            break
    name = board.variant(options.variant).device
    raise LitelicError(
        f"{describe(options.array)} does not fit the {name} of this {board.title} "
        f"({'; '.join(lines)}); {advice}"
    )


def _device(options, board):
    return DEVICES[board.variant(options.variant).device]


def nearest(options, board):
    """The array with most multipliers that fits, then with the largest memories; None without."""
    for array in _smaller(options.array):
        if not missing(replace(options, array=array), board):
            return array
    return None


def _smaller(array):
    """Arrays with fewer lanes, each with its memories as asked, then halved."""
    for pixels in range(array.pixels, 0, -1):
        epilogue = max(e for e in range(1, array.epilogue + 1) if pixels % e == 0)
        fewer = replace(array, pixels=pixels, epilogue=epilogue)
        for halvings in ({}, {"input_depth": 2}, {"input_depth": 2, "weight_depth": 2}):
            depths = {name: getattr(array, name) // by for name, by in halvings.items()}
            yield replace(fewer, **depths)


def describe(array):
    """As `--array` takes it: the shape, and what is not as it would be by default."""
    if array is None:
        return "none"
    usual = type(array).parse(array.shape, array.port_bytes, array.activation_bits)
    given = [
        f"{name}={value}" for name, value in array.to_dict().items()
        if value != getattr(usual, name)
    ]
    return ",".join([array.shape, *given])
