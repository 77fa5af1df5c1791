import os

import pytest

from litelic.host.atomic import atomic_path, make_folder, write_atomically
from litelic.host.errors import LitelicError


def test_writing_replaces_the_whole_file(tmp_path):
    path = tmp_path / "x.lic"
    for data in (b"first", b"second"):
        write_atomically(path, data)
        assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o600 == 0o600


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x.lic"
    path.write_bytes(b"old")
    for error in (KeyboardInterrupt, ValueError):
        with pytest.raises(error):
            with atomic_path(path) as temporary:
                temporary.write_bytes(b"half")
                raise error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(LitelicError, match="cannot write .*nowhere"):
        write_atomically(tmp_path / "nowhere" / "x.lic", b"")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(LitelicError, match="cannot write"):
        write_atomically(folder, b"data")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "x.lic", tmp_path / "link.lic"
    link.symlink_to(target)
    for data in (b"new", b"newer"):
        write_atomically(link, data)
        assert link.is_symlink() and target.read_bytes() == data
    assert list(target.parent.iterdir()) == [target]


def test_a_device_is_not_replaced(tmp_path):
    device = tmp_path / "device"
    os.mkfifo(device)
    with pytest.raises(LitelicError, match="not a file"):
        write_atomically(device, b"data")
    assert device.is_fifo()


def test_a_folder_is_made_or_refused(tmp_path):
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    for place in ("file", "file/below"):
        with pytest.raises(LitelicError, match="cannot make the folder"):
            make_folder(tmp_path / place)
