"""The command line of a target, in LiteX's style, and what it asks for."""

import argparse
from dataclasses import dataclass, field

from litelic.accel.config import ACTIVATION_BITS, ArrayConfig
from litelic.host.errors import LitelicError
from litelic.host.link import secret

LOWEST_FREQUENCY, HIGHEST_FREQUENCY = 10e6, 200e6  # of the system clock, in Hz
CPU_VARIANTS = "standard", "lite", "minimal"  # of the VexRiscv, as LiteX calls them
DEFAULT_IP = "192.168.1.50"
DEFAULT_MAC = "10:e2:d5:00:00:00"  # LiteX's own


@dataclass(frozen=True)
class Options:
    """What a board is built as.

    variant, toolchain, memory : keys of the board's tables.
    sys_clk_freq  : Hz.
    array         : ArrayConfig or None.
    array_clk_ratio : the array's clock over the system's.
    cpu_variant   : one of `CPU_VARIANTS`.
    uart_baudrate : of the link.
    with_ethernet, eth_ip, eth_mac : the link also on UDP; the board's addresses.
    with_analyzer : a LiteScope on the accelerator's streams.
    secret        : 16 bytes that a host must know, None for none.
    soc_arguments : LiteX's own, for SoCCore.
    """

    variant: str
    toolchain: str
    memory: str
    sys_clk_freq: int
    array: ArrayConfig | None
    array_clk_ratio: int = 1
    cpu_variant: str = CPU_VARIANTS[0]
    uart_baudrate: int = 115200
    with_ethernet: bool = False
    eth_ip: str = DEFAULT_IP
    eth_mac: int = 0
    with_analyzer: bool = False
    secret: bytes | None = None
    soc_arguments: dict = field(default_factory=dict)

    @property
    def array_clk_freq(self):
        """Hz, None where the array has no clock of its own."""
        if self.array is None or self.array_clk_ratio == 1:
            return None
        return self.array_clk_ratio * self.sys_clk_freq


# What LiteX's arguments cannot change: the SoC is made that way.
FIXED = ("cpu_type", "integrated_rom_size", "integrated_sram_size", "integrated_main_ram_size",
         "ident", "no_ident_version", "no_uart", "uart_name")

# Types of arguments -------------------------------------------------------------------------------


def frequency(text):
    """Hz, as `75e6`, within what a DRAM can be clocked with."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not LOWEST_FREQUENCY <= value <= HIGHEST_FREQUENCY:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of Hz from {LOWEST_FREQUENCY:g} to {HIGHEST_FREQUENCY:g}")
    return int(value)


def parse_array(text, port_bytes, activation_bits=8):
    """None of `none`, else `ArrayConfig.parse`; `port_bytes` are those of the board's memory."""
    return None if text == "none" else ArrayConfig.parse(text, port_bytes, activation_bits)


def ip_address(text):
    """An IPv4 address of a host."""
    parts = text.split(".")
    if len(parts) == 4 and all(p.isascii() and p.isdigit() and int(p) < 256 for p in parts):
        if 0 < int(parts[0]) < 224 and 0 < int(parts[3]) < 255:
            return ".".join(str(int(p)) for p in parts)
    raise argparse.ArgumentTypeError(f"{text!r} is not an IPv4 address like {DEFAULT_IP}")


def mac_address(text):
    """The 48 bits of an address of one station, as `10:e2:d5:00:00:00`."""
    parts = text.split(":")
    try:
        if len(parts) == 6 and all(len(p) == 2 for p in parts):
            value = int("".join(parts), 16)
            if value and not value >> 40 & 1:
                return value
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a MAC address of one station, like {DEFAULT_MAC}")


def mac_text(value):
    """The usual way to write a MAC address."""
    return ":".join(f"{value >> shift & 255:02x}" for shift in range(40, -1, -8))


