"""Which boards are found, and that none is disturbed."""

import pytest

from litelic.host.cli.main import main
from litelic.host.errors import LitelicError
from litelic.host.link import discovery
from litelic.host.link.board import Board
from litelic.host.link.protocol import Frame, Request, RunState
from tests.host.link.fake_board import INFO
from tests.host.link.udp_board import UdpBoard

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
        found = list(discovery.find(urls, wait=10))
    assert [board.url for board in found] == [one.url, other.url]
    assert not found[0].info.busy


def test_a_board_that_somebody_works_with_is_not_disturbed():
    with UdpBoard() as remote, Board.open(remote.url) as board:
        remote.board.run_cycles = 1 << 50
        board.start(0, 1)
        before = len(remote.board.requests)
        assert discovery.look(remote.url, wait=10).info.busy
        ((_, info),) = discovery.answering(["127.0.0.1"], WAIT, port_of(remote.url)).items()
        assert info.busy
        assert {frame.type for frame, _ in remote.board.requests[before:]} == {Request.DISCOVER}
        board.ping()
        assert remote.board.runs[0].state == RunState.ACTIVE
    with UdpBoard() as remote:
        Board.open(remote.url).close()
        assert not discovery.look(remote.url, wait=10).info.busy


def test_the_command_says_who_is_busy(capsys):
    with UdpBoard() as remote, Board.open(remote.url):
        assert main(["devices", remote.url]) == 0
    assert "busy" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [
    lambda request: Frame(request.type, request.sequence, request.address + 1),
    lambda request: Frame(Request.PING, request.sequence, request.address),
], ids=("number", "type"))
def test_what_answers_something_else_is_no_board(wrong):
    with UdpBoard() as remote:
        model = remote.board
        model.serve_discover = lambda request: model.answer(wrong(request), model.info(False))
        assert discovery.look(remote.url, wait=WAIT) is None
        assert not discovery.answering(["127.0.0.1"], WAIT, port_of(remote.url))


def test_what_describes_itself_otherwise_is_no_board():
    with UdpBoard() as remote:
        remote.board.info = lambda busy: b"a printer"
        assert discovery.look(remote.url, wait=WAIT) is None
        assert not discovery.answering(["127.0.0.1"], WAIT, port_of(remote.url))


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
