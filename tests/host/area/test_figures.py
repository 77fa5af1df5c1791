"""What tools print becomes numbers; the texts are cut from recorded output."""

import pytest

from litelic.host.area import figures
from litelic.host.area.families import ARTIX7, ECP5, FAMILIES, RESOURCES
from litelic.host.errors import LitelicError
from tests.host.area.rows import CELLS

STATISTICS = """{
   "creator": "Yosys 0.70 (git sha1 28ba3cb92)",
   "invocation": "stat -json ",
   "modules": {
      "\\\\engine": {
         "num_wires": 33344, "num_cells": 37359,
         "num_cells_by_type": {"CCU2C": 3337, "LUT4": 13927}
      }
   },
   "design": {
      "num_wires": 33344,
      "num_cells": 37359,
      "num_cells_by_type": {
         "LUT4": 13927,
         "CCU2C": 3337,
         "DP16KD": 152,
         "L6MUX21": 152,
         "MULT18X18D": 149,
         "PFUMX": 1009,
         "TRELLIS_DPR16X4": 203,
         "TRELLIS_FF": 18430
      }
   }
}
"""
REPORT = """{
  "critical_paths": [],
  "fmax": {
    "$glbnet$array_clk$TRELLIS_IO_IN": {"achieved": 117.50881958007812, "constraint": 150.0},
    "$glbnet$sys_clk$TRELLIS_IO_IN": {"achieved": 84.68834686279297, "constraint": 75.0}
  },
  "utilization": {"TRELLIS_COMB": {"available": 83640, "used": 24000}}
}
"""


def test_cells_come_from_the_statistics():
    assert figures.cells(STATISTICS) == CELLS


def test_resources_of_an_ecp5():
    assert figures.resources(CELLS, ECP5) == {
        "luts": 13927 + 2 * 3337 + 6 * 203, "ffs": 18430, "carry": 3337, "block_rams": 152,
        "dsps": 149, "lutrams": 6 * 203,
    }
    assert figures.resources({"MULT9X9D": 3, "MULT18X18D": 1}, ECP5)["dsps"] == 2.5


def test_resources_of_an_artix7():
    counts = {
        "LUT2": 5, "LUT6": 7, "INV": 1, "CARRY4": 4, "SRL16E": 2, "RAM32M": 3, "FDRE": 11,
        "FDSE": 2, "RAMB36E1": 3, "RAMB18E1": 1, "DSP48E1": 64, "MUXF7": 9,
    }
    assert figures.resources(counts, ARTIX7) == {
        "luts": 5 + 7 + 1 + 2 + 3 * 4, "ffs": 13, "carry": 4, "block_rams": 3.5, "dsps": 64,
        "lutrams": 2 + 3 * 4,
    }


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_costs_are_of_resources_that_rows_have(family):
    for costs in family.costs.values():
        assert set(costs) <= set(RESOURCES) and min(costs.values(), default=1) > 0


def test_an_unknown_cell_is_not_lost():
    with pytest.raises(LitelicError, match="what do ALU54B take"):
        figures.resources({"LUT4": 1, "ALU54B": 1}, ECP5)


def test_clocks_come_from_the_report():
    assert figures.clocks(REPORT) == {"array_clk": 117.51, "sys_clk": 84.69}


@pytest.mark.parametrize("text", ("", "[]", "{}", '{"design": 1}', '{"fmax": {"x": 1}}'))
def test_what_cannot_be_read_is_an_error(text):
    for read in (figures.cells, figures.clocks):
        with pytest.raises(LitelicError, match="install the version of constraints.txt"):
            read(text)
