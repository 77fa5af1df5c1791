"""`litelic stream`: many pictures through one board or several, everything at the same time."""

import json
import math
import sys
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from litelic.host.cli import options
from litelic.host.errors import LitelicError

SUMMARY = "stream.json"
INTERVAL = 0.2  # seconds between two lines of progress on a terminal


def add_parser(subparsers):
    parser = subparsers.add_parser(
        "stream", help="encode or decode many pictures, a video or a camera",
        description="Encode many pictures into a folder of .lic files, or decode such files. One "
        "picture is computed while the next is sent, the one before fetched, and others are in the "
        "entropy coder. What is in the folder is complete at any moment; Ctrl-C ends a stream, "
        "--resume goes on with it.",
    )
    parser.add_argument(
        "source", metavar="SOURCE",
        help="a folder, a pattern ('photos/*.png'), a file, a video, or a camera (/dev/video0)",
    )
    parser.add_argument("output", type=Path, metavar="FOLDER", help="of the results")
    parser.add_argument("--decode", action="store_true", help="SOURCE are .lic files")
    parser.add_argument(
        "--limit", type=options.whole_number(1), metavar="N", help="stop after N pictures",
    )
    parser.add_argument(
        "--verify", type=options.whole_number(1), metavar="N",
        help="compare every Nth result with the golden model, byte for byte",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the stream that FOLDER holds",
    )
    parser.add_argument(
        "--coders", type=options.whole_number(1, 256), metavar="N",
        help="processes for the entropy coder (default: as many as there are cores)",
    )
    parser.add_argument(
        "--timeline", type=Path, metavar="FILE", help="draw what was busy when, an SVG file",
    )
    parser.add_argument(
        "--boards", type=options.word, metavar="URL,URL,..",
        help="several boards, in place of --port: pictures are spread over them",
    )
    options.add_flatten(parser)
    options.add_program(parser)
    options.add_engine(parser, required=False)
    parser.set_defaults(run=run)


def run(args):
    from litelic.host import api
    from litelic.host.atomic import make_folder, write_atomically
    from litelic.host.streaming import stream
    from litelic.host.streaming.coders import Coders
    from litelic.host.streaming.journal import Journal
    from litelic.host.streaming.sources import open_source
    from litelic.host.streaming.timeline import svg

    places = _places(args)
    if args.timeline:
        options.check_place(args.timeline)
    items = open_source(args.source, args.decode, args.flatten)
    program, model_hash = options.load_program(args)
    make_folder(args.output)
    about = {
        "stream": "decoded" if args.decode else "encoded", "source": args.source,
        "program": model_hash.hex(),
    }
    times = stream.Times(keep=args.timeline is not None)
    with Journal(args.output, about, args.resume) as journal, ExitStack() as opened:
        total = len(items) if hasattr(items, "__len__") else None
        if args.limit:
            items, total = islice(items, args.limit), min(args.limit, total or args.limit)
        tally = _Tally(total, len(places), times)
        codecs = [
            opened.enter_context(api.Codec(
                program, model_hash, access=options.access(args), **place
            )) for place in places
        ]
        coders = opened.enter_context(Coders(program, model_hash, args.coders))
        todo = (item for item in items if not tally.skips(journal.done, item.name))
        way = stream.decode if args.decode else stream.encode
        tally.begin()
        try:
            for result in way(todo, codecs, coders, times):
                decibels = None
                if args.verify and tally.count % args.verify == 0:
                    decibels = stream.check(result, coders, args.decode)
                _save(args, result)
                journal.add(result.name, **tally.add(result, decibels))
        except KeyboardInterrupt:
            tally.end()
            print(f"{tally.count} results are complete; --resume goes on", file=sys.stderr)
            raise
        finally:
            tally.end()
            write_atomically(
                args.output / SUMMARY,
                (json.dumps(about | tally.summary(), indent=1) + "\n").encode(),
            )
            if args.timeline:
                write_atomically(args.timeline, svg(times, [_name(p) for p in places]).encode())
    tally.print(args.output)


