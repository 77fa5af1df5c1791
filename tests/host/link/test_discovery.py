"""Which boards are found, and that none is disturbed."""

import pytest

from litelic.host.cli.main import main
from litelic.host.errors import LitelicError
from litelic.host.link import discovery
from litelic.host.link.protocol import Frame, Request, RunState
from tests.host.link.fake_board import INFO
from tests.host.link.test_udp import UdpBoard

WAIT = 0.3


def port_of(url):
    return int(url.rsplit(":", 1)[1])


def test_a_board_among_many_addresses():
    addresses = discovery.parse_network("127.0.0.0/28")
    with UdpBoard() as remote:
        found = list(discovery.find([], addresses, wait=WAIT, udp_port=port_of(remote.url)))
    assert [(board.url, board.info.target) for board in found] == [(remote.url, "fake")]


def test_urls_are_asked_one_by_one():
    with UdpBoard() as one, UdpBoard() as other:
        urls = [one.url, "socket://localhost:1", "udp://127.0.0.1:9", other.url, "/dev/nothing"]
        found = list(discovery.find(urls, wait=WAIT))
    assert [board.url for board in found] == [one.url, other.url]


def test_a_board_that_computes_is_not_disturbed(capsys):
    with UdpBoard() as remote:
        remote.board.serve_ping = lambda request: remote.board.answer(
            request, RunState.ACTIVE << 16 | 7, 3
        )
        assert discovery.look(remote.url, wait=WAIT) == discovery.Found(remote.url, None)
        assert main(["devices", remote.url]) == 0
    assert {request.type for request in remote.board.requests} == {Request.PING}
    assert f"{remote.url}" in capsys.readouterr().out


def test_what_answers_something_else_is_no_board():
    with UdpBoard() as remote:
        remote.board.serve_ping = lambda request: remote.board.answer(
            Frame(request.type, request.sequence ^ 1)
        )
        assert discovery.look(remote.url, wait=WAIT) is None
        addresses = ["127.0.0.1"]
        assert not discovery.answering(addresses, WAIT, port_of(remote.url))


@pytest.mark.parametrize("outputs, words", [(4, "100 MHz"), (3, "unknown")])
def test_the_command(capsys, monkeypatch, outputs, words):
    """Also with a board whose array this version does not know."""
    monkeypatch.setattr(
        "tests.host.link.fake_board.INFO", INFO.replace("outputs=2", f"outputs={outputs}")
    )
    with UdpBoard() as remote:
        assert main(["devices", remote.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[1].split()[:2] == [remote.url, "fake"]
    assert words in lines[1]


def test_no_board(capsys):
    assert main(["devices", "socket://localhost:1"]) == 1
    assert "no board answers" in capsys.readouterr().err


@pytest.mark.parametrize("text, count", [
    ("192.168.1.0/24", 254), ("192.168.1.77/24", 254), ("10.0.0.1/32", 1), ("10.0.0.0/31", 2),
])
def test_networks(text, count):
    assert len(discovery.parse_network(text)) == count


@pytest.mark.parametrize("text, words", [
    ("192.168.1.0/8", "at most a /22"), ("1.2.3/24", "no IPv4 network"), ("1.2.3.4/x", "no IPv4"),
])
def test_what_is_no_network(text, words, capsys):
    with pytest.raises(LitelicError, match=words):
        discovery.parse_network(text)
    assert main(["devices", text]) == 1
    assert capsys.readouterr().err.startswith("litelic: error: ")
