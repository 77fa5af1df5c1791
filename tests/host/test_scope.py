"""The analyzer's side on the host, against a board in Python that has one, or has not."""

import pytest

from litelic.host import scope
from litelic.host.errors import LitelicError
from litelic.host.link.board import BoardError
from litelic.host.link.protocol import ErrorCode, Request
from litelic.host.scope import RegisterBus, Scope
from tests.host.link.fake_board import FakeBoard
from tests.host.link.fake_line import opened as connect
from tests.host.link.fake_line import passes
from tests.waveforms import read_vcd

BASE, DEPTH, BITS = 0xF0001800, 8, 40
REGISTERS = (  # name, words, mode: in the order of their addresses
    ("mux_value", 1, "rw"), ("trigger_enable", 1, "rw"), ("trigger_done", 1, "ro"),
    ("trigger_mem_write", 1, "rw"), ("trigger_mem_mask", 2, "rw"),
    ("trigger_mem_value", 2, "rw"), ("trigger_mem_full", 1, "ro"), ("subsampler_value", 1, "rw"),
    ("storage_enable", 1, "rw"), ("storage_done", 1, "ro"), ("storage_length", 1, "rw"),
    ("storage_offset", 1, "rw"), ("storage_mem_level", 1, "ro"), ("storage_mem_data", 1, "ro"),
)
SIGNALS = {"start": 1, "low": 32, "store_valid": 1, "store_ready": 1, "rest": 5}
ADDRESSES = {}
for _name, _words, _ in REGISTERS:
    ADDRESSES[_name] = 4 * sum(words for name, words, _ in REGISTERS if name in ADDRESSES)


class AnalyzedBoard(FakeBoard):
    """Its analyzer holds `samples`."""

    def __init__(self, samples=(), triggered=True):
        super().__init__()
        self.words = [sample >> shift & 0xFFFFFFFF for sample in samples for shift in (0, 32)]
        self.registers = {
            ADDRESSES["storage_mem_level"]: len(samples),
            ADDRESSES["storage_done"]: int(triggered),
        }
        self.conditions = []

    def read_register(self, address):
        if address == ADDRESSES["storage_mem_data"]:
            return self.words.pop(0)
        return super().read_register(address)

    def write_register(self, address, value):
        super().write_register(address, value)
        if address == ADDRESSES["trigger_mem_write"]:
            self.conditions.append((self.wide("trigger_mem_mask"), self.wide("trigger_mem_value")))

    def wide(self, name):
        high, low = (self.registers[ADDRESSES[name] + offset] for offset in (0, 4))
        return high << 32 | low


