"""Slowest paths from an SDF file: their times, their groups, and files that are none."""

import pytest

from litelic.soc.board.paths import groups_of, main, paths_of, read


class Sdf:
    """Writes a file as nextpnr does; every register takes 500 ps to its output, 100 to set up."""

    def __init__(self):
        self.wires, self.cells = [], []

    def register(self, name, clock="clk"):
        self.wire(f"\\$gbuf\\${clock}/CLKO", f"{name}/CLK", 0)
        self.cells.append(
            f'(CELL (CELLTYPE "TRELLIS_FF")\n(INSTANCE {name})\n'
            "(IOPATH (posedge CLK) Q (500:500:500) (500:500:500))\n"
            "(SETUPHOLD (posedge DI) (posedge CLK) (100:100:100) (0:0:0))\n)"
        )

    def lut(self, name, delay, inputs="AB"):
        lines = "\n".join(f"(IOPATH {pin} F ({delay}:{delay}:{delay}) (1:1:1))" for pin in inputs)
        self.cells.append(f'(CELL (CELLTYPE "TRELLIS_COMB")\n(INSTANCE {name})\n{lines}\n)')

    def wire(self, source, sink, delay):
        self.wires.append(f"(INTERCONNECT {source} {sink} ({delay}:{delay}:{delay}) (0:0:0))")

    def lines(self):
        return ['(CELL (CELLTYPE "top")\n(INSTANCE )', *self.wires, ")", *self.cells]

    def text(self):
        return "\n".join(self.lines())


@pytest.fixture
def sdf():
    """a_0 and a_1 to b through two LUTs; b to c of another clock, and back to itself."""
    made = Sdf()
    for name in ("a_0", "a_1", "b\\[3\\]"):
        made.register(name)
    made.register("c", "other")
    made.lut("x", 200)
    made.lut("y", 300)
    made.wire("a_0/Q", "x/A", 1000)
    made.wire("a_1/Q", "x/B", 1500)
    made.wire("x/F", "y/A", 400)
    made.wire("b\\[3\\]/Q", "y/B", 700)
    made.wire("y/F", "b\\[3\\]/DI", 50)
    made.wire("b\\[3\\]/Q", "c/DI", 2000)
    return made


def test_the_slowest_way_counts(sdf):
    paths = paths_of(read(sdf.text().splitlines()))
    assert [(p.start, p.end) for p in paths] == [("a_1", "b[3]/DI")]  # none between two clocks
    (path,) = paths
    assert path.time == 500 + 1500 + 200 + 400 + 300 + 50 + 100
    assert (path.wire, path.hops, path.clock) == (1500 + 400 + 50, 3, "$gbuf$clk/CLKO")


def test_a_loop_of_luts_ends(sdf):
    sdf.lut("loop", 100)
    sdf.wire("loop/F", "loop/A", 10)
    sdf.wire("a_0/Q", "loop/B", 10)
    sdf.wire("loop/F", "a_0/DI", 10)
    assert {p.end for p in paths_of(read(sdf.text().splitlines()))} == {"b[3]/DI", "a_0/DI"}


def test_groups_leave_numbers_out():
    made = Sdf()
    made.register("start")
    for i, delay in enumerate((900, 1000, 500, 100)):
        made.register(f"end_{i}_TRELLIS_FF_Q_{i}")
        made.wire("start/Q", f"end_{i}_TRELLIS_FF_Q_{i}/DI", delay)
    paths = paths_of(read(made.text().splitlines()))
    ((path, count),) = groups_of(paths, 0.9)
    assert (path.time, count) == (1600, 2)
    assert groups_of(paths, 0.0)[0][1] == 4


def test_the_command(sdf, tmp_path, capsys):
    (tmp_path / "seed1.sdf").write_text(sdf.text())
    assert main([str(tmp_path / "seed1.sdf")]) == 0
    out = capsys.readouterr().out
    assert "$gbuf$clk/CLKO: 327.9 MHz" in out and "a_# -> b[#]/DI" in out


@pytest.mark.parametrize("content", (None, b"", b"nonsense\n", b"\xff\xfe\x00"))
def test_what_is_no_sdf_is_told(tmp_path, capsys, content):
    if content is not None:
        (tmp_path / "x.sdf").write_bytes(content)
    assert main([str(tmp_path / "x.sdf")]) == 1
    assert "x.sdf" in capsys.readouterr().err
