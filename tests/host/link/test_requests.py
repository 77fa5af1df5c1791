"""When requests are sent, and when they are sent again: on a clock that nobody waits for."""

import random
from collections import Counter

import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.protocol import MAX_FRAME, Frame, Request
from litelic.host.link.requests import SHORTEST_TIMER, SMALLEST_WINDOW, Requests
from litelic.host.link.transport import SERIAL_WINDOW
from tests.host.link.echo import KEY, connect, number_of, numbered, request, some, times
from tests.host.link.fake_line import LATENCY, passes

# Good lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", (1, 4, 24))
def test_so_many_are_on_their_way_and_no_more(window):
    line, requests = connect()
    requests._window = line.window = window
    line.to_host = lambda data: [(0.1, data)]
    answers = list(requests.all(iter(some(100))))
    assert [(n, answer.sequence) for n, answer in answers] == [(n, n) for n in range(1, 101)]
    sent = [when for when, _ in line.sent]
    taken = 0.1 + 2 * LATENCY
    under_way = [sum(when - taken < other <= when for other in sent[: n + 1])
                 for n, when in enumerate(sent)]
    assert max(under_way) == window
    assert (requests.sent, requests.resent) == (100, 0)


def test_no_more_are_made_than_have_room():
    """Those that wait need no memory."""
    line, requests = connect()
    made = iter(some(1000))
    answers = requests.all(made)
    next(answers)
    assert next(made)[1] == line.window + 1


def test_answers_in_any_order():
    line, requests = connect()
    line.to_host = lambda data: [(0.5 / number_of(data), data)]
    frames = some(20, Request.PING)
    assert [n for n, _ in requests.all(iter(frames))] == list(range(20, 0, -1))
    assert requests.resent == 0


# Timers -------------------------------------------------------------------------------------------


def timer_after(trips):
    """RFC 6298's, in seconds."""
    mean = deviation = None
    for seconds in trips:
        if mean is None:
            mean, deviation = seconds, seconds / 2
        else:
            deviation = 0.75 * deviation + 0.25 * abs(seconds - mean)
            mean = 0.875 * mean + 0.125 * seconds
    return max(SHORTEST_TIMER, mean + 4 * deviation)


def gaps(line, sequence):
    sent = times(line)[sequence]
    return [after - before for before, after in zip(sent, sent[1:])]


@pytest.mark.parametrize("trips", [
    (0.01,), (0.3,), (0.3,) * 20, (0.1, 0.2, 0.15, 0.29, 0.4, 0.1),
], ids=lambda trips: f"{len(trips)} up to {max(trips)}")
def test_a_timer_follows_the_round_trips(trips):
    line, requests = connect(silence_seconds=10_000)
    for n, seconds in enumerate(trips):
        line.to_host = lambda data, late=seconds - 2 * LATENCY: [(late, data)]
        requests.one(request(n, Request.PING))
    line.to_board = numbered(*[100] * 6)
    requests.one(request(100, Request.PING))
    waited, wanted = gaps(line, 100), timer_after(trips)
    assert waited[0] == pytest.approx(wanted, rel=0.01)
    assert waited == sorted(waited) and waited[-1] > 1.5 * wanted  # patience grows
    assert requests.resent == 6


@pytest.mark.parametrize("patience", (1, 30))
def test_the_first_timer_is_the_lines(patience):
    line, requests = connect(patience=patience)
    line.first_patience = 3
    requests = Requests(line, patience=patience, clock=line.clock.monotonic)
    line.to_board = numbered(1)
    requests.one(request(1, Request.PING))
    assert gaps(line, 1) == pytest.approx([3 * patience], rel=0.01)


def test_short_round_trips_do_not_hurry_a_slow_simulation():
    """One that simulates a slow line takes longer with the first full frames."""
    line, requests = connect(patience=30)
    assert len(list(requests.all(iter(some(5))))) == 5
    line.to_host = lambda data: [(2.0, data)]
    assert len(list(requests.all(iter(some(5, first=6))))) == 5 and requests.resent == 0


def test_an_answer_says_which_copy_it_is_to():
    """So patience that grew while there was none is over with the first, whichever it is to."""
    line, requests = connect()
    line.to_board = numbered(1, 1, 1, 2, 2)
    requests.one(request(1, Request.PING))
    requests.one(request(2, Request.PING))
    assert gaps(line, 1) == pytest.approx([1, 2, 2], rel=0.01)
    assert gaps(line, 2) == pytest.approx([SHORTEST_TIMER, 2 * SHORTEST_TIMER], rel=0.01)


def test_the_answer_to_a_first_copy_measures_from_there():
    line, requests = connect()
    requests.one(request(1, Request.PING))
    line.to_host = lambda data: [(0.25, data)]
    requests.one(request(2, Request.PING))
    assert gaps(line, 2) == pytest.approx([SHORTEST_TIMER], rel=0.01)
    line.to_board = numbered(3)
    requests.one(request(3, Request.PING))
    trips = [2 * LATENCY, 0.25 + 2 * LATENCY]
    assert gaps(line, 3) == pytest.approx([timer_after(trips)], rel=0.01)


