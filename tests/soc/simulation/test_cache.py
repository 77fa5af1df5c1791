"""Where simulators are kept."""

from pathlib import Path

import litelic.soc
from litelic.accel.config import ACTIVATION_BITS, ArrayConfig
from litelic.soc.simulation.cache import SimulationConfig, default_build_dir, folder_of


def installed_at(monkeypatch, folder):
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(litelic.soc, "__file__", str(folder / "soc" / "__init__.py"))


def test_a_checkout_keeps_them_whatever_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "pyproject.toml").touch()
    installed_at(monkeypatch, tmp_path / "checkout")
    monkeypatch.chdir(tmp_path)
    assert default_build_dir() == tmp_path / "checkout" / "build"


def test_an_installation_keeps_them_in_the_cache(tmp_path, monkeypatch):
    installed_at(monkeypatch, tmp_path / "site-packages" / "litelic")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert default_build_dir() == tmp_path / "cache" / "litelic"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for unset in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        assert default_build_dir() == tmp_path / "home" / ".cache" / "litelic"


def test_a_named_folder_is_used():
    folder = folder_of(SimulationConfig(None), "somewhere")
    assert folder.parent == Path("somewhere").absolute() and folder.name.startswith("sim-")
    assert folder.name != folder_of(SimulationConfig(None, trace=True), "somewhere").name
    assert folder.name != folder_of(SimulationConfig(None, analyzer=True), "somewhere").name


def test_every_width_of_activations_is_a_simulator_of_its_own():
    folders = {
        folder_of(SimulationConfig(ArrayConfig(activation_bits=bits).to_dict()), "build")
        for bits in ACTIVATION_BITS
    }
    assert len(folders) == len(ACTIVATION_BITS)
