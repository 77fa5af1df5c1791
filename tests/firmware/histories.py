"""Histories for the firmware and its rules: the same requests, and hardware that does the same."""

import struct

from hypothesis import strategies as st

from litelic.host.link import secret
from litelic.host.link.protocol import RESPONSE, TAKE_OVER, Frame, Request
from tests.firmware.bench import ALICE, BOB, CAROL, DRAM, SECRET, SERIAL, SILENCE
from tests.firmware.rules import Rules

OWN = st.just(ALICE), st.just(0)  # of the session: the way, and the key
WAYS = st.sampled_from([ALICE, ALICE, BOB, CAROL, SERIAL])
KEYS = st.sampled_from([0, 0, 0, 1, 2])  # of the session, of one before, of none
ANY = WAYS, KEYS
# Of a number that counts: the one that is next, or so far from it.
NEAR = st.sampled_from([0, -1, -2, 1, 3, -8, -9, -10, 5000])
NEXT = st.sampled_from([0, 0, 0, -1])
EXTREME = st.sampled_from(
    [0, 1, 15, 16, 255, 256, DRAM - 256, DRAM - 4, DRAM, 1 << 31, (1 << 32) - 1])
ADDRESS = st.integers(0, DRAM // 256 - 100).map(lambda n: 256 * n)
SIZE = st.integers(1, 2000).map(lambda n: 4 * n)
SLOT = st.integers(0, 2)
COUNT = st.sampled_from([1, 2, 3, 4, 5, 6, 33, 40])
WATCHDOG = st.sampled_from([1, 10, 10, 10, 1_000_000, 1_000_000])
FLAGS = st.booleans(), st.sampled_from([True, True, True, False])  # take over, know the secret
CYCLES = st.sampled_from([1, 1000, 1024, 1025, 5000, 10240, 10240, SILENCE - 1, SILENCE])


def request(name, who, *arguments):
    return st.tuples(st.tuples(st.just(name), *who, *arguments))


def hardware(name, *arguments):
    return st.tuples(st.tuples(st.just(name), *arguments))


def silence(served, way, cycles, take_over):
    """A session is silent, or its windows are used; then somebody calls. The second call knows what
    has to be answered."""
    call = ("hello", way, 0, 0, take_over, True)
    return ("wait", 1000), ("serve", served), ("wait", cycles), call, call


def reopen(slot, near):
    """A window comes again, or the next one, after it was closed."""
    def opened(near):
        return ("open", ALICE, 0, slot, near, 256, 16, 1)

    return opened(0), ("close", ALICE, 0, slot, 0), opened(near)


def steps(first, second):
    """Two descriptors take so long."""
    return ("wait", first), ("complete", 1), ("wait", second)


USUAL = [
    hardware("wait", CYCLES),
    hardware("wait", CYCLES),
    hardware("complete", st.integers(0, 3)),
    hardware("complete", st.integers(0, 40)),
    request("run", OWN, NEXT, ADDRESS, COUNT, WATCHDOG),
    request("run", OWN, NEXT, ADDRESS, COUNT, WATCHDOG),
    request("run", OWN, NEXT, ADDRESS, COUNT, WATCHDOG),
    request("open", OWN, SLOT, NEXT, ADDRESS, SIZE, st.integers(0, 1)),
    request("open", OWN, SLOT, NEXT, ADDRESS, SIZE, st.integers(0, 1)),
    request("close", OWN, SLOT, NEXT),
    request("ping", OWN),
    request("register_read", OWN, NEXT, SLOT),
    request("register_write", OWN, NEXT, SLOT, EXTREME),
    hardware("serve", st.sampled_from([0, 1, 255, 256])),
    hardware("again", WAYS, st.integers(1, 20)),
]
SELDOM = [
    hardware("meet_malformed"),
    request("hello", ANY, st.sampled_from([0, 0, 1, 2, 16, 17]), *FLAGS),
    st.builds(silence, st.sampled_from([0, 1, 255, 256]), st.sampled_from([ALICE, BOB, CAROL]),
              st.sampled_from([SILENCE - 1000, SILENCE - 1, SILENCE]), st.booleans()),
    st.builds(steps, st.sampled_from([5000, 10240]), st.sampled_from([5000, 10240, 10241])),
    st.builds(steps, st.sampled_from([5000, 10240]), st.sampled_from([5000, 10240, 10241])),
    st.builds(reopen, SLOT, NEXT),
    request("bye", ANY),
    request("discover", ANY),
    request("program", OWN, NEXT, st.binary(min_size=32, max_size=32)),
    request("program", ANY, NEAR, st.binary(min_size=32, max_size=32)),
    request("open", ANY, SLOT, NEAR, st.one_of(ADDRESS, EXTREME), st.one_of(SIZE, EXTREME), SLOT),
    request("close", ANY, SLOT, NEAR),
    request("run", ANY, NEAR, st.one_of(ADDRESS, EXTREME), st.one_of(COUNT, EXTREME), EXTREME),
    request("register_read", ANY, NEAR, SLOT),
    request("other", ANY, st.integers(0, 255), EXTREME, st.binary(max_size=70),
            st.sampled_from([2, 2, 1, 3])),
]
# What comes first is what a failure is reduced to, as far as it does not matter.
COMMANDS = st.lists(
    st.one_of([hardware("wait", st.just(0)), *USUAL, *USUAL, *USUAL, *SELDOM]),
    min_size=40, max_size=80,
).map(lambda chapters: [command for chapter in chapters for command in chapter])


class Both:
    """One history, of the firmware and of its rules."""

    def __init__(self, firmware, memory_ok):
        firmware.power_cycle(memory_ok)
        self.firmware = firmware
        self.rules = Rules(memory_ok=memory_ok, secret=firmware.secret)
        self.rules.registers = firmware.registers  # power does not make them 0
        self.sent = []

    def do(self, name, *arguments):
        if hasattr(self, f"_make_{name}"):
            if not self.rules.session and arguments[:2] == (ALICE, 0) and name != "hello":
                for _ in range(2):  # the first one learns what has to be answered
                    self.do("hello", ALICE, 0, 0, False, True)
            self._ask(name, *arguments)
        elif name == "again":
            way, back = arguments
            if back <= len(self.sent):
                self._send(way, self.sent[-back])
        else:
            answers = getattr(self.firmware, name)(*arguments)
            getattr(self.rules, name)(*arguments)
            self._compare_told(answers)
        self._compare_state()

    def _ask(self, name, way, key, *arguments):
        session = self.rules.session
        keys = [session.key if session else 0, self.rules.keys[0] if self.rules.keys else 1, 77]
        kind, address, payload, *version = getattr(self, f"_make_{name}")(*arguments)
        frame = Frame(kind, len(self.sent) + 1, address, keys[key], payload, *version)
        self.sent.append(frame)
        self._send(way, frame)

    def _send(self, way, frame):
        if frame.type & RESPONSE:
            self._compare_told(self.firmware.send(way, frame))
            return
        expected = self.rules.request(way, frame)
        answer = self.firmware.again(way, frame)
        assert answer.error == expected.code
        if expected.code is not None:
            assert expected.detail in (None, answer.refusal.detail)
            assert answer.refusal.text.isascii() and answer.refusal.text.isprintable()
        else:
            assert expected.payload in (None, answer.frame.payload)
            assert answer.frame.key == frame.key or frame.type == Request.HELLO
        expected.check(answer.frame)
        self._compare_told(self.firmware.unasked)

    def _compare_told(self, answers):
        told = self.rules.take_told()
        session = self.rules.session
        assert [(answer.frame.address, answer.outcome) for answer in answers] == told
        for answer in answers:
            assert answer.frame.type == Request.RUN | RESPONSE
            assert (answer.way, answer.frame.key) == (session.way, session.key)

    def _compare_state(self):
        firmware, rules = self.firmware, self.rules
        assert (firmware.cycles, firmware.resets) == (rules.now, rules.resets)
        assert firmware.windows == [slot.window for slot in rules.slots]
        assert firmware.queued == rules.queue
        assert firmware.descriptors == rules.descriptors

    # Requests -------------------------------------------------------------------------------------

    def _make_hello(self, back, take_over, knows):
        """The number is a new one, or that of so many calls before."""
        nonces = self.rules.nonces
        nonce = nonces[-back] if 0 < back <= len(nonces) else 1000 + len(self.sent)
        tag = secret.tag(SECRET, self.rules.challenge or 0, nonce) if knows else nonce
        return Request.HELLO, nonce, struct.pack("<IQ", TAKE_OVER if take_over else 0, tag)

    @staticmethod
    def _make_discover():
        return Request.DISCOVER, 5, b""

    @staticmethod
    def _make_bye():
        return Request.BYE, 0, b""

    @staticmethod
    def _make_ping():
        return Request.PING, 0, b""

    def _make_program(self, near, identity):
        number = (self.rules.once + near) % (1 << 32)
        return Request.PROGRAM, 0, struct.pack("<I", number) + identity

    def _make_open(self, slot, near, base, size, writable):
        number = (self.rules.slots[slot].number + near) % (1 << 32)
        return Request.OPEN, slot, struct.pack("<IIII", number, base, size, writable)

    def _make_close(self, slot, near):
        number = (self.rules.slots[slot].number + near) % (1 << 32)
        return Request.CLOSE, slot, struct.pack("<I", number)

    def _make_run(self, near, address, count, watchdog):
        number = (len(self.rules.runs) + near) % (1 << 32)
        return Request.RUN, address, struct.pack("<III", number, count, watchdog)

    def _make_register_read(self, near, register):
        number = (self.rules.once + near) % (1 << 32)
        return Request.REGISTER_READ, 4 * register, struct.pack("<I", number)

    def _make_register_write(self, near, register, value):
        number = (self.rules.once + near) % (1 << 32)
        return Request.REGISTER_WRITE, 4 * register, struct.pack("<II", number, value)

    @staticmethod
    def _make_other(kind, address, payload, version):
        return kind, address, payload, version


def check(firmware, commands, memory_ok):
    both = Both(firmware, memory_ok)
    for command in commands:
        both.do(*command)
    for _ in range(2):
        both.do("hello", BOB, 0, 0, True, True)
    both.do("ping", BOB, 0)
    assert both.rules.session.way == BOB
