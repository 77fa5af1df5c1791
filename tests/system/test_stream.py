"""Streams through simulated boards: the golden bytes, and everything at the same time."""

import json

import numpy as np
import pytest

from litelic.host import api
from litelic.host.cli.main import main
from litelic.host.codec import codec
from litelic.host.codec.pictures import Picture
from litelic.host.engines.golden import GoldenEngine
from litelic.host.link.simulator import Simulator
from litelic.host.program.file import save_program
from tests.host.codec.models import hyper_program


@pytest.fixture
def folder(picture, tmp_path):
    """Pictures of two sizes, in turns."""
    made = tmp_path / "pictures"
    made.mkdir()
    for i in range(7):
        picture(*((96, 64), (50, 37))[i % 2]).rename(made / f"p{i}.png")
    return made


def there_and_back(folder, tmp_path, *where, program=None):
    """Stream a folder on boards and with the golden model, and back: the same files."""
    made = {}
    for name, engine in (("board", where), ("golden", ("--golden",))):
        coded, decoded = tmp_path / f"{name}-coded", tmp_path / f"{name}-decoded"
        options = [*engine, "--coders", "1", *(("--program", str(program)) if program else ())]
        assert main(["stream", str(folder), str(coded), *options]) == 0
        assert main(["stream", str(coded), str(decoded), "--decode", *options]) == 0
        made[name] = [
            path.read_bytes() for place, kind in ((coded, "*.lic"), (decoded, "*.png"))
            for path in sorted(place.glob(kind))
        ]
    assert len(made["board"]) == 2 * len(list(folder.iterdir()))
    assert made["board"] == made["golden"]


def test_a_stream_gives_the_golden_files(simulator, folder, tmp_path):
    there_and_back(folder, tmp_path, "--port", simulator.url)
    summary = json.loads((tmp_path / "board-coded" / "stream.json").read_text())
    assert summary["frames"] == 7
    assert 0 < summary["link_back_load"] < summary["link_to_load"] < summary["array_load"]


def test_two_boards_share_it(simulator, folder, tmp_path):
    with Simulator() as other:
        there_and_back(folder, tmp_path, "--boards", f"{simulator.url},{other.url}")
    summary = json.loads((tmp_path / "board-decoded" / "stream.json").read_text())
    assert summary["boards"] == 2 and all(share > 0 for share in summary["arrays_kept_busy"])


def test_programs_whose_decoder_is_two_networks(simulator, folder, tmp_path):
    program = tmp_path / "hyper.licp"
    save_program(hyper_program(3, False), program)
    there_and_back(folder, tmp_path, "--port", simulator.url, program=program)


def test_the_array_is_given_one_picture_after_the_other(simulator, seed):
    """While one is computed, the next is sent and the one before is fetched."""
    chance = np.random.default_rng(seed)
    pictures = [Picture(chance.integers(0, 256, (64, 96, 3), dtype=np.uint8)) for _ in range(5)]
    program, model_hash = api.load_program()
    spans = {}

    def note(number, what, begin, end):
        spans[number, what] = begin, end

    with api.connect(simulator.url) as board:
        for picture, results in board.analyse_all(pictures, note):
            data = codec.pack(program, model_hash, picture, results)
            assert data == codec.encode_picture(program, model_hash, picture, GoldenEngine(program))
    for number in range(1, 5):
        before, sent, computed = spans[number - 1, "compute"], *(
            spans[number, what] for what in ("send", "compute")
        )
        assert before[0] <= sent[0] and sent[1] <= computed[0] and before[1] <= computed[0]
        assert spans[number - 1, "fetch"][0] >= spans[number, "compute"][0]
