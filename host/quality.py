"""Rate and distortion of a program on a folder of photographs, beside JPEG at the same rate.

Sizes are those of real files, headers included. The golden model computes the program: a board
gives the same bytes. Run as `python -m litelic.host.quality FOLDER`.
"""

import argparse
import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from litelic.host.atomic import make_folder, write_atomically
from litelic.host.cli import options
from litelic.host.cli.progress import Progress
from litelic.host.cli.status import exit_status
from litelic.host.cli.table import print_row
from litelic.host.codec import pictures
from litelic.host.codec.codec import decode_file, encode_picture
from litelic.host.engines.golden import GoldenEngine
from litelic.host.errors import LitelicError

WIDTHS = (-20, 9, 9, 11, 11)
TITLES = ("picture", "bpp", "dB", "JPEG bpp", "JPEG dB")
JPEG_QUALITIES = range(1, 96)


def jpeg(picture, quality):
    """(bytes, PSNR in dB) of Pillow's JPEG, optimised tables, 4:2:0."""
    buffer = io.BytesIO()
    Image.fromarray(picture.pixels).save(
        buffer, "JPEG", quality=quality, optimize=True, subsampling="4:2:0"
    )
    decoded = np.asarray(Image.open(buffer).convert("RGB"))
    return len(buffer.getvalue()), pictures.psnr(picture.pixels, decoded)


def measure(program, model_hash, picture, progress):
    """(bytes, PSNR in dB) of the `.lic` file."""
    engine = GoldenEngine(program, progress)
    data = encode_picture(program, model_hash, picture, engine, progress)
    decoded = decode_file(program, model_hash, data, engine)
    return len(data), pictures.psnr(picture.pixels, decoded.pixels)


def jpeg_at_mean_rate(photographs, target):
    """Per photograph (bpp, dB) of JPEG at the one quality whose mean rate is the lowest that is
    not below `target` bits a pixel: the comparison never favours the program."""
    low, high = JPEG_QUALITIES.start, JPEG_QUALITIES.stop - 1
    while low < high:
        quality = (low + high) // 2
        rates = [8 * jpeg(p, quality)[0] / (p.width * p.height) for p in photographs]
        if np.mean(rates) < target:
            low = quality + 1
        else:
            high = quality
    results = [jpeg(p, low) for p in photographs]
    return low, [(8 * size / (p.width * p.height), db) for p, (size, db) in
                 zip(photographs, results)]


def _numbered(progress, i, count):
    return lambda label, done, total: progress(f"picture {i} of {count}, {label}", done, total)


def run(folder, program_path, output, progress):
    """Measure every photograph of `folder`; prints a table and writes it to `output` as JSON."""
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg"))
    if not paths:
        raise LitelicError(f"no .png or .jpg in {folder}")
    program, model_hash = options.load_program(argparse.Namespace(program=program_path))
    photographs = [pictures.load(path, advice="save it without transparency") for path in paths]
    rows = []
    for i, photograph in enumerate(photographs, 1):
        size, db = measure(program, model_hash, photograph, _numbered(progress, i, len(paths)))
        rows.append((8 * size / (photograph.width * photograph.height), db))
    mean = np.mean(rows, axis=0)
    progress("JPEG", 0, 1)
    quality, jpegs = jpeg_at_mean_rate(photographs, mean[0])
    jpeg_mean = np.mean(jpegs, axis=0)
    progress.wipe()
    print(f"{program.name} (integer golden model, real file sizes) and JPEG quality {quality}")
    print_row(WIDTHS, TITLES)
    for path, row, other in zip(paths, rows, jpegs):
        print_row(WIDTHS, (path.name, *(f"{v:.3f}" for v in (*row, *other))))
    print_row(WIDTHS, ("mean", *(f"{v:.3f}" for v in (*mean, *jpeg_mean))))
    result = {
        "model": program.name, "form": "golden", "pictures": len(paths),
        "bpp": mean[0], "psnr_db": mean[1],
        "jpeg_quality": quality, "jpeg_bpp": jpeg_mean[0], "jpeg_psnr_db": jpeg_mean[1],
    }
    if output:
        write_atomically(output, (json.dumps(result, indent=2) + "\n").encode())
    return result


@exit_status
def main(argv=None):
    """The command line; returns its exit status."""
    parser = argparse.ArgumentParser(prog="litelic.host.quality", description=__doc__)
    parser.add_argument("folder", type=Path, help="photographs, for instance Kodak's 24")
    parser.add_argument("--program", type=Path, help="a compiled model (default: LiteLIC's own)")
    parser.add_argument("--output", type=Path, help="also write the means to this JSON file")
    args = parser.parse_args(argv)
    if not args.folder.is_dir():
        raise LitelicError(f"{args.folder} is not a folder; name one with photographs")
    if args.output:
        make_folder(args.output.parent)
        options.check_place(args.output)
    with Progress() as progress:
        run(args.folder, args.program, args.output, progress)


if __name__ == "__main__":
    sys.exit(main())
