"""Transfers and registers of a board in Python, on good lines and on bad ones."""

import random

import numpy as np
import pytest

from litelic.host.errors import LitelicError
from litelic.host.link.board import Board, BoardError
from litelic.host.link.protocol import MAX_PAYLOAD, ErrorCode, Request
from litelic.host.link.transfers import Read, Write
from tests.host.link.fake_board import HERTZ, FakeBoard
from tests.host.link.fake_line import Faults, opened, passes

SIZE = 65536  # of the board's DRAM


@pytest.fixture
def fake(clock):
    return FakeBoard(clock)


# Transfers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5), indirect=True)
def test_write_and_read(fake, seed):
    chance, board = random.Random(seed), opened(fake)
    for _ in range(30):
        length = chance.choice((1, 3, MAX_PAYLOAD, MAX_PAYLOAD + 1, chance.randrange(1, 40000)))
        address = 4 * chance.randrange((SIZE - length) // 4 + 1)
        data, before = chance.randbytes(length), bytes(fake.memory)
        written, fetched = [], []
        board.write(address, data, lambda *progress: written.append(progress))  # noqa: B023
        assert fake.memory == before[:address] + data + before[address + length :]
        assert board.read(address, length, lambda *progress: fetched.append(progress)) == data  # noqa: B023
        for seen in (written, fetched):
            assert seen == sorted(seen) and seen[-1] == (length, length)
            assert len(seen) == -(-length // MAX_PAYLOAD)
    assert board.resent == 0


def test_the_ends_of_the_memory(fake):
    board = opened(fake)
    board.write(0, b"first")
    board.write(SIZE - 4, b"last")
    assert board.read(0, 5) == b"first" and board.read(SIZE - 4, 4) == b"last"
    assert board.read(SIZE - 8, 7) == b"\0\0\0\0las"


def test_more_transfers_than_windows(fake):
    with pytest.raises(ValueError, match="9 transfers at a time, 8"):
        opened(fake).move([Read(0, 4)] * 9)


def test_empty_transfers_ask_nothing(fake):
    board, before = opened(fake), len(fake.sent)
    board.write(0, b"")
    assert board.read(0, 0) == b""
    assert len(fake.sent) == before and board.requests == 0


@pytest.mark.parametrize("data", [
    bytearray(b"12345678"), memoryview(b"12345678"), np.frombuffer(b"12345678", np.uint16),
    np.frombuffer(b"12345678", np.int8).reshape(2, 4),
], ids=lambda data: type(data).__name__)
def test_whatever_has_bytes_is_written(fake, data):
    opened(fake).write(4, data)
    assert fake.memory[4:12] == b"12345678"


@pytest.mark.parametrize("address", (1, 2, 7))
def test_an_unaligned_address(fake, address):
    board = opened(fake)
    for transfer in (lambda: board.write(address, b"x"), lambda: board.read(address, 1)):
        with pytest.raises(LitelicError, match=f"multiples of 4, not at {address:#x}"):
            transfer()
    board.write(0, b"good")


@pytest.mark.parametrize("address, length", [(SIZE, 1), (SIZE - 4, 5), (0, SIZE + 1)])
def test_what_leaves_the_memory_is_refused(fake, address, length):
    board = opened(fake)
    for transfer in (lambda: board.write(address, bytes(length)),
                     lambda: board.read(address, length)):
        with pytest.raises(BoardError, match="bytes outside") as caught:
            transfer()
        assert (caught.value.code, caught.value.detail) == (ErrorCode.ADDRESS, SIZE)
    assert board.read(0, 1) == b"\0"


def test_addresses_of_more_than_32_bits(fake):
    board = opened(fake)
    for request in (lambda: board.write(1 << 32, b"x"), lambda: board.start(1 << 32, 1),
                    lambda: board.read_register(1 << 32)):
        with pytest.raises(LitelicError, match="32 bits"):
            request()


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"?"])
def test_another_number_of_bytes_than_was_asked_for(fake, change):
    board = opened(fake)
    answer = fake.answer
    fake.answer = lambda request, payload=b"", *key: answer(
        request, change(payload) if request.type == Request.READ else payload, *key)
    with pytest.raises(LitelicError, match="another number of bytes"):
        board.read(0, 100)


# Bad lines ----------------------------------------------------------------------------------------

FAULTS = {
    "lost": {"lose": 0.3},
    "doubled": {"double": 0.3},
    "reordered": {"delay": 0.3},
    "reordered by seconds": {"delay": 0.3, "longest": 3.0},
    "damaged": {"damage": 0.3},
    "all of that": {"lose": 0.3, "double": 0.3, "delay": 0.3, "damage": 0.3, "longest": 1.0},
}