@pytest.mark.parametrize("patience, seconds", [
    (1, 0.5), (1, 1.5),
    (30, 20),
])
def test_round_trips_that_become_longer_are_learnt(patience, seconds):
    """As when the line is filled, or the machine of a simulation is busy."""
    line, requests = connect(patience=patience)
    list(requests.all(iter(some(100))))
    line.to_host = lambda data: [(seconds, data)]
    list(requests.all(iter(some(1000, first=101))))
    assert requests.resent < 200


def test_a_slow_line_is_not_filled_with_copies():
    """Whole frames at 115200 baud, a window of them behind something short."""
    line, requests = connect(datagrams=False, byte_seconds=10 / 115200)
    requests._window = line.window = SERIAL_WINDOW
    requests._shortest *= 1 + 2 * SERIAL_WINDOW * MAX_FRAME * 10 / 115200  # as SerialTransport's
    requests.one(request(1, Request.PING))
    payload = bytes(MAX_FRAME - 24)
    frames = [(Frame(Request.WRITE, n, 4 * n, KEY, payload), n) for n in range(2, 52)]
    list(requests.all(iter(frames)))
    assert requests.resent == 0


# Losses -------------------------------------------------------------------------------------------


def test_only_what_was_not_answered_is_sent_again():
    line, requests = connect()
    lost = (3, 7, 24, 40, 59, 60)
    line.to_board = numbered(*lost)
    answered = Counter(n for n, _ in requests.all(iter(some(60))))
    assert answered == Counter(range(1, 61))
    assert {n: len(sent) for n, sent in times(line).items()} == {
        n: 2 if n in lost else 1 for n in range(1, 61)}
    assert (requests.sent, requests.resent) == (60, len(lost))


@pytest.mark.parametrize("kind", (Request.READ, Request.WRITE))
def test_an_overtaken_request_is_sent_again_at_once(kind):
    """Hardware serves those in order."""
    line, requests = connect()
    line.to_board = numbered(5)
    list(requests.all(iter(some(100, kind))))
    (waited,) = gaps(line, 5)
    assert waited < SHORTEST_TIMER / 10 and requests.resent == 1


def test_a_request_to_the_processor_may_be_overtaken():
    line, requests = connect()
    frames = some(100)
    frames[4] = request(5, Request.PING), 5
    line.to_board = numbered(5)
    list(requests.all(iter(frames)))
    (waited,) = gaps(line, 5)
    assert waited >= SHORTEST_TIMER and requests.resent == 1


def test_one_that_is_only_a_little_late_is_not_sent_again():
    line, requests = connect()
    frames = iter(some(4))
    line.to_host = lambda data: [(0.1 if number_of(data) == 1 else 0, data)]
    list(requests.all(frames))
    assert requests.resent == 0


def test_a_moment_of_silence_costs_little():
    """As when the host's machine has other things to do."""
    line, requests = connect(byte_seconds=0.005 / 28)  # an answer every 5 ms
    list(requests.all(iter(some(200))))
    assert requests.resent == 0
    # For a moment nothing comes; then what is late comes faster.
    late = [0.001 * n for n in range(0, 90, 4)]
    line.to_host = lambda data: [(late.pop() if late else 0.0, data)]
    list(requests.all(iter(some(200, first=201))))
    assert requests.resent <= 3


def test_the_answer_to_a_first_copy_overtakes_nothing():
    """It comes when the second has been sent, and says nothing of those sent in between."""
    line, requests = connect(byte_seconds=0.005 / 28)
    list(requests.all(iter(some(100))))
    late = [0.03]
    line.to_host = lambda data: [
        (late.pop() if late and number_of(data) == 150 else 0.0, data)]
    list(requests.all(iter(some(200, first=101))))
    assert requests.resent == 1


def test_losses_make_the_window_smaller_and_answers_larger_again():
    line, requests = connect()
    line.to_board = numbered(30)
    list(requests.all(iter(some(60))))
    assert line.window / 2 < requests._window < line.window - 1
    before = len(line.sent)
    line.to_host = lambda data: [(SHORTEST_TIMER / 4, data)]
    answers = requests.all(iter(some(1000, first=101)))
    next(answers)
    assert len(line.sent) - before < line.window
    list(answers)
    assert requests._window == line.window
    line.to_board = lambda data: []
    with pytest.raises(LitelicError):
        list(requests.all(iter(some(60, first=2001))))
    assert SMALLEST_WINDOW <= requests._window < line.window / 2


def test_a_line_that_loses_much_is_not_taken_for_a_board_that_is_gone(seed):
    """Of thousands of requests, one at a time, some are lost a dozen times in a row."""
    line, requests = connect()
    chance = random.Random(seed)
    line.to_board = line.to_host = lambda data: [] if chance.random() < 0.3 else passes(data)
    for n in range(5000):
        requests.one(request(1 + n, Request.PING))
    line.to_host = lambda data: []
    begin = line.clock.monotonic()
    with pytest.raises(LitelicError, match=r"nothing came for [234]\d(\.\d)? seconds"):
        requests.one(request(1, Request.PING))
    assert line.clock.monotonic() - begin < 51