@pytest.fixture
def folder(tmp_path):
    """A build's csr.csv and analyzer.csv."""
    lines = [f"csr_base,analyzer,{BASE:#x},,"]
    lines += [
        f"csr_register,analyzer_{name},{BASE + ADDRESSES[name]:#x},{words},{mode}"
        for name, words, mode in REGISTERS
    ]
    lines += ["constant,config_csr_data_width,32,,", "constant,config_bus_address_width,32,,"]
    lines += ["constant,litelic_array,reduction=4,outputs=4,,"]
    (tmp_path / "csr.csv").write_text("\n".join(lines) + "\n")
    described = {"data_width": BITS, "depth": DEPTH, "samplerate": 50_000_000}
    lines = [f"config,None,{name},{value}" for name, value in described.items()]
    lines += [f"signal,0,{name},{bits}" for name, bits in SIGNALS.items()]
    (tmp_path / "analyzer.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


# Access to registers ------------------------------------------------------------------------------


def test_bus():
    fake = AnalyzedBoard()
    bus = RegisterBus(connect(fake))
    bus.base = BASE
    mask = ADDRESSES["trigger_mem_mask"]
    bus.write(BASE + mask, [1, 2, 3])
    bus.write(BASE, 7)
    assert [fake.registers[address] for address in (0, mask, mask + 4, mask + 8)] == [7, 1, 2, 3]
    assert bus.read(BASE + mask) == 1
    assert bus.read(BASE + mask, length=3) == [1, 2, 3]
    fake.words = [5, 6, 7]
    assert bus.read(BASE + ADDRESSES["storage_mem_data"], length=3, burst="fixed") == [5, 6, 7]


def test_a_request_that_is_repeated_is_executed_once():
    """Every second answer is lost."""
    fake = AnalyzedBoard(range(20))
    board = connect(fake)
    answers = iter(range(1000))
    fake.to_host = lambda data: passes(data) if next(answers) % 2 else []
    address = ADDRESSES["storage_mem_data"]
    assert [board.read_register(address) for _ in range(40)] == [
        word for sample in range(20) for word in (sample, 0)]
    board.write_register(ADDRESSES["trigger_mem_mask"], 0)
    board.write_register(ADDRESSES["trigger_mem_mask"] + 4, 1)
    board.write_register(ADDRESSES["trigger_mem_value"], 0)
    board.write_register(ADDRESSES["trigger_mem_value"] + 4, 1)
    board.write_register(ADDRESSES["trigger_mem_write"], 1)
    assert fake.conditions == [(1, 1)]
    kinds = [frame.type for frame, _ in fake.requests]
    assert kinds.count(Request.REGISTER_READ) == 80


def test_two_requests_never_look_like_one():
    """Not even when the numbers of requests have gone round between them."""
    fake = AnalyzedBoard(range(2))
    board = connect(fake)
    assert board.read_register(ADDRESSES["storage_mem_data"]) == 0
    board._requests._sequence = (board._requests._sequence - 1) % (1 << 16)
    board.read_register(ADDRESSES["storage_mem_data"])
    assert fake.words == [1, 0]


# Captures -----------------------------------------------------------------------------------------


def sample(start, low, valid, ready, rest):
    return start | low << 1 | valid << 33 | ready << 34 | rest << 35


SAMPLES = [
    (0, 0xFFFFFFFF, 0, 1, 31), (1, 0, 1, 0, 16), (0, 0x80000001, 1, 1, 1), (0, 3, 1, 1, 0),
    (0, 3, 0, 0, 2),
]


def test_capture(folder, tmp_path):
    fake = AnalyzedBoard([sample(*values) for values in SAMPLES])
    seen = []
    opened = Scope(connect(fake), folder, lambda *progress: seen.append(progress))
    assert opened.signals == SIGNALS and opened.depth == DEPTH
    opened.arm(["start=1", "rest=0b1x0"], before=1)
    assert fake.conditions == [(1, 1), (0b101 << 35, 0b100 << 35)]
    assert fake.registers[ADDRESSES["storage_offset"]] == 1 + 2
    assert fake.registers[ADDRESSES["storage_length"]] == DEPTH
    samples = opened.read()
    assert list(zip(*samples.values(), strict=True)) == SAMPLES
    assert list(samples) == list(SIGNALS)
    assert seen and seen[-1][0] == "read capture"
    assert scope.handshakes(samples) == {"store": (2, 1)}
    opened.save(tmp_path / "seen.vcd")
    waves, step = read_vcd(tmp_path / "seen.vcd")
    assert step == 10_000  # half a cycle of 50 MHz
    assert {name: waves[name][::2] for name in SIGNALS} == samples
    assert waves["scope_trig"][::2] == [0, 1, 1, 1, 1]
    assert waves["scope_clk"] == [1, 0] * len(SAMPLES)


def test_the_trigger_does_not_come(folder):
    opened = Scope(connect(AnalyzedBoard(triggered=False)), folder)
    opened.arm(["start=1", "low=0x12"], before=0)
    with pytest.raises(LitelicError, match="trigger start=1, then low=0x12 did not come"):
        opened.read()


@pytest.mark.parametrize(("text", "message"), [
    ("begin=1", "there is no signal 'begin'; they are start, low"),
    ("start", "write SIGNAL=VALUE"),
    ("start=", "write SIGNAL=VALUE"),
    ("start=-1", "write SIGNAL=VALUE"),
    ("start=yes", "write SIGNAL=VALUE"),
    ("low=0xG", "write SIGNAL=VALUE"),
    ("start=2", "start has only 1 bits"),
    ("rest=0b1xxxxx", "rest has only 5 bits"),
    ("rest=0x20", "rest has only 5 bits"),
])
def test_conditions_that_make_no_sense(text, message):
    with pytest.raises(LitelicError, match=message):
        scope.parse_condition(text, SIGNALS)


@pytest.mark.parametrize("value", ["0", "31", "0x1f", "0b11111", "0b1xx", "0xx", "007"])
def test_conditions(value):
    assert scope.parse_condition(f"rest={value}", SIGNALS) == ("rest", value)


def test_too_much_is_asked_for(folder):
    opened = Scope(connect(AnalyzedBoard()), folder)
    with pytest.raises(LitelicError, match="before the trigger at most 5, not 6"):
        opened.arm(before=DEPTH - 2, trigger=["start=1"])
    with pytest.raises(LitelicError, match="1 to 16 conditions"):
        opened.arm(trigger=["start=1"] * 17)


# What is missing ----------------------------------------------------------------------------------


def test_a_board_without_an_analyzer(folder):
    board = connect(FakeBoard())
    with pytest.raises(LitelicError, match="has no analyzer: build it, and load it, --with-analy"):
        Scope(board, folder)
    with pytest.raises(BoardError, match="unknown request type 8") as caught:
        board.write_register(0, 0)
    assert caught.value.code == ErrorCode.TYPE


def test_a_build_without_an_analyzer(folder):
    (folder / "analyzer.csv").unlink()
    with pytest.raises(LitelicError, match="no .*analyzer.csv: name, with --build, the folder"):
        Scope(connect(AnalyzedBoard()), folder)


@pytest.mark.parametrize("name", ["csr.csv", "analyzer.csv"])
def test_files_that_are_something_else(folder, name):
    (folder / name).write_text("a picture\n")
    with pytest.raises(LitelicError, match="is not what a build writes"):
        Scope(connect(AnalyzedBoard()), folder)


# Command ------------------------------------------------------------------------------------------


def test_list(folder, capsys):
    assert scope.main(["--list", "--build", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "start", "low (32 bits)", "store_valid", "store_ready", "rest (5 bits)"]


@pytest.mark.parametrize(("argv", "message"), [
    ([], "say --sim, or --port with the --build folder"),
    (["--port", "socket://localhost:1"], "say --sim, or --port with the --build folder"),
    (["--list"], "say --build with the folder of a build, or --sim"),
    (["--sim", "--output", "scope.png"], "only .vcd files"),
    (["--sim", "--output", "/nowhere/scope.vcd"], "there is no folder /nowhere"),
    (["--port", "socket://localhost:1", "--build", "/nowhere"], "no /nowhere/analyzer.csv"),
])
def test_errors_are_told_in_a_line(capsys, argv, message):
    assert scope.main(argv) == 1
    error = capsys.readouterr().err
    assert error.startswith("litelic: error: ") and message in error and error.count("\n") == 1
