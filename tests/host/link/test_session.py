"""Sessions: how they begin and end, and who has the board."""

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link import board as boards
from litelic.host.link.access import Access
from litelic.host.link.board import ASK_SECONDS, BYE_SECONDS, HELLO_SECONDS, BoardError
from litelic.host.link.protocol import RESPONSE, ErrorCode, Frame, Request
from litelic.host.link.requests import SILENCE_SECONDS
from litelic.host.link.secret import key_of
from tests.host.link.fake_board import RUN_CYCLES, FakeBoard
from tests.host.link.fake_board import SILENCE_SECONDS as HELD_SECONDS
from tests.host.link.fake_line import FakeLine, Hits, connect, opened, passes


@pytest.fixture
def fake(clock):
    return FakeBoard(clock)


def hellos(fake):
    return [(frame.address, way) for frame, way in fake.requests if frame.type == Request.HELLO]


def lost(data):
    return []


# Beginning ----------------------------------------------------------------------------------------


def test_hello(fake):
    board = opened(fake)
    assert board.info.target == "fake" and board.info.program is None
    assert board.name == "fake"
    identity = bytes(range(32))
    board.set_program(identity)
    assert board.info.program is None and board.hello().program == identity == board.info.program
    with pytest.raises(ValueError, match="32 bytes"):
        board.set_program(b"short")


def test_ping_tells_the_boards_time(fake):
    board = opened(fake)
    first = board.ping()
    fake.clock.sleep(1)
    assert board.ping() - first == pytest.approx(100_000_000, rel=0.01)


@pytest.mark.parametrize("fate", [
    lost, lambda data: [(0, data[:-1] + b"?")], lambda data: [(0, data)] * 3,
    lambda data: [(1.2, data)],
], ids=("lost", "damaged", "tripled", "late"))
@pytest.mark.parametrize("kind", (Request.HELLO, Request.HELLO | RESPONSE))
def test_a_hello_that_does_not_come_well(fake, kind, fate):
    """It is said again, and all of them are one: the key that was told stays."""
    setattr(fake, "to_host" if kind & RESPONSE else "to_board", Hits(kind, 2, fate))
    board = opened(fake)
    assert len({nonce for nonce, _ in hellos(fake)}) == 1
    board.set_program(bytes(32))
    fake.settle()
    board.set_program(bytes(32))


def test_hello_begins_anew(fake):
    """Runs are ended and windows closed, the counting begins again."""
    board = opened(fake)
    for _ in range(3):
        board.write(0, b"data")
        fake.run_cycles = 1 << 40
        board.start(0, 1)
        board.hello()
        assert not board.running and not fake.runs
        assert board.read(0, 4) == b"data"
        fake.run_cycles = RUN_CYCLES
        assert board.run(0, 1) == RUN_CYCLES


@pytest.mark.parametrize("patience", (1, 30))
def test_nobody_answers(fake, patience):
    fake.to_board = lost
    begin = fake.clock.now
    with pytest.raises(LitelicError, match="no LiteLIC board answers on fake"):
        opened(fake, patience=patience)
    assert fake.clock.now - begin == pytest.approx(patience * HELLO_SECONDS, abs=0.01)


@pytest.mark.parametrize("patience, answers", [(1, False), (30, True)])
def test_patience_with_a_slow_simulation(fake, patience, answers):
    fake.to_host = lambda data: [(2 * HELLO_SECONDS, data)]
    if answers:
        assert opened(fake, patience=patience).info.target == "fake"
    else:
        with pytest.raises(LitelicError, match="no LiteLIC board answers"):
            opened(fake)


@pytest.mark.parametrize("version", (1, 3))
def test_another_protocol_version(clock, version):
    with pytest.raises(LitelicError, match=f"version {version} .* tool version 2: update"):
        opened(FakeBoard(clock, version=version))


def test_an_answer_to_another_hello_is_none(fake):
    wrong = Frame(Request.HELLO | RESPONSE, 0, 0x12345, 7, fake.info(False))
    fake.to_host = lambda data: [(0, wrong.encode())]
    with pytest.raises(LitelicError, match="no LiteLIC board answers"):
        opened(fake)


def test_a_board_that_refuses_hello(fake):
    fake.serve_hello = lambda request: fake.refuse(request, ErrorCode.LENGTH, 8, "too long")
    with pytest.raises(BoardError, match="too long") as caught:
        opened(fake)
    assert caught.value.code == ErrorCode.LENGTH


def test_a_board_that_describes_itself_otherwise(fake):
    fake.info = lambda busy: b"a board"
    with pytest.raises(LitelicError, match="makes no sense"):
        opened(fake)


# Two hosts ----------------------------------------------------------------------------------------


def test_another_host_waits_until_it_is_told_no(fake):
    first, second = opened(fake), connect(FakeLine(fake, way=2))
    fake.silence = 100
    with pytest.raises(LitelicError, match="another host works with this board.*--take-over"):
        second.hello()
    # It asks now and then, and not all the time.
    assert 4 < len(hellos(fake)) <= 2 + HELLO_SECONDS / ASK_SECONDS
    first.write(0, b"first come")
    assert first.read(0, 10) == b"first come"


def test_a_host_that_has_gone_is_not_waited_for(fake):
    """Its session ends when another one begins."""
    first, second = opened(fake), connect(FakeLine(fake, way=2))
    begin = fake.clock.now
    second.hello()
    assert fake.clock.now - begin == pytest.approx(HELD_SECONDS, abs=0.6)
    with pytest.raises(BoardError, match="session has ended") as caught:
        first.ping()
    assert caught.value.code == ErrorCode.SESSION
    second.write(0, b"second")
    with pytest.raises(BoardError) as caught:
        first.read(0, 4)
    assert caught.value.code == ErrorCode.SESSION
    assert second.read(0, 6) == b"second"


