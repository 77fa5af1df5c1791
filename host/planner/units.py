"""The engine's units as far as time goes: loader, weight ring, store, and the array between them.

Each follows its hardware (`accel/loader.py`, `weights.py`, `store.py`, `sequencer.py`) through the
tiles and notes when a tile or a segment was ready for the next unit. A unit that waits for what is
not known yet is asked again later. Times are bus cycles from the descriptor's start.
"""

from collections import deque

from litelic.accel.config import BEAT_BYTES
from litelic.accel.descriptor import STORAGE_CODES, STORAGE_MAGNITUDE
from litelic.host.planner.cycles import SEGMENT_LEAD, TILE_LEAD
from litelic.host.planner.dram import CHUNK, NEVER, Client
from litelic.host.planner.rows import block_rows, runs_of, strip_rows

FIFO_WORDS = 64  # of both DRAM readers: requests under way
SLOTS = 16  # segments whose parameters are on chip
DATA = 4  # from a command's slot to a reader's output, besides the PHY's latency
CREDIT = 2  # from a word taken out of a reader's FIFO to the next command
START = 4  # from a walk's start to its first command
STORE_FIFO = 20  # beats between the store's walk and the controller
CROSSING = 4  # between the clocks: a Gray-coded pointer through two registers, and back


class Reader(Client):
    """A client whose words wait in a FIFO until they are taken out; as many may be under way."""

    def __init__(self, latency):
        self.latency = latency
        self.issued = self.consumed = 0
        self.taken = deque()  # (words in all, when)
        super().__init__()

    def limit(self):
        return self.consumed + FIFO_WORDS - self.issued

    def room(self, count):
        need = self.issued + count - FIFO_WORDS
        if need <= 0:
            return 0.0
        while self.taken[0][0] < need:
            self.taken.popleft()
        return self.taken[0][1] + CREDIT

    def take(self, count, when):
        self.consumed += count
        self.taken.append((self.consumed, when))


class Loader(Reader):
    """Operands of a tile, row after row of lane after lane; zeros outside are not read."""

    def __init__(self, fields, tiles, config, latency):
        self.fields, self.tiles, self.port = fields, tiles, config.port_bytes
        storage = fields["in_storage"] & ~STORAGE_MAGNITUDE
        int16 = storage in (STORAGE_CODES["int16"], STORAGE_CODES["wide"])
        self.cycles = 1 if int16 else 2  # a word of the port
        self.time = 0.0  # the last word so far is in the operand memory
        self.free = [START - 2.0, START - 2.0]  # when there is a half for a tile
        self.loaded = []
        super().__init__(latency)

    def runs(self):
        asked = 0.0
        for number, tile in enumerate(self.tiles):
            while number >= len(self.free):
                yield None
            asked = max(asked, self.free[number] + 2)
            for zeros, address, count in strip_rows(self.fields, tile, self.port):
                # Zeros leave the request generator one a cycle and are written two cycles each.
                asked = max(asked, self.last - CHUNK) + zeros
                if zeros:
                    self.time = max(self.time + zeros * self.cycles, asked + self.cycles)
                for run in runs_of(address, count):
                    yield *run, asked
            self.loaded.append(self.time + 1)

    def served(self, first, last, count):
        self.issued += count
        self.time = max(
            max(self.time, first + self.latency) + count * self.cycles,
            last + self.latency + self.cycles,
        )
        self.take(count, self.time)


