"""LiteDRAM's controller, seen from afar: who gets the DRAM when, in chunks of a few words.

It keeps what costs cycles and leaves out the rest. The sources are LiteDRAM's own: `crossbar.py` (a
port is locked to a bank until its commands there are through, and the bank to the port),
`bankmachine.py` (precharge, activate), `multiplexer.py` (turnarounds, anti-starvation) and
`refresher.py`. Times are bus cycles, those of the controller.
"""

import math
from dataclasses import dataclass

PAGE_WORDS = 128  # 1024 columns of a DDR3, 8 of them a transfer, whatever the bus is wide
BANKS = 8
READ_CYCLES, WRITE_CYCLES = 31, 15  # ControllerSettings, less the cycle of the first command
LOCKED = 3  # cycles from a command to the next one that keeps the bank
CHUNK, ALONE = 8, 32  # words that are priced together; those of a reader that is alone
NEVER = math.inf

# Nanoseconds of a DDR3-1600, which is what LiteDRAM assumes of a chip.
_TRP = _TRCD = 13.75
_TWTR, _TREFI = 7.5, 64e6 / 8192
_TRFC_CLOCKS = 128
_LATENCIES = (  # ns a DRAM clock at least, read latency, write latency in DRAM clocks (JEDEC)
    (2.5, 6, 5), (1.875, 7, 6), (1.5, 10, 7), (1.25, 11, 8), (1.07, 13, 9),
)


@dataclass(frozen=True)
class DramTiming:
    """A DDR3 behind LiteDRAM at a quarter of its clock, in bus cycles.

    precharge, activate : tRP, tRCD.
    refresh, interval   : tRFC, tREFI.
    read                : the PHY's read latency.
    to_write            : from the last read to the first write.
    to_read             : from the last write to the first read.
    """

    precharge: int
    activate: int
    refresh: int
    interval: int
    read: int
    to_write: int
    to_read: int

    @classmethod
    def of(cls, bus_hz):
        """Of a controller with that clock."""
        cycle = 1e9 / bus_hz

        def cycles(ns):  # a command may be late by three of the four phases of a cycle
            return math.ceil((ns + 0.75 * cycle) / cycle)

        suits = [row for row in _LATENCIES if row[0] <= cycle / 4 + 1e-9] or [_LATENCIES[-1]]
        _, read, write = suits[0]
        read_latency = math.ceil(read / 4) + 6
        return cls(
            cycles(_TRP), cycles(_TRCD), _TRFC_CLOCKS // 4, math.ceil(_TREFI / cycle),
            read_latency, read_latency + 1, cycles(_TWTR) + math.ceil(write / 4) + 1 + 2,
        )


class Client:
    """A port of the controller: runs of words, each in one page, one after the other.

    A unit derives from it and has

    runs()           : a generator of (address in words, words, when they can be asked for), or of
                       None while it is not known yet what comes next.
    limit()          : words at most that it is known to have room for at some time.
    room(count)      : when it has room for so many more words.
    served(first, last, count) : they went through, in these command slots; the data come later.
    """

    writes = False

    def __init__(self):
        self.bank = self.row = None
        self.left = 0  # words of the run
        self.asked = 0.0  # when the run's first command can come
        self.last = -1.0  # command slot of the last word
        self.ready = NEVER  # when the run's row is open
        self.same_bank = False  # as the run before
        self._runs = self.runs()

    def pending(self):
        """There is a run to serve."""
        if not self.left:
            run = next(self._runs, None)
            if run is None:
                return False
            address, self.left, self.asked = run
            bank, row = address // PAGE_WORDS % BANKS, address // (PAGE_WORDS * BANKS)
            if (bank, row) != (self.bank, self.row):
                self.same_bank = bank == self.bank
                self.bank, self.row, self.ready = bank, row, None
        return True