def test_taking_over(fake):
    first, second = opened(fake), connect(FakeLine(fake, way=2))
    fake.run_cycles = 1 << 40
    first.start(0, 1)
    begin = fake.clock.now
    second.hello(take_over=True)
    assert fake.clock.now - begin < 0.1
    with pytest.raises(BoardError) as caught:
        first.finish()
    assert caught.value.code == ErrorCode.SESSION
    fake.run_cycles = RUN_CYCLES
    assert second.run(0x100, 1) == RUN_CYCLES
    # And back again.
    first.hello(take_over=True)
    assert first.run(0x200, 1) == RUN_CYCLES


def test_the_same_host_has_it_at_once(fake):
    """It was started again, whatever it did before."""
    opened(fake)
    begin = fake.clock.now
    opened(fake).write(0, b"again")
    assert fake.clock.now - begin < 0.1


@pytest.mark.parametrize("takes_over", (False, True))
def test_open_takes_over(monkeypatch, fake, takes_over):
    fake.silence = 100
    opened(fake)
    other = FakeLine(fake, way=2)
    monkeypatch.setattr(boards, "open_transport", lambda port, baudrate: other)
    if takes_over:
        with boards.Board.open("fake", Access(take_over=True)) as board:
            assert board.info.target == "fake"
    else:
        with pytest.raises(LitelicError, match="another host"):
            boards.Board.open("fake")
    assert other.closed


# Secrets ------------------------------------------------------------------------------------------

WORDS, OTHERS = key_of("open, sesame"), key_of("open, barley")


def test_who_knows_the_secret_is_let_in(fake):
    fake.secret = WORDS
    board = connect(fake)
    for take_over in (False, True):
        assert board.hello(take_over, WORDS).target == "fake"
    assert len(hellos(fake)) == 4  # what is to be answered is asked for first


@pytest.mark.parametrize("known, words", [
    (None, "it has a secret.*LITELIC_SECRET"), (OTHERS, "those that you gave are others"),
])
def test_others_are_not(fake, known, words):
    fake.secret = WORDS
    with pytest.raises(LitelicError, match=words):
        connect(fake).hello(secret=known)


def test_a_board_without_a_secret_does_not_ask(fake):
    assert connect(fake).hello(secret=WORDS).target == "fake"
    assert len(hellos(fake)) == 1


@pytest.mark.parametrize("held", (1, 100))
def test_a_board_with_a_secret_may_be_busy(fake, held):
    """Every try has another question to answer."""
    fake.secret, fake.silence = WORDS, held
    connect(fake).hello(secret=WORDS)
    other = connect(FakeLine(fake, way=2))
    if held == 1:
        assert other.hello(secret=WORDS).target == "fake"
    else:
        with pytest.raises(LitelicError, match="another host works with this board"):
            other.hello(secret=WORDS)
        assert other.hello(True, WORDS).target == "fake"


@pytest.mark.parametrize("fate", [
    lambda data: [(0.7, data)], lambda data: [(0, data), (0.0007, data)],
], ids=("late", "doubled"))
def test_a_secret_on_a_bad_line(fake, fate):
    """A question comes twice, the second time behind the answer to the first."""
    fake.secret, fake.to_host = WORDS, fate
    assert connect(fake).hello(secret=WORDS).target == "fake"


# Ends ---------------------------------------------------------------------------------------------


def test_close_gives_the_board_free(fake):
    with opened(fake) as board:
        board.ping()
    assert fake.closed
    begin = fake.clock.now
    opened(FakeLine(fake, way=2))
    assert fake.clock.now - begin < 0.1


@pytest.mark.parametrize("way_back", (False, True))
def test_a_board_that_does_not_hear_goodbye(fake, way_back):
    """Nobody waits long for that, and nothing is raised."""
    board = opened(fake)
    setattr(fake, "to_host" if way_back else "to_board", lost)
    begin = fake.clock.now
    board.close()
    assert fake.closed and fake.clock.now - begin < 2 * BYE_SECONDS


def test_a_line_that_is_lost(fake):
    board = opened(fake)

    def gone(*_):
        raise LitelicError("the connection was lost")

    fake.send = fake.receive = gone
    for request in (board.ping, lambda: board.write(0, b"x"), lambda: board.start(0, 1)):
        with pytest.raises(LitelicError, match="was lost"):
            request()
    board.close()
    assert fake.closed


def test_close_without_a_session(fake):
    connect(fake).close()
    assert fake.closed and not fake.sent


def test_a_board_that_falls_silent(fake):
    board = opened(fake)
    fake.to_board = lost
    begin = fake.clock.now
    with pytest.raises(LitelicError, match="fake does not answer any more"):
        board.read(0, 100)
    assert fake.clock.now - begin == pytest.approx(SILENCE_SECONDS, abs=0.1)


def test_a_board_that_was_restarted(fake):
    """Its keys are gone, which hello() makes good."""
    board = opened(fake)
    fake.restart()
    with pytest.raises(BoardError, match="session has ended"):
        board.write(0, b"data")
    board.hello()
    board.write(0, b"data")
    assert fake.memory[:4] == b"data"


def test_a_window_that_is_taken_away(fake):
    """In the middle of a transfer; the hardware refuses what comes then."""
    board = opened(fake)
    serve, left = fake.serve_write, [10]

    def serve_write(request):
        left[0] -= 1
        if left[0] == 0:
            fake.restart()
        serve(request)

    fake.serve_write = serve_write
    with pytest.raises(BoardError) as caught:
        board.write(0, bytes(60_000))
    assert caught.value.code == ErrorCode.WINDOW
    fake.to_host = passes
    board.hello()
    board.write(0, bytes(60_000))
