"""Cells of a flat netlist find the block that they belong to."""

import json

from litelic.host.area.families import ECP5
from litelic.soc.board import blocks


def cell(kind, inputs, output):
    names = "ABCD"
    return {
        "type": kind,
        "port_directions": {**{names[n]: "input" for n in range(len(inputs))}, "Z": "output"},
        "connections": {**{names[n]: [bit] for n, bit in enumerate(inputs)}, "Z": [output]},
    }


def netlist(cells, nets):
    return json.dumps({"modules": {
        "LUT4": {"attributes": {"blackbox": "1"}, "cells": {}, "netnames": {}},
        "top": {
            "attributes": {"top": "00000000000000000000000000000001"},
            "cells": cells, "netnames": {name: {"bits": bits} for name, bits in nets.items()},
        },
    }})


def test_cells_go_by_the_nets_they_drive_or_else_by_what_they_feed():
    found = blocks.of_netlist(netlist({
        "a": cell("LUT4", [10], 2),        # named
        "b": cell("LUT4", [11], 10),       # feeds a
        "c": cell("LUT4", [12], 11),       # feeds b
        "d": cell("TRELLIS_FF", [2], 3),   # the CPU's own
        "e": cell("LUT4", ["0"], 4),       # feeds nobody, named by nobody
        "f": cell("TRELLIS_IO", [2], 5),   # no logic
    }, {
        "ecpix5soc_accelerator_engine_x": [2], "VexRiscv.y": [3], "slice_proxy7": [10],
    }), ECP5)
    assert {name: (block["luts"], block["ffs"]) for name, block in found.items()} == {
        "accelerator": (3, 0), "cpu": (0, 1), "rest": (1, 0),
    }


def test_names_of_blocks():
    assert blocks.block_of("ulx3ssoc_ulx3ssoc_sdram_bank") == "dram"
    assert blocks.block_of("ecpix5soc_accelerator_engine_loader_x") == "accelerator"
    assert blocks.block_of("generate_artysoc_accelerator_engine_x") == "accelerator"
    assert blocks.block_of("generate_ethernetline_core_mac") == "ethernet"
    assert blocks.block_of("core_mac_core_tx_cdc") == "ethernet"
    assert blocks.block_of("liteethip_status0") == "ethernet"
    assert blocks.block_of("serial_framestore_left") == "link"
    assert blocks.block_of("VexRiscv.RegFile") == "cpu"
    assert blocks.block_of("ecpix5soc_remotememory_fsm") == "link"
    assert blocks.block_of("rom.0.0") == "memories"
    assert blocks.block_of("romance") is None and blocks.block_of("comb_rhs_12") is None
