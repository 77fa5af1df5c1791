"""`litelic devices`: the boards that answer."""

from litelic.host.cli import options
from litelic.host.errors import LitelicError

NETWORK = "192.168.1.0/24"  # of the address that boards are built with
WIDTHS = (-28, -12, -24, -22, -20, -1)


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "devices", help="find boards",
        description="Ask serial ports, a network and simulators for boards. A serial port gets 20 "
        "bytes, an address of the network a datagram. Nothing changes on a board, whoever works "
        "with it. The exit status is 1 if no board answers.",
    )
    parser.add_argument(
        "where", metavar="WHERE", nargs="*", type=options.word,
        help=f"a network (192.168.1.0/24) or a board's url (default: USB serial ports, {NETWORK}, "
        "and a simulator on port 2000)",
    )
    parser.add_argument(
        "--baudrate", type=options.whole_number(1, 100_000_000), default=options.BAUDRATE,
        metavar="N", help="of serial ports (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(args):
    from litelic.host import engines
    from litelic.host.cli.table import print_row
    from litelic.host.link import discovery

    if args.where:
        networks = [text for text in args.where if "/" in text and text[0].isdigit()]
        urls = [text for text in args.where if text not in networks]
    else:
        networks, urls = [NETWORK], [*discovery.serial_ports(), discovery.SIMULATOR]
    addresses = [a for network in networks for a in discovery.parse_network(network)]
    count = 0
    for found in discovery.find(urls, addresses, args.baudrate):
        if not count:
            print_row(WIDTHS, ("where", "board", "array", "clock", "gateware", "state"))
        count += 1
        try:
            words = engines.describe(found.info)
        except LitelicError:  # an array of another version's
            words = {"board": found.info.target, "array": "unknown", "clock": "-",
                     "gateware": found.info.gateware}
        print_row(WIDTHS, (
            found.url, *(words[name] for name in ("board", "array", "clock", "gateware")),
            "busy" if found.info.busy else "free",
        ))
    if not count:
        raise LitelicError(
            "no board answers: is it on and loaded, has this computer an address in its network "
            "(--eth-ip says the board's), and is the port free?"
        )
