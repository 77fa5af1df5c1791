"""The tables of `docs/boards.md`, as Markdown, from reports of builds and measured cycles."""

from litelic.host.bench.tables import table
from litelic.host.report import floor
from litelic.soc.board.report import SHOWN, TITLES

PICTURE = (1280, 720)
MODELS = {"default": "default model", "bls2017": "the paper's"}


def boards(reports, entries):
    """A line a configuration: what it takes, reaches, and would do with a picture of 720p."""
    titles = (
        "target", "FPGA", "array", "MACs", "system / array clock", "peak GOP/s",
        *(f"{text}: frames/s, encoder / decoder" for text in MODELS.values()),
        *(TITLES[name] for name in SHOWN),
    )
    return table(titles, [
        (
            f"`{report['board']}.py`", report["device"], report["array"], str(report["macs"]),
            f"{report['sys_clk_mhz']:g} / {report['array_clk_mhz']:g} MHz",
            floor(report["peak_gops"]),
            *(_frames(report, entries, model) for model in MODELS),
            *(f"{report['resources'][name]:,g} of {report['available'][name]:,g}"
              for name in SHOWN),
        )
        for report in reports.values()
    ])


def _frames(report, entries, model):
    """Measured cycles at the clock that place and route reached."""
    found = {}
    for entry in entries:
        same = (
            entry["model"] == model and (entry["width"], entry["height"]) == PICTURE
            and entry["array_parameters"] == report["array_parameters"]
            and entry["clock_hz"] == report["sys_clk_mhz"] * 1e6
            and entry["array_clock_hz"] == report["array_clk_mhz"] * 1e6
            and entry["memory"] == _simulated(report)
        )
        if same:
            found[entry["direction"]] = floor(entry["frames_per_s"], 2)
    return " / ".join(found.get(name, "not measured") for name in ("encoder", "decoder"))


def _simulated(report):
    """The simulator's memory that is like a board's."""
    from litelic.host.boards import BOARDS

    board = BOARDS.get(report["board"])
    return board.memory if board else None


def clocks(reports):
    """A line a clock of each configuration: what each seed reached."""
    titles = ("target", "clock", "asked, MHz", "reached with each seed, MHz", "seeds that meet all")
    return table(titles, [
        (
            f"`{report['board']}.py`", clock["name"], f"{clock['asked']:.2f}",
            ", ".join(
                floor(seed[clock["name"]], 2) if seed else "no routes"
                for seed in report["seeds"].values()
            ),
            f"{report['seeds_met']} of {len(report['seeds'])}",
        )
        for report in reports.values() for clock in report["clocks"]
    ])


def blocks(reports):
    """A line a block of each configuration."""
    titles = ("target", "block", *(TITLES[name] for name in SHOWN))
    return table(titles, [
        (f"`{report['board']}.py`", block, *(f"{values[name]:,g}" for name in SHOWN))
        for report in reports.values() for block, values in report["blocks"].items()
    ])


def commands(reports):
    """What was run, with which tools, of which revision."""
    titles = ("revision", "tools", "command")
    return table(titles, [
        (report["revision"], ", ".join(report["tools"]), f"`{report['command']}`")
        for report in reports.values()
    ])