class Weights(Reader):
    """The weight stream, once a tile, and the ring that parses it."""

    def __init__(self, fields, tiles, segments, config, latency, ratio):
        self.fields, self.tiles, self.segments = fields, tiles, segments
        self.config, self.ratio = config, ratio
        self.parts = config.port_bytes // BEAT_BYTES
        self.time = 0.0
        self.arrivals = deque()  # [beats, from when on, until when, words]
        self.slots = [0.0] * SLOTS  # when a segment has a place for its parameters
        self.announced, self.complete = [], []  # segments: parameters there, all words there
        self.written = 0
        self.freed = deque([(0, 0.0)])  # (words in all, when the last of them)
        # (number, words before, when it began) of a segment that is read only once, as it comes.
        self.streaming = None
        self._parser = self._parse()
        super().__init__(latency)

    def runs(self):
        address = self.fields["weight_address"] // self.config.port_bytes
        for _ in self.tiles:
            for run in runs_of(address, self.fields["weight_words"]):
                yield *run, START - 1.0

    def served(self, first, last, count):
        self.issued += count
        self.arrivals.append([
            count * self.parts, first + self.latency, last + self.latency + self.parts, count,
        ])
        self.parse()

    def parse(self):
        next(self._parser, None)

    def _parse(self):
        config, beats = self.config, self.config.weight_beats
        number = 0
        padding = self.fields["weight_words"] * self.parts - sum(
            1 + config.outputs + segment.words * beats for segment in self.segments
        )
        for _ in self.tiles:
            for segment in self.segments:
                while number >= len(self.slots):
                    yield
                self.time = max(self.time, self.slots[number])
                yield from self._beats(1 + config.outputs)
                self.time += 1
                self.announced.append(self.time + 1)
                left = segment.words
                while left:
                    while not (some := min(left, self._space(number))):
                        yield
                    if self.arrivals:
                        some = min(some, max(1, self.arrivals[0][0] // beats))
                    yield from self._beats(some * beats)
                    left -= some
                    self.written += some
                    self.time = max(self.time, self._freed(self.written - config.weight_depth))
                self.complete.append(self.time + 1)
                number += 1
            yield from self._beats(padding)

    def _beats(self, count):
        """Take so many beats, one a cycle."""
        arrivals = self.arrivals
        while count:
            while not arrivals:
                yield
            chunk = arrivals[0]
            some = min(count, chunk[0])
            self.time = max(self.time, chunk[1]) + some
            chunk[0] -= some
            count -= some
            if not chunk[0]:
                self.time = max(self.time, chunk[2])
                self.take(chunk[3], self.time)
                arrivals.popleft()

    def _space(self, number):
        """Words of the segment for which the ring is known to have room at some time."""
        if self.streaming and self.streaming[0] == number:
            return NEVER
        # What streams through the ring now may be more than fits.
        return max(0, self.freed[-1][0] + self.config.weight_depth - self.written)

    def _freed(self, word):
        """When the ring was rid of so many words."""
        if word <= 0:
            return 0.0
        freed = self.freed
        if word > freed[-1][0]:
            _, before, start = self.streaming
            return start + (word - before) / self.ratio
        while freed[0][0] < word:
            freed.popleft()
        return freed[0][1] - (freed[0][0] - word) / self.ratio


class Store(Client):
    """Finished tiles, row after row of lane after lane."""

    writes = True

    def __init__(self, fields, tiles, config):
        self.fields, self.tiles = fields, tiles
        self.parts = config.port_bytes // BEAT_BYTES
        self.complete = []  # tiles
        self.free = [0.0, 0.0]  # when there is a half for a tile
        self.walked = 0.0
        super().__init__()

    def limit(self):
        return CHUNK

    def room(self, count):
        return 0.0

    def runs(self):
        parts, walk = self.parts, 0.0
        for number, tile in enumerate(self.tiles):
            while number >= len(self.complete):
                yield None
            walk = max(walk, self.complete[number]) + 1
            for skipped, beat, beats in block_rows(self.fields, tile):
                walk += skipped
                address = beat // parts
                count = (beat + beats - 1) // parts + 1 - address if beats else 0
                for run in runs_of(address, count):
                    yield *run, walk + 3 + (beats - count + 1 if parts > 1 else 0)
                walk = max(walk + beats, self.last - STORE_FIFO)
            self.free.append(walk)
            walk += 1
        self.walked = walk

    def served(self, first, last, count):
        pass


class Sequencer:
    """The array: segment after segment of tile after tile.

    `ends` has the time at which each tile's last word was issued, `spare` how long before its turn
    everything of a tile was there, segments' weights included.
    """

    def __init__(self, fields, tiles, segments, cell, config, ratio, loader, weights, store):
        self.ends, self.spare = [], []
        self._run = self._tiles(
            fields, tiles, segments, cell, config, ratio, loader, weights, store
        )

    def advance(self):
        next(self._run, None)

    def _tiles(self, fields, tiles, segments, cell, config, ratio, loader, weights, store):
        pixels = (fields["pixels"] >> 16) * (fields["pixels"] & 0xFFFF)
        crossing = 0.0 if ratio == 1 else CROSSING
        flush, drain = config.flush_cycles / ratio, config.drain_cycles
        releases = max(i for i, segment in enumerate(segments) if not segment.gdn)
        tile_lead, segment_lead = TILE_LEAD / ratio, SEGMENT_LEAD / ratio
        number, time = 0, float(START)
        for tile in range(len(tiles)):
            while tile >= len(loader.loaded) or tile >= len(store.free):
                yield
            ready = max(loader.loaded[tile], store.free[tile]) + crossing + tile_lead
            spare = time - ready if ready > time else time - loader.loaded[tile]
            time = max(time, ready)
            gdn = None
            for index, segment in enumerate(segments):
                while number >= len(weights.announced):
                    yield
                if segment.gdn and gdn is False:
                    time += flush
                begin = max(time, weights.announced[number] + crossing + segment_lead)
                spare = min(spare, time - begin) if begin > time else spare
                gdn = segment.gdn
                results = pixels * (cell**2 if gdn else 1)
                if results == 1:
                    weights.streaming = number, weights.freed[-1][0], begin
                while number >= len(weights.complete):
                    yield
                weights.streaming = None
                step = max(segment.words, drain)
                time = begin + results * step / ratio
                # The first result takes the words as they come.
                late = weights.complete[number] + crossing + ((results - 1) * step + 1) / ratio
                spare = min(spare, time - late)
                time = max(time, late)
                weights.freed.append((weights.freed[-1][0] + segment.words, time + crossing))
                weights.slots.append(time + flush + crossing)
                number += 1
                if index == releases:
                    loader.free.append(time + crossing)
            store.complete.append(time + flush + crossing)
            self.ends.append(time)
            self.spare.append(spare)
