"""The repository's folders are `litelic.<folder>`, in a wheel and in an editable install alike."""

import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("accel", "firmware", "host", "soc", "targets")
FILES = ("LICENSE", "README.md", "pyproject.toml", "setup.py")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of what is packaged, so that building leaves nothing in the real tree."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in FILES:
        shutil.copy(ROOT / name, copy)
    for name in FOLDERS:
        caches = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / name, copy / name, ignore=caches)
    return copy


def build(checkout, hook):
    """Call one of setuptools' build hooks, `build_wheel` or `build_editable`; give the wheel."""
    code = f"from setuptools import build_meta; print(build_meta.{hook}('dist'))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return checkout / "dist" / run.stdout.splitlines()[-1]


def install(wheel, folder):
    """A bare environment with nothing but the wheel in it; gives its Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    site_packages = next(folder.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site_packages)
    return folder / "bin" / "python"


def source_of(python, module):
    """The file that `python` imports `module` from, seen from a folder that is not ours."""
    code = f"import {module}; print({module}.__file__)"
    run = subprocess.run([python, "-c", code], cwd="/", capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return Path(run.stdout.strip())


@pytest.fixture(scope="module")
def wheel(checkout):
    return build(checkout, "build_wheel")


def test_wheel_holds_every_file(checkout, wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("litelic/")}
    expected = {
        f"litelic/{path.relative_to(checkout).as_posix()}"
        for name in FOLDERS
        for path in (checkout / name).rglob("*")
        if path.is_file()
    }
    assert {f"litelic/{name}/__init__.py" for name in FOLDERS} <= expected
    expected = expected - {"litelic/host/top/__init__.py"} | {"litelic/__init__.py"}
    assert packed == expected


def test_every_folder_of_python_files_is_a_package(checkout):
    folders = {path.parent for name in FOLDERS for path in (checkout / name).rglob("*.py")}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").exists()]


def test_wheel_declares_the_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        entry_points = next(n for n in archive.namelist() if n.endswith("entry_points.txt"))
        assert "litelic = litelic.host.cli.main:main" in archive.read(entry_points).decode()


def test_wheel_is_imported_from_where_it_is_installed(wheel, tmp_path):
    python = install(wheel, tmp_path / "environment")
    assert source_of(python, "litelic.host.errors").is_relative_to(tmp_path / "environment")


def test_editable_install_follows_the_checkout(checkout, tmp_path):
    python = install(build(checkout, "build_editable"), tmp_path / "environment")
    assert source_of(python, "litelic.host.errors") == checkout / "host/errors.py"
    late = checkout / "host" / "late"
    late.mkdir()
    (late / "__init__.py").touch()
    try:
        assert source_of(python, "litelic.host.late") == late / "__init__.py"
    finally:
        shutil.rmtree(late)


def names(requirements):
    """Package names as in the index: `PyYAML>=6; marker` is `pyyaml`."""
    return {line.split(";")[0].split("=")[0].split(">")[0].strip().lower() for line in requirements}


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all("==" in pin for pin in pins)
    wanted = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    assert not names(wanted) - names(pins)


def test_the_demo_installs_neither_torch_nor_compressai():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not names(project["dependencies"]) & {"torch", "torchvision", "compressai"}
