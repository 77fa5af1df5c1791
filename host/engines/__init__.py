"""Who computes the network: a board, a simulated board, or the golden model. Same bytes."""

from contextlib import contextmanager, nullcontext

from litelic.accel.config import ArrayConfig
from litelic.host.engines.golden import GoldenEngine


@contextmanager
def open_engine(program, port=None, sim=False, golden=False, progress=None, access=None):
    """Yield the engine that the arguments ask for, ready for `program`.

    port     : a board, `/dev/ttyUSB0`, `udp://host` or `socket://host:port`.
    sim      : a simulated board that suits the program, started here and stopped at the end.
    golden   : the golden model on this computer.
    progress : progress(label, done, total), or None.
    access   : `litelic.host.link.access.Access`, None for the usual one.
    """
    if golden:
        yield GoldenEngine(program, progress)
        return
    from litelic.host.engines.board import BoardEngine

    array = ArrayConfig(activation_bits=program.activation_bits)
    with open_board(port, sim, progress, access, array) as board:
        yield BoardEngine(board, program, progress)


@contextmanager
def open_board(port=None, sim=False, progress=None, access=None, array=ArrayConfig()):  # noqa: B008
    """Yield the `Board` at `port`, or a simulated one with `array`."""
    from litelic.host.link.board import Board

    simulator = nullcontext()
    if sim:
        from litelic.host.link.simulator import Simulator

        simulator = Simulator(array)
    with simulator, Board.open(simulator.url if sim else port, access) as board:
        yield board


def describe_board(port=None, sim=False, progress=None, access=None):
    """What the board says about itself, {text: text}."""
    with open_board(port, sim, progress, access) as board:
        return describe(board.info)


def summary(info):
    """A `BoardInfo` in a line."""
    words = describe(info)
    names = ("board", "gateware", "firmware", "array", "clock", "DRAM")
    return ", ".join(f"{name} {words[name]}" for name in names)


def describe(info):
    """A `BoardInfo` in words, {text: text}."""
    array, clock = "none", f"{info.clock_hz / 1e6:g} MHz"
    if info.array_clock_hz != info.clock_hz:
        clock += f" (array {info.array_clock_hz / 1e6:g} MHz)"
    if info.array:
        config = ArrayConfig.from_dict(info.array)
        array = f"{config.shape}, {config.macs} MACs a cycle"
        if config.activation_bits > 8:
            array += f", {config.activation_bits}-bit activations"
    return {
        "board": info.target,
        "gateware": info.gateware + (f", revision {info.revision}" if info.revision else ""),
        "firmware": info.firmware,
        "protocol": str(info.protocol),
        "array": array,
        "clock": clock,
        "DRAM": " ".join((f"{info.dram_bytes >> 20} MB", info.memory)).strip()
        + ("" if info.dram_ok else ", FAILED ITS TEST"),
        **({"MAC address": info.mac, "IP address": info.ip} if info.mac else {}),
        **({} if info.temperature is None else {"temperature": f"{info.temperature:.1f} C"}),
        "program": info.program.hex()[:16] if info.program else "none",
        **{name.replace("_", " "): str(count) for name, count in info.statistics.items()},
    }
