"""`litelic stream`, without a board: same files as one by one, and what happens at its ends."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from litelic.host.cli.main import main
from litelic.host.codec import pictures


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    chance = np.random.default_rng(5)
    for i, size in enumerate(((32, 48), (16, 16), (40, 33), (64, 16))):
        pixels = chance.integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"p{i}.png")
    return folder


@pytest.fixture(scope="module")
def coded(photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("coded")
    assert main(["stream", str(photos), str(folder), "--golden", "--coders", "2"]) == 0
    return folder


def test_the_files_are_those_of_encode(photos, coded, tmp_path):
    for path in sorted(photos.iterdir()):
        alone = tmp_path / f"{path.stem}.lic"
        assert main(["encode", str(path), str(alone), "--golden"]) == 0
        assert (coded / alone.name).read_bytes() == alone.read_bytes()


def test_the_summary(photos, coded):
    summary = json.loads((coded / "stream.json").read_text())
    sizes = [path.stat().st_size for path in coded.glob("*.lic")]
    assert summary["frames"] == 4 and summary["bytes"] == sum(sizes) and summary["skipped"] == 0
    assert summary["stream"] == "encoded" and summary["source"] == str(photos)


def test_back_again(photos, coded, tmp_path, capsys):
    command = ["stream", str(coded), "--decode", str(tmp_path), "--golden", "--coders", "1"]
    assert main([*command, "--verify", "2"]) == 0
    assert "4 results in" in capsys.readouterr().out
    for path in coded.glob("*.lic"):
        alone = tmp_path / "alone.png"
        assert main(["decode", str(path), str(alone), "--golden", "--force"]) == 0
        streamed = pictures.load(tmp_path / f"{path.stem}.png")
        np.testing.assert_array_equal(streamed.pixels, pictures.load(alone).pixels)


def test_it_goes_on(photos, coded, tmp_path, capsys):
    command = ["stream", str(photos), str(tmp_path), "--golden", "--coders", "1"]
    assert main([*command, "--limit", "2"]) == 0
    assert sorted(p.name for p in tmp_path.glob("*.lic")) == ["p0.lic", "p1.lic"]
    assert main(command) == 1
    assert "--resume" in capsys.readouterr().err
    os.utime(tmp_path / "p0.lic", (1, 1))
    assert main([*command, "--resume", "--timeline", str(tmp_path / "t.svg")]) == 0
    assert "2 results in" in capsys.readouterr().out
    assert (tmp_path / "p0.lic").stat().st_mtime == 1
    assert "compute" in (tmp_path / "t.svg").read_text()
    for path in coded.glob("*.lic"):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    other = ["stream", str(photos), str(tmp_path), "--golden", "--quality", "1", "--resume"]
    assert main(other) == 1
    assert "something else" in capsys.readouterr().err


def test_verification_finds_a_difference(photos, tmp_path, monkeypatch, capsys):
    """The wrong result is not kept, those before it are."""
    from litelic.host.engines.golden import GoldenEngine

    honest = GoldenEngine.stream

    def spoilt(self, names, inputs, note=None):
        for number, (x, results) in enumerate(honest(self, names, inputs, note)):
            yield x, [y + (number == 2) for y in results]

    monkeypatch.setattr(GoldenEngine, "stream", spoilt)
    command = ["stream", str(photos), str(tmp_path), "--golden", "--coders", "1"]
    assert main([*command, "--verify", "1"]) == 1
    assert "p2: the board's result differs" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.glob("*.lic")) == ["p0.lic", "p1.lic"]
    assert json.loads((tmp_path / "stream.json").read_text())["frames"] == 2


def test_a_damaged_file_ends_it_where_it_is(coded, tmp_path, capsys):
    files = tmp_path / "files"
    files.mkdir()
    for path in coded.glob("*.lic"):
        (files / path.name).write_bytes(path.read_bytes())
    (files / "p1.lic").write_bytes(b"nonsense")
    output = tmp_path / "out"
    command = ["stream", str(files), "--decode", str(output), "--golden", "--coders", "1"]
    assert main(command) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert [p.name for p in output.glob("*.png")] == ["p0.png"]


@pytest.mark.parametrize("arguments, words", [
    ([], "say where the network runs"),
    (["--golden", "--boards", "udp://a,udp://b"], "--boards takes the place"),
    (["--boards", "udp://a,udp://a"], "write different boards"),
    (["--boards", "udp://a,,udp://b"], "write different boards"),
])
def test_wrong_usage_is_told(photos, tmp_path, capsys, arguments, words):
    assert main(["stream", str(photos), str(tmp_path / "out"), *arguments]) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_stopped_by_ctrl_c_nothing_is_lost(photos, coded, tmp_path):
    """What was said to be complete is; --resume makes the rest."""
    many = tmp_path / "many"
    many.mkdir()
    data = (photos / "p3.png").read_bytes()
    for i in range(200):
        (many / f"m{i:03d}.png").write_bytes(data)
    output = tmp_path / "out"
    command = [sys.executable, "-m", "litelic.host.cli", "stream", str(many), str(output),
               "--golden", "--coders", "1"]
    # A shell starts what is to run in the background with Ctrl-C ignored, tests as well.
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    journal = output / "stream.jsonl"
    while process.poll() is None and (
        not journal.exists() or journal.read_bytes().count(b"\n") < 5
    ):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    words = process.communicate(timeout=60)[1]
    assert process.returncode == 130, words
    complete = int(words.split(" results are complete")[0].splitlines()[-1])
    done = [json.loads(line)["name"] for line in journal.read_text().splitlines()[1:]]
    assert len(done) == complete and 4 <= complete < 200 and "Traceback" not in words
    wanted = (coded / "p3.lic").read_bytes()
    assert all((output / f"{name}.lic").read_bytes() == wanted for name in done)
    subprocess.run([*command, "--resume", "--limit", str(complete + 3)], check=True)
    assert len(journal.read_text().splitlines()) == 1 + complete + 3
