"""The lines that are measured, streams over them, and networks."""

from dataclasses import dataclass, replace

from litelic.host.link.impairment import Faults

START, STOP = 1, 1  # bits beside the eight of a byte


@dataclass(frozen=True)
class Line:
    """A simulated board and its line.

    bytes_per_s : of the line, both ways at a time.
    options     : of the `Simulator`, besides the array.
    array, memory : as of `SimulationConfig`; the array that computes meanwhile, "none" for none.
    size        : bytes of a transfer.
    picture     : height, width; of the run beside which bytes move.
    """

    text: str
    bytes_per_s: float
    options: dict
    array: str
    memory: str
    size: int
    picture: tuple = (512, 768)


def _ethernet(text, bits_per_s, clock, **more):
    cycles = clock * 8 / bits_per_s
    options = {"sys_clk_freq": clock, "ethernet": True, "arguments": ["--byte-cycles", f"{cycles}"]}
    return Line(text, bits_per_s / 8, options | more.pop("options", {}), **more)


def _uart(baudrate, **more):
    return Line(
        f"UART, {baudrate / 1e6:g} Mbaud", baudrate / (START + 8 + STOP),
        {"sys_clk_freq": 100_000_000, "uart_baudrate": baudrate}, **more)


LINES = {
    "100 Mb/s": _ethernet(
        "Ethernet, 100 Mb/s, as an Arty's", 100e6, 100_000_000,
        array="4x4x8", memory="ddr3-x16", size=128 << 10),
    "100 Mb/s, small": _ethernet(
        "Ethernet, 100 Mb/s, as an Arty A7-35T's, VexRiscv's minimal variant", 100e6, 100_000_000,
        array="4x4x2", memory="ddr3-x16", size=128 << 10, picture=(256, 384),
        options={"cpu_variant": "minimal"}),
    "1 Gb/s": _ethernet(
        "Ethernet, 1 Gb/s, as an ECPIX-5's", 1e9, 75_000_000,
        array="4x8x4", memory="ddr3-x16", size=512 << 10, options={"array_clk_ratio": 2}),
    "UART": _uart(3_000_000, array="none", memory="ddr3-x16", size=32 << 10),
}


@dataclass(frozen=True)
class Stream:
    """Pictures of height x width, one after the other, over a line to a board with an array.

    model : of `litelic.host.bench.models`. Its weights go by the same line before.
    """

    line: Line
    height: int
    width: int
    pictures: int
    model: str = "default"


STREAMS = {
    "stream, 100 Mb/s": Stream(LINES["100 Mb/s"], 256, 384, 48),
    "stream, UART": Stream(
        replace(LINES["UART"], array="4x4x8"), 96, 128, 16, "bls2017, 32 channels"),
}

NETWORKS = {
    f"{100 * loss:g} %": Faults(loss=loss, **others)
    for loss, others in (
        (0.0, {}),
        *((loss, {"double": 0.02, "reorder": 0.05, "flip": 0.01}) for loss in (0.01, 0.1, 0.3)),
    )
}