class Dram:
    """The controller and its clients, two readers and a writer, in the order of their ports."""

    def __init__(self, timing, clients):
        self.timing, self.clients = timing, clients
        *self.readers, self.writer = clients
        self.turn, self.chunk = 0, CHUNK
        self.now = 0.0
        self.writing, self.since = False, 0.0
        self.rows = [None] * BANKS
        self.owners = [None] * BANKS
        self.released = [0.0] * BANKS
        self.refresh_at = timing.interval

    def available(self, client):
        """When the client's next words can be served, NEVER if nobody knows yet."""
        if not (client.left or client.pending()):
            return NEVER
        count = min(client.left, self.chunk, client.limit())
        if not count:
            return NEVER
        client.count = count
        asked = max(client.asked, client.room(count))
        bank = client.bank
        owner = self.owners[bank]
        if owner is not client or client.ready is None or self.rows[bank] != client.row:
            asked = max(asked, client.last + 1)
            if asked > self.now:
                return asked  # at the earliest
            if owner is not client and owner and self._holds(owner, bank):
                return NEVER
            self._open(client, asked, owner)
        return max(asked, client.ready)

    def _holds(self, owner, bank):
        """The bank is locked: commands of its owner are there, or follow before it is empty."""
        if not owner.left or owner.bank != bank or owner.ready is None:
            return False
        count = min(owner.left, self.chunk, owner.limit())
        if not count:
            return False
        asked = max(owner.asked, owner.room(count))
        return asked <= max(self.now, owner.last + count * LOCKED)

    def _open(self, client, asked, owner):
        timing, bank = self.timing, client.bank
        start = asked
        if owner is not client:  # the arbiter turns to this port
            start = max(asked, self.released[bank]) + 1
        if self.rows[bank] == client.row:
            client.ready = start + 3
        elif self.rows[bank] is None:
            client.ready = start + 5 + timing.activate
        elif owner is client and client.same_bank and client.last + 1 >= asked:
            # Auto-precharge: the next row is known.
            client.ready = client.last + 1 + timing.precharge + timing.activate
        else:
            client.ready = start + 5 + timing.activate + timing.precharge
        self.rows[bank], self.owners[bank] = client.row, client

    def step(self):
        """Serve the next words. Returns their client, or None when nobody has any to offer."""
        # Ports that wait for a bank get it in turns: the one behind who had it last is first.
        clients = self.clients
        self.chunk = CHUNK if self.readers[0].left and self.readers[1].left else ALONE
        times = [0.0] * len(clients)
        for i in range(self.turn - len(clients), self.turn):
            times[i] = self.available(clients[i])
        write = times.pop()
        read = min(times)
        if read == NEVER and write == NEVER:
            return None
        now = max(self.now, min(read, write))
        if now > self.now:
            # Whoever comes first may still have to open its row, beside what is under way.
            self.now = now
            return self.step()
        if now >= self.refresh_at:
            self._refresh()
            return self.step()
        elapsed = now - self.since
        turn = elapsed < WRITE_CYCLES if self.writing else elapsed >= READ_CYCLES
        if write <= now and (turn or read > now):
            return self._write(now, read)
        return self._read(now, times, write)

    def _refresh(self):
        timing = self.timing
        end = self.refresh_at + timing.precharge + timing.refresh + timing.activate + 6
        missed = max(0, (self.now - end) // timing.interval)  # while nobody wanted anything
        self.now = max(self.now, end + missed * timing.interval)
        self.refresh_at += (missed + 1) * timing.interval
        for bank, owner in enumerate(self.owners):
            if not (owner and owner.left and owner.bank == bank and owner.ready is not None):
                self.rows[bank] = None
        self.writing, self.since = False, self.now

    def _write(self, now, read):
        if not self.writing:
            # With reads still to come the time is up while the last one goes through.
            now = max(now, self.now + self.timing.to_write - (1 if read <= now else 0))
            self.writing, self.since = True, now
        client = self.writer
        until = self.refresh_at
        if read < NEVER:
            until = min(until, max(read, self.since + WRITE_CYCLES))
        count = client.count
        if until < now + count:
            count = max(1, int(until - now))
        self._after(client, now, count)
        return client

    def _read(self, now, times, write):
        if self.writing:
            now = max(now, self.writer.last + self.timing.to_read)
            self.writing, self.since = False, now
        one, other = self.readers
        if min(times) <= now and max(times) <= now:  # in turns, word by word
            count = min(one.count, other.count)
            self._after(one, now, count, 2)
            self._after(other, now + 1, count, 2)
            return one
        client, later = (one, times[1]) if times[0] <= times[1] else (other, times[0])
        until = min(later, max(write, self.since + READ_CYCLES), self.refresh_at)
        count = client.count
        if until < now + count:
            count = max(1, int(until - now))
        self._after(client, now, count)
        return client

    def _after(self, client, first, count, step=1):
        last = first + (count - 1) * step
        client.last, client.left, self.now = last, client.left - count, last + 1
        client.served(first, last, count)
        bank = client.bank
        if not client.left and not (client.pending() and client.bank == bank):
            self.released[bank] = last + 1
            self.turn = (self.clients.index(client) + 1) % len(self.clients)
