"""`make bench`: cycles and utilisation of the default model on the simulated board.

Cycles are those of the hardware's own counters, in the complete SoC in Verilator, DDR3 controller
included. Run as `python -m litelic.host.bench`.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from litelic.host.atomic import make_folder, write_atomically
from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.status import exit_status
from litelic.host.codec.pictures import extend
from litelic.host.engines import open_board, summary
from litelic.host.engines.board import BoardEngine
from litelic.host.report import direction_report, print_table

SIZES = ((256, 256), (451, 300), (768, 512))


def measure(engine, program, width, height):
    """Report of both directions for a random picture; what it shows does not change the cycles."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    latents = engine.analyse(extend(pixels, program.downsampling))
    encoder = direction_report(engine)
    engine.synthesise(latents)
    decoder = direction_report(engine)
    return {
        "model": program.name, "width": width, "height": height,
        "macs_per_cycle": engine.macs_per_cycle,
        "layers": encoder.pop("layers") + decoder.pop("layers"),
        "encoder": encoder, "decoder": decoder,
    }


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(prog="litelic.host.bench", description=__doc__)
    parser.add_argument("--program", type=Path, help="a compiled model (default: LiteLIC's own)")
    parser.add_argument("--output", type=Path, default=Path("build/bench.json"))
    args = parser.parse_args(argv)
    rows = []
    program, _ = options.load_program(args)
    make_folder(args.output.parent)
    options.check_place(args.output)
    with Progress() as progress, open_board(sim=True, progress=progress) as board:
        print(summary(board.info))
        engine = BoardEngine(board, program, progress)
        for width, height in SIZES:
            started = time.monotonic()
            row = measure(engine, program, width, height)
            progress.wipe()
            print(f"\n{program.name}, {width}x{height} pixels "
                  f"({time.monotonic() - started:.0f} s of simulation)")
            print_table(row)
            for direction in ("encoder", "decoder"):
                rate = board.info.clock_hz / row[direction]["cycles"]
                print(f"{direction}: {rate:.2f} frames/s at {board.info.clock_hz / 1e6:g} MHz")
            rows.append(row)
    write_atomically(args.output, (json.dumps(rows, indent=2) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