def _places(args):
    """What each `Codec` is opened with."""
    if args.boards:
        if args.port or args.sim or args.golden:
            raise LitelicError("--boards takes the place of --port, --sim and --golden")
        urls = [url.strip() for url in args.boards.split(",")]
        if not all(urls) or len(set(urls)) < len(urls):
            raise LitelicError(f"--boards {args.boards}: write different boards, one comma between")
        return [{"port": url} for url in urls]
    if not (args.port or args.sim or args.golden):
        raise LitelicError("say where the network runs: --port, --boards, --sim or --golden")
    return [{"port": args.port, "sim": args.sim, "golden": args.golden}]


def _name(place):
    return place.get("port") or ("simulated board" if place.get("sim") else "golden model")


def _save(args, result):
    from litelic.host.atomic import write_atomically
    from litelic.host.codec import pictures

    if args.decode:
        pictures.save(result.picture, args.output / f"{result.name}.png")
    else:
        write_atomically(args.output / f"{result.name}.lic", result.data)


class _Tally:
    """Counts results; shows how far things are on a terminal."""

    def __init__(self, total, boards, times):
        self.total, self.boards, self.times = total, boards, times
        self.count = self.skipped = self.bytes = self.pixels = 0
        self.decibels, self.coding = [], 0.0
        self._begun = self._ended = time.monotonic()
        self._drawn = None
        self._live = sys.stderr.isatty()

    def begin(self):
        self._begun = time.monotonic()

    def skips(self, done, name):
        """Whether an item is done already; counts it then."""
        self.skipped += name in done
        return name in done

    def add(self, result, decibels):
        """Count a result; returns what the journal says of it."""
        picture = result.picture
        self.count += 1
        self.bytes += len(result.data)
        self.pixels += picture.width * picture.height
        self.coding += result.seconds
        known = {"width": picture.width, "height": picture.height, "bytes": len(result.data)}
        if decibels is not None:
            self.decibels.append(decibels)
            known["psnr"] = round(decibels, 3) if math.isfinite(decibels) else None
        self._draw()
        return known

    def end(self):
        self._ended = time.monotonic()
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _seconds(self):
        return max(time.monotonic() - self._begun, 1e-9)

    def _draw(self):
        now = time.monotonic()
        if not self._live or (self._drawn and now - self._drawn < INTERVAL):
            return
        self._drawn = now
        of = f" of {self.total - self.skipped}" if self.total else ""
        sys.stderr.write(f"\r\x1b[K{self.count}{of}  " + "  ".join(self._words(self._seconds())))
        sys.stderr.flush()

    def _words(self, seconds):
        words = [f"{self.count / seconds:.2f} frames/s"]
        if self.pixels:
            words.append(f"{8 * self.bytes / self.pixels:.3f} bpp")
        if (psnr := self._psnr()) is not None:
            words.append(f"{psnr:.2f} dB")
        loads = self._loads(seconds)
        return words + [f"{what} {100 * share:.0f} %" for what, share in loads.items()]

    def _psnr(self):
        """Mean in dB, of those that were verified and are not equal to what they were made of."""
        finite = [value for value in self.decibels if math.isfinite(value)]
        return sum(finite) / len(finite) if finite else None

    def _loads(self, seconds):
        """Shares of the time in which the boards' links, to them and back, and arrays were busy,
        their average."""
        kinds = {"link to": "send", "link back": "fetch", "array": "compute"}
        return {
            name: sum(self.times.busy(who, what) for who in range(self.boards))
            / self.boards / seconds
            for name, what in kinds.items()
        }

    def summary(self):
        """For the file."""
        seconds = max(self._ended - self._begun, 1e-9)
        return {
            "frames": self.count, "skipped": self.skipped, "boards": self.boards,
            "seconds": seconds, "frames_per_s": self.count / seconds, "bytes": self.bytes,
            "bpp": 8 * self.bytes / self.pixels if self.pixels else None,
            "verified": len(self.decibels),
            "psnr": self._psnr(),
            "coder_seconds": self.coding,
            **{f"{name.replace(' ', '_')}_load": share
               for name, share in self._loads(seconds).items()},
            "arrays_kept_busy": [self.times.kept_busy(board) for board in range(self.boards)],
        }

    def print(self, folder):
        skipped = f", {self.skipped} were there already" if self.skipped else ""
        print(f"{self.count} results in {folder}{skipped}")
        if self.count:
            print(", ".join(self._words(max(self._ended - self._begun, 1e-9))))