def positive(text):
    """A whole number from 1 on."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


# Parser -------------------------------------------------------------------------------------------


def add_options(parser, board):
    """Add what all boards understand to a LiteXArgumentParser.

    A default that depends on something is in the help, and not in the parser, which would say None.
    """
    add = parser.add_target_argument
    add("--flash", action="store_true", help="Write the bitstream to the board's flash.")
    add("--variant", default=next(iter(board.variants)), choices=board.variants,
        help="Board variant (default: %(default)s).")
    add("--sys-clk-freq", default=board.sys_clk_freq, type=frequency,
        help=f"System clock frequency in Hz (default: {board.sys_clk_freq/1e6:g}e6).")
    add("--array", default=argparse.SUPPRESS,
        help="Accelerator: reduction x outputs x pixels, as 4x4x8, or name=number,..., or none "
             f"(default: {_defaults(board)}).")
    add("--activation-bits", default=8, type=int, choices=ACTIVATION_BITS,
        help="Width of the accelerator's activations; with 16 it runs 8-bit programs as well "
             "(default: %(default)s).")
    add("--array-clk-ratio", default=board.array_clk_ratio, type=int, choices=(1, 2),
        help="Clock of the array over the system clock (default: %(default)s).")
    add("--memory", default=next(iter(board.memories)), choices=board.memories,
        help="DRAM that is soldered in: " +
             "; ".join(f"{name}: {text}" for name, text in board.memories.items()) +
             " (default: %(default)s).")
    if board.ethernet:
        add("--with-ethernet", action=argparse.BooleanOptionalAction, default=True,
            help=f"The link on UDP as well, {board.ethernet} (default: with).")
        add("--eth-ip", default=DEFAULT_IP, type=ip_address,
            help="The board's IP address (default: %(default)s).")
        add("--eth-mac", default=DEFAULT_MAC, type=mac_address,
            help="The board's MAC address (default: %(default)s).")
    add("--with-analyzer", action="store_true",
        help="A LiteScope on the accelerator's streams (docs/boards.md).")
    add("--secret-file", default=argparse.SUPPRESS, metavar="FILE",
        help="Words that a host must know to work with the board (docs/protocol.md; default: "
             "none).")
    add("--seeds", default=argparse.SUPPRESS, type=positive, metavar="N",
        help="Place and route with N seeds and keep the best (default: one after the other, up to "
             "three, until one meets all clocks).")
    add("--allow-timing-failure", action="store_true",
        help="Write a bitstream that misses its clocks, under a name that says so.")


def _defaults(board):
    arrays = {variant.array for variant in board.variants.values()}
    if len(arrays) == 1:
        return arrays.pop()
    return ", ".join(f"{variant.array} on {name}" for name, variant in board.variants.items())


def options_of(parser, args, board):
    """The `Options` of parsed arguments. Raises `LitelicError`."""
    variant = board.variant(args.variant)
    text = getattr(args, "array", variant.array)
    if not 9600 <= args.uart_baudrate <= args.sys_clk_freq/16:
        raise LitelicError(
            f"--uart-baudrate {args.uart_baudrate:g}: choose 9600 to a sixteenth of the system "
            f"clock, {args.sys_clk_freq/16:.0f}")
    for name in FIXED:
        if getattr(args, name, None) != parser.get_default(name):
            raise LitelicError(
                f"--{name.replace('_', '-')} cannot be chosen here: leave it out")
    cpu_variant = args.cpu_variant or variant.cpu_variant
    if cpu_variant not in CPU_VARIANTS:
        raise LitelicError(
            f"--cpu-variant {cpu_variant}: choose {', '.join(CPU_VARIANTS[:-1])} or "
            f"{CPU_VARIANTS[-1]}")
    ethernet = bool(board.ethernet) and args.with_ethernet
    return Options(
        variant         = args.variant,
        toolchain       = args.toolchain,
        memory          = args.memory,
        sys_clk_freq    = int(args.sys_clk_freq),
        array           = parse_array(text, board.port_bytes, args.activation_bits),
        array_clk_ratio = args.array_clk_ratio,
        cpu_variant     = cpu_variant,
        uart_baudrate   = int(args.uart_baudrate),
        with_ethernet   = ethernet,
        eth_ip          = args.eth_ip if ethernet else DEFAULT_IP,
        eth_mac         = args.eth_mac if ethernet else 0,
        with_analyzer   = args.with_analyzer,
        secret          = secret.from_file(args.secret_file) if "secret_file" in args else None,
        soc_arguments   = {n: v for n, v in parser.soc_argdict.items() if n != "cpu_variant"},
    )
