"""`python -m litelic.host.bench`, on boards that are not there."""

import json

import pytest

from litelic.host.bench import command, page, results
from litelic.host.bench.rows import ROWS
from tests.host.bench import fakes
from tests.host.bench.conftest import SMALL_ROWS


def test_it_lists_rows(capsys):
    assert command.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [row.name for row in ROWS]
    assert [line.endswith("(quick)") for line in lines] == [row.quick for row in ROWS]
    assert command.main(["--list", "--quick", "--row", "2048x1365"]) == 1
    assert "no row has '2048x1365' in its name" in capsys.readouterr().err


def test_it_measures_all_rows(fake_boards, tmp_path, capsys, entries):
    path = tmp_path / "new" / "engine.json"
    assert command.main(["--output", str(path)]) == 0
    stored = results.load(path)
    revision = stored[0]["revision"]
    assert stored == [entry | {"revision": revision} for entry in entries]
    out = capsys.readouterr().out
    for row in SMALL_ROWS:
        assert row.name in out
    assert "float PyTorch on this CPU: 0.5 s, threads: 2" in out


def test_a_rows_command_measures_it_alone(fake_boards, tmp_path):
    path = tmp_path / "engine.json"
    for number, row in enumerate(reversed(SMALL_ROWS)):
        arguments = row.command.split()[3:]
        assert command.main([*arguments, "--output", str(path)]) == 0
        assert len(results.load(path)) == number + 1
    assert [results.key_of(entry) for entry in results.load(path)] == [
        tuple(row.key[name] for name in results.KEY) for row in SMALL_ROWS
    ]


def test_quick_measures_the_quick_rows(fake_boards, tmp_path):
    path = tmp_path / "engine.json"
    assert command.main(["--quick", "--output", str(path)]) == 0
    assert {(e["width"], e["height"]) for e in results.load(path)} == {(16, 8)}


def test_an_interruption_keeps_what_is_finished(fake_boards, tmp_path, monkeypatch, capsys):
    path = tmp_path / "engine.json"
    analyse = fakes.FakeEngine.analyse

    def interrupted(engine, pixels):
        if pixels.shape[0] == 24:
            raise KeyboardInterrupt
        return analyse(engine, pixels)

    monkeypatch.setattr(fakes.FakeEngine, "analyse", interrupted)
    assert command.main(["--output", str(path)]) == 130
    assert len(results.load(path)) == 2
    assert capsys.readouterr().err == "litelic: interrupted\n"


def test_wrong_bytes_are_kept_and_fail(fake_boards, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fakes.FakeEngine, "spoil", True)
    path = tmp_path / "engine.json"
    assert command.main(["--quick", "--output", str(path)]) == 1
    assert [entry["bit_exact"] for entry in results.load(path)] == [False, False]
    out, err = capsys.readouterr()
    assert out.count("The result DIFFERS from the golden model's.") == 2
    assert "differ from the golden model's in 2 of 2 rows" in err and SMALL_ROWS[0].name in err


def test_the_checkouts_page_follows_its_results(fake_boards, tmp_path, monkeypatch):
    path, shown = tmp_path / "engine.json", []
    monkeypatch.setattr(command, "results_file", lambda: path)
    monkeypatch.setattr(page, "update", lambda entries: shown.append(len(entries)))
    assert command.main([]) == 0
    assert shown == [1, 2, 3, 4]
    assert command.main(["--output", str(path)]) == 0
    assert len(shown) == 4


def test_missing_torch_is_told(fake_boards, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command.float_time, "available", lambda: False)
    monkeypatch.setattr(command.float_time, "measure", lambda *_: None)
    path = tmp_path / "engine.json"
    assert command.main(["--quick", "--output", str(path)]) == 0
    assert "torch is not installed (make install-test does it)" in capsys.readouterr().out
    assert all(entry["float_pytorch"] is None for entry in results.load(path))


@pytest.mark.parametrize("content", ("nonsense", json.dumps([{"model": "x"}])))
def test_a_file_it_cannot_keep_is_found_before_the_work(
    fake_boards, tmp_path, monkeypatch, capsys, content
):
    path = tmp_path / "engine.json"
    path.write_text(content)
    monkeypatch.setattr(command, "run", None)
    assert command.main(["--output", str(path)]) == 1
    assert capsys.readouterr().err.startswith("litelic: error: ")
    assert path.read_text() == content
