"""What is taken for an answer and what is not, and lines that break."""

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import RESPONSE, RESPONSE_ERROR, ErrorCode, Frame, Request, decode
from litelic.host.link.requests import SILENCE_SECONDS, BoardError, Requests
from tests.host.link.echo import KEY, Echo, answer_to, connect, some
from tests.host.link.fake_line import FakeLine, Hits, passes

# Answers that are none ----------------------------------------------------------------------------


def test_a_late_answer_is_not_the_next_requests():
    """Not even if the numbers have gone round; whoever asked to be told is told."""
    heard = []
    line, requests = connect(heard.append)
    for kind, address, key in (
        (Request.READ, 8, 1), (Request.READ, 8, 2), (Request.READ, 12, 2), (Request.WRITE, 12, 2),
    ):
        before = len(heard)
        line.to_host = lambda data: [(0, data), (0.01, data)]
        frame = Frame(kind, 7, address, key)
        assert requests.one(frame) == answer_to(frame)
        # The copy comes while the next one waits.
        line.to_host = lambda data: [(0.02, data)]
        following = Frame(Request.PING, 8, 0, 5)
        assert requests.one(following) == answer_to(following)
        assert heard[before:] == [answer_to(frame)]


@pytest.mark.parametrize("change", [
    {"type": Request.WRITE}, {"address": 12}, {"key": 2}, {"sequence": 8},
], ids=lambda change, *_: next(iter(change)))
@pytest.mark.parametrize("refused", (False, True))
def test_what_does_not_belong_to_a_request(change, refused):
    """An answer, or a refusal, of which one thing is another."""
    line, requests = connect()
    asked = Frame(Request.READ, 7, 8, 1)
    other = Frame(**{"type": asked.type, "sequence": 7, "address": 8, "key": 1} | change)
    wrong = answer_to(other)
    if refused:
        wrong = Frame(RESPONSE_ERROR, other.sequence, other.address, other.key,
                      bytes([ErrorCode.WINDOW, other.type, 0, 0, 0, 0, 0, 0]))
    line.to_host = Hits(asked.type | RESPONSE, 1, lambda data: [(0, wrong.encode()), (0, data)])
    assert requests.one(asked) == answer_to(asked)


def test_another_versions_answer_is_none():
    line, requests = connect()
    asked = Frame(Request.PING, 7)
    wrong = Frame(Request.PING | RESPONSE, 7, version=3)
    line.to_host = Hits(wrong.type, 1, lambda data: [(0, wrong.encode()), (0, data)])
    assert requests.one(asked) == answer_to(asked)


def test_a_refusal_has_the_boards_words():
    line, requests = connect()
    words = bytes([ErrorCode.WINDOW, Request.READ, 0, 0, 0x78, 0x56, 0x34, 0x12]) + b"no window"
    refusal = Frame(RESPONSE_ERROR, 3, 12, KEY, words).encode()
    line.to_host = lambda data: [
        (0, refusal if decode(data)[0].sequence == 3 else data)]
    with pytest.raises(BoardError, match=r"the board says: no window \(error 13\)") as caught:
        list(requests.all(iter(some(10))))
    assert (caught.value.code, caught.value.detail) == (ErrorCode.WINDOW, 0x12345678)
    assert requests.one(Frame(Request.PING, 99)).sequence == 99


# Lines that break ---------------------------------------------------------------------------------


@pytest.mark.parametrize("patience", (1, 30))
def test_silence_is_an_error(patience):
    """From the last answer on, whoever it was for."""
    line, requests = connect(patience=patience)
    line.to_board = lambda data: passes(data) if decode(data)[0].sequence <= 30 else []
    last = None
    with pytest.raises(LitelicError, match="fake does not answer any more"):
        for _ in requests.all(iter(some(60))):
            last = line.clock.now
    waited = line.clock.now - last
    assert waited == pytest.approx(patience * SILENCE_SECONDS, abs=0.01)


def test_listening_takes_what_comes():
    heard = []
    line, requests = connect(heard.append)
    requests.listen(5)
    assert line.clock.now == pytest.approx(1005, abs=0.01) and not heard
    told = Frame(Request.RUN | RESPONSE, 0)
    line.deliver(told)
    requests.listen(5)
    assert heard == [told] and line.clock.now < 1006


class Broken(FakeLine):
    """It is lost; the other side may have said why."""

    def send(self, data):
        raise LitelicError("the connection was lost")


@pytest.mark.parametrize("said, words", [
    (b"", "was lost"), (b"LITELIC BUSY another client\n", "busy with another client"),
])
def test_why_a_line_was_lost(said, words):
    line = Broken(Echo(), datagrams=False)
    line._on_its_way(said, True)
    line.clock.sleep(1)
    with pytest.raises(LitelicError, match=words):
        Requests(line, clock=line.clock.monotonic).one(Frame(Request.PING, 1))


def test_a_line_that_is_somebody_elses():
    line, requests = connect(datagrams=False)
    line.to_host = lambda data: [(0, b"LITELIC BUSY another client\n")]
    with pytest.raises(LitelicError, match="busy with another client"):
        requests.one(Frame(Request.PING, 1))
