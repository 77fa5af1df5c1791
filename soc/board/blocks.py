"""Which part of the SoC a cell of the flat netlist belongs to, told by the names of its nets.

LiteX writes one flat module whose nets carry the path of the block that made them. A cell belongs
to the block whose nets it drives; one whose own nets say nothing, to that of the cells it feeds.
"""

import json
import re
from collections import Counter, defaultdict

from litelic.host.area import figures
from litelic.host.area.families import FREE

BLOCKS = {
    "accelerator": ("accelerator",),
    "cpu": ("VexRiscv",),
    "dram": ("sdram", "dram_phy", "ddrphy", "litedramcore", "dfi"),
    "link": (
        "framelink", "link", "remotememory", "encoder", "cpuframes", "table", "dispatcher",
        "serial", "serialline", "uart", "rs232phy",
    ),
    "ethernet": (
        "ethernetline", "line", "core", "ethernet", r"liteeth\w*", "ethcore", "mac", "ip", "udp",
        "arp", "icmp",
    ),
    "memories": ("rom", "sram"),
    "analyzer": ("analyzer",),
}
REST = "rest"
ROUNDS = 12  # of asking the cells behind; paths between registers are no longer


def of_netlist(text, family):
    """{block: {resource: amount}} of a netlist that Yosys wrote as JSON."""
    (module,) = [
        module for module in json.loads(text)["modules"].values()
        if int(module["attributes"].get("top", "0"), 2)
    ]
    named = _named_bits(module["netnames"])
    cells = {
        name: cell for name, cell in module["cells"].items()
        if family.costs.get(cell["type"], FREE)
    }
    blocks = {name: _own_block(cell, named) for name, cell in cells.items()}
    _ask_behind(cells, blocks)
    counts = defaultdict(Counter)
    for name, cell in cells.items():
        counts[blocks[name] or REST][cell["type"]] += 1
    return {
        block: figures.resources(counts[block], family) for block in (*BLOCKS, REST)
        if counts[block]
    }


def block_of(name):
    """The block that a net is named after, None if it is not."""
    # LiteX puts the SoC's name in front, and that of the function that made it.
    words = re.sub(r"^(generate_)?(\w*soc_)?", "", name.lstrip("\\"))
    for block, starts in BLOCKS.items():
        if any(re.match(rf"{start}(_|\d|\.|$)", words) for start in starts):
            return block
    return None


def _named_bits(netnames):
    found = {}
    for name, net in netnames.items():
        block = block_of(name)
        if block:
            for bit in net["bits"]:
                found.setdefault(bit, block)
    return found


def _pins(cell, direction):
    for pin, bits in cell["connections"].items():
        if cell["port_directions"].get(pin) == direction:
            yield from (bit for bit in bits if isinstance(bit, int))


def _own_block(cell, named):
    votes = Counter(named[bit] for bit in _pins(cell, "output") if bit in named)
    return votes.most_common(1)[0][0] if votes else None


def _ask_behind(cells, blocks):
    readers = defaultdict(list)
    for name, cell in cells.items():
        for bit in _pins(cell, "input"):
            readers[bit].append(name)
    for _ in range(ROUNDS):
        found = {}
        for name in (name for name, block in blocks.items() if block is None):
            votes = Counter(
                blocks[reader] for bit in _pins(cells[name], "output") for reader in readers[bit]
                if blocks[reader]
            )
            if votes:
                found[name] = votes.most_common(1)[0][0]
        if not found:
            return
        blocks.update(found)
