"""The firmware, compiled for the build machine with sanitizers, and a model of its hardware."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FIRMWARE = REPOSITORY / "firmware"
HOST = Path(__file__).parent / "host"
BUILD_FOLDER = REPOSITORY / "build" / "firmware-host"

LEFT_OUT = {"main", "isr"}  # of the firmware: what only its CPU can run
MODEL = ("link_model.c", "engine_model.c", "power.c")

SANITIZE = "-fsanitize=address,undefined"
# Names that come twice: variables of the firmware get sections of their own (power.c).
RENAMED = ("--rename-section", ".data=firmware_data", "--rename-section", ".bss=firmware_bss")


@dataclass(frozen=True)
class Variant:
    """How to compile.

    defines  : of host/include/generated, and of the programs.
    options  : of the compiler, for everything.
    link     : more of them, for the last step.
    firmware : the folder that it is in.
    """

    defines: tuple = ()
    compiler: str = "gcc"
    options: tuple = (SANITIZE, "-fno-sanitize-recover=all")
    link: tuple = ()
    firmware: Path = FIRMWARE


SANITIZED = Variant()
BARE = Variant(("BARE",))  # neither accelerator nor analyzer
GUARDED = Variant(("SECRET",))  # hosts have to know a secret


def build(program, variant=SANITIZED):
    """Compile host/`program`.c with firmware and model, unless that was done; returns its path.

    What else of host/ it needs, its first line says: `// with: a.c b.c`.
    """
    parts = [*MODEL, f"{program}.c", *_companions(program)]
    common = ["-O1", "-g", "-fno-omit-frame-pointer", "-std=gnu11", "-fno-common", "-Wall",
              "-Wextra", "-Wshadow", "-Werror", *(f"-D{name}" for name in variant.defines),
              *variant.options, "-isystem", HOST / "include"]
    key = _key(parts, variant, [variant.compiler, *common, *variant.link, *RENAMED])
    folder = BUILD_FOLDER / f"{program}-{key}"
    if not (folder / program).exists():
        BUILD_FOLDER.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=BUILD_FOLDER))
        try:
            _compile(work, program, parts, variant, common)
            with contextlib.suppress(OSError):  # another process has built the same meanwhile
                os.replace(work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return folder / program


def _compile(work, program, parts, variant, common):
    objects = []
    library = variant.firmware / "libc"
    for source in _sources(variant.firmware):
        target = work / f"{source.stem}.o"
        _run(variant.compiler, *common, "-ffreestanding", "-I", variant.firmware, "-I", library,
             "-include", HOST / "rename.h", "-c", source, "-o", target, folder=work)
        _run("objcopy", *RENAMED, target, folder=work)
        objects.append(target)
    _run(variant.compiler, *common, *variant.link, *(HOST / part for part in parts), *objects,
         "-o", work / program, folder=work)


def _sources(firmware):
    """Those that its Makefile names, so that none is forgotten."""
    makefile = (firmware / "Makefile").read_text().replace("\\\n", " ")
    names = re.search(r"^LITELIC *=(.*)$", makefile, re.MULTILINE)[1].split()
    names = [name.removesuffix(".o") for name in names]
    return [
        next(path for path in (firmware / f"{name}.c", firmware / "libc" / f"{name}.c")
             if path.exists())
        for name in names if name not in LEFT_OUT
    ]


def _companions(program):
    first = (HOST / f"{program}.c").read_text().splitlines()[0]
    return first.removeprefix("// with:").split() if first.startswith("// with:") else []


def _key(parts, variant, options):
    """Of everything that ends up in a program."""
    digest = hashlib.sha256(repr([str(option) for option in options]).encode())
    files = [*variant.firmware.rglob("*.[ch]"), variant.firmware / "Makefile",
             *HOST.rglob("*.h"), *(HOST / part for part in parts)]
    for path in sorted(files):
        digest.update(path.name.encode() + path.read_bytes())
    version = subprocess.run([options[0], "--version"], capture_output=True, check=True).stdout
    digest.update(version)
    return digest.hexdigest()[:16]


def _run(*command, folder):
    words = [str(part) for part in command]
    run = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, f"{command[0]} failed:\n{run.stderr[-4000:]}"
