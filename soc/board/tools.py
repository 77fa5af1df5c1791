"""The tools that make bitstreams: which there are, and how to get those that miss."""

import os
import shutil
from pathlib import Path

from litelic.host.area.tools import NEXTPNR_ECP5, YOSYS, TooLong, run, run_program, version
from litelic.host.errors import LitelicError

ECPPACK = ("yowasp-ecppack", "ecppack")
LOADER = "openFPGALoader"

__all__ = ["ECPPACK", "LOADER", "NEXTPNR_ECP5", "YOSYS", "TooLong", "loader", "openxc7", "run",
           "run_program", "version", "vivado"]


def vivado():
    """Vivado's path. Raises `LitelicError` without one."""
    path = shutil.which("vivado")
    if not path:
        raise LitelicError(
            "vivado is missing: install AMD Vivado ML Standard (free of charge for this FPGA) and "
            "source its settings64.sh")
    return path


def loader():
    """openFPGALoader's path. Raises `LitelicError` without one."""
    path = shutil.which(LOADER)
    if not path:
        raise LitelicError(f"{LOADER} is missing: apt-get install openfpgaloader")
    return path


def openxc7(device, family):
    """Paths of the open tools for the 7 series: {name: path}, and [what is missing, in words].

    device, family : of prjxray, as `xc7a35tcsg324-1` and `artix7`.
    """
    found, absent = {}, []
    for name in ("nextpnr-xilinx", "fasm2frames", "xc7frames2bit"):
        found[name] = shutil.which(name)
        if not found[name]:
            absent.append(f"{name}, a program on PATH")
    chip = device.split("-")[0]
    for name, variable, where, text in (
        ("chipdb", "CHIPDB", f"{chip}.bin", "nextpnr-xilinx's chip database"),
        ("prjxray", "PRJXRAY_DB_DIR", f"{family}/{device}/part.yaml", "prjxray's database"),
    ):
        folder = os.environ.get(variable, "")
        path = Path(folder) / where
        found[name] = path
        if not folder:
            absent.append(f"{text}: set {variable} to the folder that has {where}")
        elif not path.exists():
            absent.append(f"{text}: {path} is not there ({variable})")
    return found, absent
