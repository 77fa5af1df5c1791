"""What the figures were taken with."""

import subprocess

import pytest

from litelic.host.bench import machine
from litelic.host.errors import LitelicError


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with one commit in place of the checkout."""

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", tmp_path, *identity, *arguments], check=True,
                       capture_output=True)

    (tmp_path / "accel").mkdir()
    (tmp_path / "accel" / "a.py").write_text("1")
    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    monkeypatch.setattr(machine, "checkout", lambda: tmp_path)
    return tmp_path


def test_a_changed_source_is_marked_and_a_changed_page_is_not(repository):
    clean = machine.revision()
    assert len(clean) == 12 and not set(clean) - set("0123456789abcdef")
    (repository / "docs").mkdir()
    (repository / "docs" / "performance.md").touch()
    assert machine.revision() == clean
    (repository / "accel" / "a.py").write_text("2")
    assert machine.revision() == clean + "+"


def test_outside_of_git_it_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(machine, "checkout", lambda: tmp_path)
    assert machine.revision() == "unknown"

    def none():
        raise LitelicError("there is no checkout")

    monkeypatch.setattr(machine, "checkout", none)
    assert machine.revision() == "unknown"


def test_the_cpus_name(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A CPU @ 3 GHz\nprocessor\t: 1\n")
    assert machine.cpu_name(cpuinfo) == "A CPU @ 3 GHz"
    assert machine.cpu_name(tmp_path / "missing")
