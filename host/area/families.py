"""The FPGA families: how Yosys maps to them, and what each of their cells takes."""

from dataclasses import dataclass, field

from litelic.accel import multipliers

RESOURCES = ("luts", "ffs", "carry", "block_rams", "dsps", "lutrams")
FREE = {}  # a cell that lies in a LUT's place, or is no logic


def _lut(count=1):
    return {"luts": count}


def _memory(count):
    """A cell that makes a memory or a shift register of `count` LUTs."""
    return {"luts": count, "lutrams": count}


@dataclass(frozen=True)
class Family:
    """One family.

    name      : as the command line and the rows have it.
    title     : as the page has it.
    synthesis : the Yosys command, to which `-top` is added.
    cells     : Verilog files of Yosys that declare the family's cells.
    lut_inputs: inputs of the LUTs that are counted.
    technology : of the array's multipliers.
    dsps_per_mac : the goal.
    costs     : cell type -> {resource: amount}; the places of LUTs that carry chains and
                distributed memories take are `luts` too.
    """

    name: str
    title: str
    synthesis: str
    cells: tuple
    lut_inputs: int
    technology: str
    dsps_per_mac: float
    costs: dict = field(repr=False)


# -no-rw-check: what is read from a word in the cycle in which it is written is never used (the
# engine's design says why), so that LUTs need not see to it.
# -nowidelut: fewer LUTs, since pairs joined by a PFUMX cannot be shared (LiteX: --yosys-nowidelut).
ECP5 = Family(
    name="ecp5",
    title="ECP5",
    synthesis="synth_ecp5 -abc9 -nowidelut -no-rw-check",
    cells=("+/lattice/cells_sim_ecp5.v", "+/lattice/cells_bb_ecp5.v"),
    lut_inputs=4,
    technology=multipliers.ECP5,
    dsps_per_mac=1,
    costs={
        "LUT4": _lut(),
        "CCU2C": {"luts": 2, "carry": 1},
        "TRELLIS_DPR16X4": _memory(6),  # three slices: two of data, one of write controls
        "TRELLIS_FF": {"ffs": 1},
        "DP16KD": {"block_rams": 1},
        "MULT18X18D": {"dsps": 1},
        "MULT9X9D": {"dsps": 0.5},
        "PFUMX": FREE,
        "L6MUX21": FREE,
    },
)
ARTIX7 = Family(
    name="artix7",
    title="Artix-7",
    # No pads, no clock buffers: the ports are not pins on a board.
    synthesis="synth_xilinx -flatten -abc9 -family xc7 -noiopad -noclkbuf",
    cells=(),
    lut_inputs=6,
    technology=multipliers.DSP48,
    dsps_per_mac=0.5,
    costs={
        **{f"LUT{inputs}": _lut() for inputs in range(1, 7)},
        "INV": _lut(),
        "CARRY4": {"carry": 1},  # its LUTs are cells of their own
        "SRL16E": _memory(1),
        "SRLC32E": _memory(1),
        "RAM32X1D": _memory(2),
        "RAM64X1D": _memory(2),
        "RAM128X1D": _memory(4),
        "RAM32M": _memory(4),
        "RAM64M": _memory(4),
        **{name: {"ffs": 1} for name in ("FDRE", "FDSE", "FDCE", "FDPE")},
        "RAMB36E1": {"block_rams": 1},
        "RAMB18E1": {"block_rams": 0.5},
        "DSP48E1": {"dsps": 1},
        "MUXF7": FREE,
        "MUXF8": FREE,
    },
)
FAMILIES = {family.name: family for family in (ECP5, ARTIX7)}
