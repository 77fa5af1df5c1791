"""The proof of a secret: the published function, and words that are kept in files and variables."""

import struct

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link import secret
from litelic.host.link.access import Access

# Of the bytes 0, 1, 2, ... with the key of the bytes 0 to 15: vectors that come with SipHash.
VECTORS = {0: 0x726FDB47DD0E0E31, 8: 0x93F5F5799A932462, 15: 0xA129CA6149BE45E5}


@pytest.mark.parametrize("length", VECTORS)
def test_siphash(length):
    assert secret.siphash(bytes(range(16)), bytes(range(length))) == VECTORS[length]


def test_the_tag_is_of_both_numbers():
    key = secret.key_of("words")
    assert secret.tag(key, 1, 2) == secret.siphash(key, struct.pack("<II", 1, 2))
    assert len({secret.tag(key, a, b) for a in range(3) for b in range(3)}) == 9
    assert secret.tag(secret.key_of("others"), 1, 2) != secret.tag(key, 1, 2)


def test_words_in_a_file(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("correct horse\n")
    assert secret.from_file(path) == secret.key_of("correct horse")
    assert len(secret.from_file(path)) == 16
    path.write_text(" \n")
    with pytest.raises(LitelicError, match="empty: put the words"):
        secret.from_file(path)
    with pytest.raises(LitelicError, match="cannot read the secret"):
        secret.from_file(tmp_path / "nothing")


def test_words_in_the_environment(monkeypatch):
    monkeypatch.delenv(secret.VARIABLE, raising=False)
    assert Access().secret is None
    monkeypatch.setenv(secret.VARIABLE, "correct horse")
    assert Access().secret == secret.key_of("correct horse")
    assert "horse" not in repr(Access()) and Access().secret.hex() not in repr(Access())
