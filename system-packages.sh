#!/bin/bash
# Installs the Debian packages that LiteLIC needs and that are missing. Without root it installs
# nothing: it prints the command that does, and fails. Usage: system-packages.sh [PYTHON]
set -euo pipefail
cd "$(dirname "$0")"

python=${1:-python3}
log=build/system-packages.log
missing=()

need() {  # need PACKAGE COMMAND...: the package is missing when the command fails
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

need python3                  command -v "$python"
need python3-venv             "$python" -c 'import ensurepip, venv'
need g++                      command -v g++                      # compiles the simulation
need make                     command -v make                     # drives both compilers
need verilator                command -v verilator                # simulates the SoC
need gcc-riscv64-unknown-elf  command -v riscv64-unknown-elf-gcc  # compiles the firmware

[ ${#missing[@]} -gt 0 ] || exit 0

install="apt-get install --yes --no-install-recommends ${missing[*]}"
if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]} (names of Debian packages)." >&2
    echo "Install what your system calls them, then run make again." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "Missing Debian packages. Run this once, then make again:" >&2
    echo "  sudo $install" >&2
    exit 1
fi

echo "Installing Debian packages: ${missing[*]} ..."
mkdir -p build
export DEBIAN_FRONTEND=noninteractive
# The package lists of a fresh machine are empty or old: fetch them when the install needs it.
if ! $install >"$log" 2>&1 && ! { apt-get update && $install; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "The Debian packages could not be installed. The whole log: $log" >&2
    exit 1
fi
