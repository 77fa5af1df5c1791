"""A board, from the host's side."""

import random
import struct
import time
from contextlib import ExitStack

from litelic.host.errors import LitelicError
from litelic.host.link import secret as secrets
from litelic.host.link import windows
from litelic.host.link.access import Access
from litelic.host.link.info import BoardInfo
from litelic.host.link.protocol import (
    PROGRAM_ID_BYTES,
    RESPONSE,
    RESPONSE_ERROR,
    TAKE_OVER,
    VERSION,
    WINDOWS,
    ErrorCode,
    Frame,
    Refusal,
    Request,
)
from litelic.host.link.requests import SILENCE_SECONDS, UNSURE, BoardError, Requests
from litelic.host.link.runs import Runs
from litelic.host.link.transfers import Read, Write, in_turns
from litelic.host.link.transport import open_transport

HELLO_SECONDS = 10  # for an answer: a board that starts, or a busy simulation
BUSY_SECONDS = 4  # for another host to end, longer than a board holds to one that is silent
ASK_SECONDS = 0.5  # between two HELLOs
BYE_SECONDS = 0.5
SIMULATION_PATIENCE = 30  # a large array's simulation is that much slower than a small one's
DEFAULT_WATCHDOG_CYCLES = 500_000_000

__all__ = ["DEFAULT_WATCHDOG_CYCLES", "SIMULATION_PATIENCE", "Board", "BoardError"]


