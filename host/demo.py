"""`make demo`: a photograph through the simulated board to a bitstream and back.

Everything goes over the serial link of the complete SoC in Verilator, and every result is
compared with the golden model. Run as `python -m litelic.host.demo`.
"""

import argparse
import importlib.util
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from litelic.host.atomic import atomic_path, make_folder, write_atomically
from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.status import exit_status
from litelic.host.codec import pictures
from litelic.host.codec.codec import decode_file, encode_picture
from litelic.host.engines import open_board, summary
from litelic.host.engines.board import BoardEngine
from litelic.host.engines.golden import GoldenEngine
from litelic.host.errors import LitelicError
from litelic.host.report import direction_report, print_table

TRANSPORT = "serial link over TCP, simulated SoC (Verilator, cycle-accurate)"


def default_photograph():
    """The path of a photograph that scikit-image ships: Chelsea the cat, 451x300, CC0."""
    spec = importlib.util.find_spec("skimage")
    if spec is None:
        raise LitelicError("scikit-image, which ships the demo's photograph, is not installed; "
                           "run make demo, or give --image")
    return Path(spec.origin).parent / "data" / "chelsea.png"


def compare(original, decoded, caption, path):
    """Write original and decoded picture side by side, with a line of text under them."""
    gap = 8
    height, width = original.shape[:2]
    sheet = np.full((height, 2 * width + gap, 3), 255, np.uint8)
    sheet[:, :width], sheet[:, width + gap :] = original, decoded
    image = Image.new("RGB", (sheet.shape[1], height + 24), "white")
    image.paste(Image.fromarray(sheet))
    draw = ImageDraw.Draw(image)
    draw.text((4, height + 6), "original", fill="black")
    draw.text((width + gap + 4, height + 6), caption, fill="black")
    with atomic_path(path) as partial:
        image.save(partial, format="PNG")


def run(image, output, program_path=None):
    """Run the demo; returns the report, a mapping that is also in `output`/report.json."""
    make_folder(output)
    photograph = pictures.load(image, flatten="white")
    args = argparse.Namespace(program=program_path, quality=None)
    program, model_hash = options.load_program(args)
    print(f"{image.name}: {photograph.width}x{photograph.height} pixels; model {program.name}")
    with Progress() as progress:
        print("Starting the simulated board (the first start builds it: a minute or two) ...")
        started = time.monotonic()
        with open_board(sim=True, progress=progress) as board:
            print(f"The board answers: {summary(board.info)}")
            print("Encoding on the board ...", flush=True)
            engine = BoardEngine(board, program, progress)
            data = encode_picture(program, model_hash, photograph, engine)
            encoder = direction_report(engine)
            write_atomically(output / "photo.lic", data)
            print("Decoding on the board ...", flush=True)
            stored = (output / "photo.lic").read_bytes()
            decoded = decode_file(program, model_hash, stored, engine)
            decoder = direction_report(engine)
        seconds = time.monotonic() - started
        print("Computing the same with the golden model ...", flush=True)
        golden = GoldenEngine(program, progress)
        golden_data = encode_picture(program, model_hash, photograph, golden)
        golden_decoded = decode_file(program, model_hash, golden_data, golden)
    bit_exact = data == golden_data and np.array_equal(decoded.pixels, golden_decoded.pixels)
    bpp = 8 * len(data) / (photograph.width * photograph.height)
    psnr = pictures.psnr(photograph.pixels, decoded.pixels)
    pictures.save(decoded, output / "decoded.png")
    caption = f"decoded: {len(data)} bytes, {bpp:.3f} bpp, {psnr:.2f} dB"
    compare(photograph.pixels, decoded.pixels, caption, output / "side_by_side.png")
    report = {
        "image": image.name,
        "width": photograph.width,
        "height": photograph.height,
        "bpp": bpp,
        "psnr_db": psnr if math.isfinite(psnr) else None,  # None: the pictures are equal
        "bit_exact": bit_exact,
        "transport": TRANSPORT,
        "macs_per_cycle": engine.macs_per_cycle,
        "encoder": {k: v for k, v in encoder.items() if k != "layers"},
        "decoder": {k: v for k, v in decoder.items() if k != "layers"},
        "layers": encoder["layers"] + decoder["layers"],
    }
    text = json.dumps(report, indent=2, allow_nan=False) + "\n"
    write_atomically(output / "report.json", text.encode())
    print()
    print_table(report)
    print()
    print(f"{bpp:.3f} bpp, PSNR {psnr:.2f} dB, {seconds:.0f} s on the simulated board")
    print(f"Results: {output}/photo.lic, decoded.png, side_by_side.png, report.json")
    if bit_exact:
        print("Every byte equals the golden model's.")
    return report


@exit_status
def main(argv=None):
    """The command line of the demo; returns its exit status."""
    parser = argparse.ArgumentParser(prog="litelic.host.demo", description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("build/demo"), help="results' folder")
    parser.add_argument("--image", type=Path, help="any photograph (default: one that comes along)")
    parser.add_argument("--program", type=Path, help="a compiled model (default: LiteLIC's own)")
    args = parser.parse_args(argv)
    report = run(args.image or default_photograph(), args.output, args.program)
    if not report["bit_exact"]:
        print("litelic: error: the board's bytes differ from the golden model's", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
