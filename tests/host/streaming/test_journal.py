"""What is done is known, whenever a stream was cut off."""

import random

import pytest

from litelic.host.errors import LitelicError
from litelic.host.streaming.journal import NAME, Journal

ABOUT = {"stream": "encoded", "program": "ab"}


def begun(folder, count):
    with Journal(folder, ABOUT) as journal:
        for i in range(count):
            journal.add(f"picture {i}", bytes=i)


def test_a_stream_goes_on_where_it_was(tmp_path):
    begun(tmp_path, 3)
    with Journal(tmp_path, ABOUT, resume=True) as journal:
        assert list(journal.done) == ["picture 0", "picture 1", "picture 2"]
        assert journal.done["picture 2"]["bytes"] == 2
        journal.add("picture 3")
    with Journal(tmp_path, ABOUT, resume=True) as journal:
        assert len(journal.done) == 4


def test_to_resume_nothing_is_to_begin(tmp_path):
    with Journal(tmp_path, ABOUT, resume=True) as journal:
        assert not journal.done


def test_one_without_results_is_begun_anew(tmp_path):
    """As after a source that could not be read."""
    begun(tmp_path, 0)
    with Journal(tmp_path, ABOUT | {"program": "cd"}) as journal:
        journal.add("picture 0")
    with Journal(tmp_path, ABOUT | {"program": "cd"}, resume=True) as journal:
        assert list(journal.done) == ["picture 0"]


def test_a_folder_with_a_stream_is_not_begun_anew(tmp_path):
    begun(tmp_path, 2)
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(LitelicError, match="2 results of it: go on with it .--resume."):
        Journal(tmp_path, ABOUT)
    with pytest.raises(LitelicError, match="something else .program differ"):
        Journal(tmp_path, ABOUT | {"program": "cd"}, resume=True)
    assert (tmp_path / NAME).read_bytes() == before


def test_cut_off_anywhere_whole_lines_count(tmp_path, seed):
    begun(tmp_path, 5)
    data = (tmp_path / NAME).read_bytes()
    chance = random.Random(seed)
    for length in sorted(chance.sample(range(len(data) + 1), 40)) + [len(data)]:
        (tmp_path / NAME).write_bytes(data[:length])
        with Journal(tmp_path, ABOUT, resume=True) as journal:
            assert len(journal.done) == max(0, data[:length].count(b"\n") - 1)
            journal.add("another")
        with Journal(tmp_path, ABOUT, resume=True) as journal:
            assert "another" in journal.done


@pytest.mark.parametrize("garbage", (b"\xff\xfe\n", b"[1]\n", b'{"no": "name"}\n', b"{}"))
def test_what_is_no_line_ends_it(tmp_path, garbage):
    begun(tmp_path, 2)
    with open(tmp_path / NAME, "ab") as file:
        file.write(garbage + b'{"name": "behind"}\n')
    with Journal(tmp_path, ABOUT, resume=True) as journal:
        assert list(journal.done) == ["picture 0", "picture 1"]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(LitelicError, match="stream.jsonl"):
        Journal(tmp_path, ABOUT)
    with pytest.raises(LitelicError, match="cannot write"):
        Journal(tmp_path / "missing", ABOUT)