class Board:
    """A session with one board. Use `with Board.open(port) as board:`.

    Addresses are byte offsets in the board's DRAM. Every method raises `LitelicError` when the
    board refuses (`BoardError`), when the line breaks, or when nothing answers.

    `requests` counts those that were sent, and `resent` how often one of them was sent again.
    """

    def __init__(self, transport, silence_seconds=SILENCE_SECONDS, patience=1):
        self._requests = Requests(transport, self._heard, patience, silence_seconds)
        self._hello_seconds = patience * HELLO_SECONDS
        self._busy_seconds = patience * BUSY_SECONDS
        self._ask_seconds = patience * ASK_SECONDS
        self._key = 0
        self.info = None
        self._begin()

    def _begin(self):
        self._windows = windows.Windows(self._ask)
        self._runs = Runs(self._ask, self._requests.listen)
        self._next, self._unsure = 0, False

    @classmethod
    def open(cls, port, access=None, patience=1):
        """Connect to a serial port, `udp://host` or `socket://host:port`, and begin a session.

        access   : `Access`, None for the usual one.
        patience : multiplies all times after which the board counts as silent.
        """
        access = access or Access()
        board = cls(open_transport(port, access.baudrate), patience=patience)
        try:
            board.hello(access.take_over, access.secret)
        except BaseException:
            board._requests.transport.close()
            raise
        return board

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """End the session, if the board still listens, and with it what runs."""
        try:
            if self._key:
                frame = self._make(Request.BYE)
                self._requests.transport.send(frame.encode())
                self._await(lambda answer: answer.sequence == frame.sequence,
                            time.monotonic() + BYE_SECONDS)
        except LitelicError:
            pass  # It will notice.
        finally:
            self._key = 0
            self._requests.transport.close()

    @property
    def name(self):
        """Of the line."""
        return self._requests.transport.name

    @property
    def requests(self):
        return self._requests.sent

    @property
    def resent(self):
        return self._requests.resent

    # Session --------------------------------------------------------------------------------------

    def hello(self, take_over=False, secret=None):
        """Begin a session, which ends an earlier one and its runs, and refresh `info`.

        take_over, secret : as of `Access`.
        """
        flags = TAKE_OVER if take_over else 0
        deadline = time.monotonic() + self._hello_seconds
        nonce = challenge = busy = None
        while time.monotonic() < deadline:
            # What was refused is refused for ever; what was not answered is asked again.
            nonce = random.getrandbits(32) if nonce is None else nonce
            tag = 0 if challenge is None else secrets.tag(secret, challenge, nonce)
            frame = self._make(Request.HELLO, nonce, 0, struct.pack("<IQ", flags, tag))
            answer = self._answer_to_hello(frame, deadline)
            if answer is None:
                continue
            if answer.type == Request.HELLO | RESPONSE:
                self._begin()
                self._key = answer.key
                self.info = BoardInfo.parse(answer.payload.decode("utf-8", "replace"))
                return self.info
            nonce, refused = None, BoardError(Refusal.parse(answer.payload))
            if refused.code == ErrorCode.DENIED:
                if secret is None or challenge == refused.detail:
                    raise _denied(refused, secret)
                challenge = refused.detail
            elif refused.code == ErrorCode.BUSY:
                if busy is None:
                    deadline = min(deadline, time.monotonic() + self._busy_seconds)
                busy = refused
                time.sleep(max(0, min(self._ask_seconds, deadline - time.monotonic())))
            elif refused.code != ErrorCode.SESSION:
                raise refused
        if busy:
            raise LitelicError(
                f"{busy}: wait until it has finished, or say --take-over to end its session")
        raise LitelicError(
            f"no LiteLIC board answers on {self.name}: is it powered and loaded, "
            "and is this its port (and its speed)?"
        )

    def _answer_to_hello(self, frame, deadline):
        self._requests.transport.send(frame.encode())
        return self._await(
            lambda answer: answer.address == frame.address
            and answer.type in (frame.type | RESPONSE, RESPONSE_ERROR),
            min(deadline, time.monotonic() + self._ask_seconds))

    def _await(self, wanted, deadline):
        """The first frame that is `wanted`, None when it is time."""
        while (left := deadline - time.monotonic()) > 0:
            for answer in self._requests.receive(left):
                if answer.version != VERSION:
                    raise LitelicError(
                        f"the board speaks version {answer.version} of the protocol, this host "
                        f"tool version {VERSION}: update the older one"
                    )
                if wanted(answer):
                    return answer
        return None

    def ping(self):
        """The board's time, in cycles of its system clock; nothing else happens."""
        return int.from_bytes(self._ask(Request.PING).payload, "little")

    def set_program(self, identity):
        """Note on the board which program its DRAM holds (32 bytes; zeros: none).

        The next client finds it in `info.program` and need not upload it again.
        """
        if len(identity) != PROGRAM_ID_BYTES:
            raise ValueError(f"a program's identity has {PROGRAM_ID_BYTES} bytes")
        self._once(Request.PROGRAM, 0, bytes(identity))

    # Transfers ------------------------------------------------------------------------------------

    def write(self, address, data, progress=None):
        """Write bytes from `address` on, a multiple of 4. `progress(done, total)` is called as they
        are confirmed."""
        self.move([Write(address, data, progress)])

    def read(self, address, length, progress=None):
        """Read bytes from `address` on, a multiple of 4. `progress(done, total)` is called as they
        arrive."""
        read = Read(address, length, progress)
        self.move([read])
        return bytes(read.data)

    def move(self, transfers):
        """Do some `transfers.Write`s and `transfers.Read`s, both ways at the same time: they come
        in no order, so none may touch what another writes. There may be `WINDOWS` of them."""
        if len(transfers) > WINDOWS:
            raise ValueError(f"{len(transfers)} transfers at a time, {WINDOWS} there may be")
        with ExitStack() as stack:
            opened = [
                (transfer, stack.enter_context(
                    self._windows.opened(transfer.address, transfer.size, transfer.writable)))
                for transfer in transfers if transfer.size
            ]
            requests = in_turns(opened, self._make)
            for (transfer, part), answer in self._requests.all(requests):
                transfer.answered(part, answer.payload)

    # Runs -----------------------------------------------------------------------------------------

    def run(self, address, count, watchdog_cycles=DEFAULT_WATCHDOG_CYCLES, progress=None):
        """Run `count` descriptors from `address` on; returns the cycles that it took.

        The board gives up when one descriptor takes more than `watchdog_cycles`, which is rounded
        up to a multiple of 1024. `progress(done, total)` is called about once a second.
        """
        self.start(address, count, watchdog_cycles)
        return self.finish(progress)

    def start(self, address, count, watchdog_cycles=DEFAULT_WATCHDOG_CYCLES):
        """The first half of `run`. Everything may be asked for until `finish`, other runs, too:
        the board goes from one to the next. Four at most may be started and not finished."""
        self._runs.start(address, count, watchdog_cycles)

    @property
    def running(self):
        """Whether a run was started that was not waited for."""
        return len(self._runs) > 0

    @property
    def run_over(self):
        """Whether `finish` would come back at once, as far as is known: transfers find it out, and
        `wait`."""
        return self._runs.over

    def wait(self, seconds):
        """Wait for the end of the oldest run that was started, so long at most."""
        self._runs.wait(seconds)

    def finish(self, progress=None):
        """The second half of `run`: wait for the end of the oldest one that was started; returns
        the cycles that it took."""
        return self._runs.finish(progress)

    @property
    def run_ended(self):
        """When (`time.monotonic`) it was known that the run had ended that was finished last."""
        return self._runs.last_known

    def _heard(self, frame):
        """What was not asked for: how a run has ended."""
        if frame.key == self._key:
            self._runs.heard(frame)

    # Registers ------------------------------------------------------------------------------------

    def read_register(self, address):
        """The 32 bits of a register of the analyzer; `address` is its byte offset in there.

        Refused, with `ErrorCode.TYPE`, by a board that was built without one.
        """
        return int.from_bytes(self._once(Request.REGISTER_READ, address), "little")

    def write_register(self, address, value):
        """Write 32 bits to a register of the analyzer."""
        self._once(Request.REGISTER_WRITE, address, value.to_bytes(4, "little"))

    def _once(self, kind, address, value=b""):
        """What must not be done twice, and its answer before the next one: the board keeps only
        the last."""
        if self._unsure:
            raise LitelicError(UNSURE)
        self._unsure = True
        try:
            answer = self._ask(kind, address, struct.pack("<I", self._next) + value)
            self._next += 1
        except BoardError:
            self._unsure = False
            raise
        self._unsure = False
        return answer.payload

    # Frames ---------------------------------------------------------------------------------------

    def _make(self, kind, address=0, key=None, payload=b""):
        if not 0 <= address < 1 << 32:
            raise LitelicError(f"address {address:#x} needs more than 32 bits")
        key = self._key if key is None else key
        return Frame(kind, self._requests.number(), address, key, payload)

    def _ask(self, kind, address=0, payload=b""):
        return self._requests.one(self._make(kind, address, None, payload))


def _denied(refused, secret):
    return LitelicError(
        f"{refused}: put its words in the environment variable {secrets.VARIABLE}, or name a file "
        "with --secret-file" + (" (those that you gave are others)" if secret else ""))