@pytest.mark.parametrize("datagrams", (True, False), ids=("datagrams", "bytes"))
@pytest.mark.parametrize("faults", FAULTS)
def test_no_byte_is_ever_wrong(clock, seed, faults, datagrams):
    """Hundreds of transfers; what comes late changes nothing any more."""
    chance = random.Random(seed)
    fake = FakeBoard(clock, datagrams=datagrams)
    board = opened(fake, silence_seconds=1000)
    fake.to_board, fake.to_host = (Faults(chance, **FAULTS[faults]) for _ in range(2))
    memory = bytearray(SIZE)
    for _ in range(500):
        length = chance.choice((1, 4, MAX_PAYLOAD, chance.randrange(1, 100),
                                chance.randrange(1, 12_000)))
        address = 4 * chance.randrange((SIZE - length) // 4 + 1)
        if chance.random() < 0.6:
            memory[address : address + length] = data = chance.randbytes(length)
            board.write(address, data)
            assert fake.memory == memory
        else:
            assert board.read(address, length) == memory[address : address + length]
    fake.settle()
    assert fake.memory == memory
    assert board.resent > 50 or faults == "doubled" and board.resent == 0


@pytest.mark.parametrize("seed", range(3), indirect=True)
def test_everything_on_a_bad_line(fake, seed):
    """Transfers, runs and registers among each other."""
    chance, board = random.Random(seed), opened(fake, silence_seconds=100)
    fake.registers = {}
    fake.run_cycles = HERTZ // 10
    fake.to_board, fake.to_host = (Faults(chance, 0.1, 0.2, 0.2, 0.1, 1.0) for _ in range(2))
    memory, started, accesses, ahead = bytearray(SIZE), [], [], 0
    for n in range(600):
        what = chance.randrange(7)
        address = 4 * chance.randrange(1000)
        if what == 0:
            memory[address : address + 4000] = data = chance.randbytes(4000)
            board.write(address, data)
        elif what == 1:
            assert board.read(address, 4000) == memory[address : address + 4000]
        elif what == 6:  # both ways at the same time, elsewhere
            other = address + 8192
            memory[address : address + 4000] = data = chance.randbytes(4000)
            reads = [Read(other, 3000), Read(other + 1000, 5000)]
            board.move([reads[0], Write(address, data), reads[1]])
            assert reads[0].data == memory[other : other + 3000]
            assert reads[1].data == memory[other + 1000 : other + 6000]
        elif what == 2 and ahead < 4:
            started.append((0x100 * chance.randrange(4), n + 1))
            board.start(*started[-1])
            ahead += 1
        elif what == 3 and ahead:
            assert board.finish() == fake.run_cycles
            ahead -= 1
        elif what == 4:
            board.write_register(address, n)
            accesses.append((Request.REGISTER_WRITE, address, n))
        else:
            assert board.read_register(address) == fake.registers.get(address, 0)
            accesses.append((Request.REGISTER_READ, address))
    fake.settle()
    assert fake.memory == memory and fake.made == started and fake.accesses == accesses
    assert len(started) > 20 < len(accesses)


# Registers ----------------------------------------------------------------------------------------


def test_registers(fake):
    board = opened(fake)
    fake.registers = {8: 0x80000001}
    board.write_register(4, 0xFFFFFFFF)
    assert [board.read_register(address) for address in (0, 4, 8)] == [0, 0xFFFFFFFF, 0x80000001]
    board.hello()
    assert board.read_register(4) == 0xFFFFFFFF


def test_a_board_without_registers(fake):
    board = opened(fake)
    for access in (lambda: board.read_register(0), lambda: board.write_register(0, 1)):
        with pytest.raises(BoardError, match="unknown request type") as caught:
            access()
        assert caught.value.code == ErrorCode.TYPE


# Numbers ------------------------------------------------------------------------------------------


def test_an_access_that_nobody_heard_of_is_not_another(fake):
    """Its request came, and all answers were lost; the program goes on."""
    board = opened(fake)
    fake.registers = {0: 111, 4: 222}
    fake.to_host = lambda data: []
    with pytest.raises(LitelicError, match="does not answer"):
        board.read_register(0)
    fake.to_host = passes
    try:
        value = board.read_register(4)
    except LitelicError:
        return
    assert value == 222


def test_any_number_of_refusals(fake):
    board = opened(fake)
    for _ in range(20):
        with pytest.raises(BoardError, match="bytes outside"):
            board.write(SIZE, b"x")
    board.write(0, b"good")


def test_a_transport_is_all_that_a_board_needs(clock):
    """Without the helpers of these tests."""
    fake = FakeBoard(clock)
    with Board(fake) as board:
        board.hello()
        board.write(0, b"data")
        assert board.read(0, 4) == b"data"
