"""Other machines than this one: newer Pythons, and a big-endian machine under QEMU.

Each is a command that runs Python there, with NumPy and Pillow and no more: what decoding needs.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("numpy", "pillow", "pyserial")
NEWER = ("3.12", "3.13", "3.14")
DEBIAN = ("python3-numpy", "python3-pil", "python3-serial")


def _run(*command, **options):
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if run.returncode:
        pytest.skip(f"{command[0]} failed: {run.stderr.strip()[-300:]}")
    return run.stdout


def _sources(folder):
    """A folder in which this checkout is called `litelic`."""
    link = folder / "sources" / "litelic"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(ROOT)
    return link.parent


def newer_python(version, folder):
    """(command, environment) of another Python, in a virtual environment of its own.

    Interpreters are looked for on the PATH, and as LITELIC_PYTHON_3_13 and the like.
    """
    name = f"python{version}"
    found = os.environ.get(f"LITELIC_PYTHON_{version.replace('.', '_')}") or shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not here")
    _run(found, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    if not python.exists() or _run(python, "-c", "import sys; print(sys.version)")[:4] != version:
        pytest.skip(f"{found} is no Python {version}")
    _run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", *PACKAGES)
    return [python], {"PYTHONPATH": str(_sources(folder))}


def big_endian(folder):
    """(command, environment) of Debian's Python for s390x, a big-endian machine, under QEMU."""
    qemu = shutil.which("qemu-s390x-static") or shutil.which("qemu-s390x")
    if not qemu or not shutil.which("apt-get"):
        pytest.skip("qemu-s390x is not here: apt-get install qemu-user-static")
    state, root = folder / "apt", folder / "root"
    for part in ("lists/partial", "archives/partial"):
        (state / part).mkdir(parents=True)
    (state / "status").touch()
    options = [
        option for setting in (
            "APT::Architecture=s390x", "APT::Architectures=s390x", f"Dir::State={state}",
            f"Dir::State::status={state}/status", f"Dir::Cache={state}", "APT::Sandbox::User=root",
            f"Dir::Cache::archives={state}/archives",
        ) for option in ("-o", setting)
    ]
    _run("apt-get", *options, "update")
    install = ("install", "-y", "--no-install-recommends", "--download-only")
    _run("apt-get", *options, *install, *DEBIAN)
    packages = sorted((state / "archives").glob("*.deb"))
    for package in packages:
        _run("dpkg-deb", "-x", package, root)
    libraries = root / "usr/lib/s390x-linux-gnu"
    python, = sorted((root / "usr/bin").glob("python3.*[0-9]"))
    guest = {
        "LD_LIBRARY_PATH": f"{libraries}/blas:{libraries}/lapack",
        "PYTHONPATH": str(_sources(folder)), "PYTHONDONTWRITEBYTECODE": "1",
    }
    settings = [part for name, value in guest.items() for part in ("-E", f"{name}={value}")]
    return [qemu, "-L", root, *settings, python], {}


def describe(machine):
    """What such a machine says about itself."""
    command, environment = machine
    source = "import sys, numpy; print(sys.version.split()[0], sys.byteorder, numpy.__version__)"
    return _run(*command, "-c", source, env=os.environ | environment).strip()


def litelic(machine, *arguments):
    """Run the `litelic` command there."""
    command, environment = machine
    subprocess.run(
        [str(part) for part in (*command, "-m", "litelic.host.cli", *arguments)], check=True,
        env=os.environ | environment,
    )


HERE = ([sys.executable], {"PYTHONPATH": ""})
