"""Drivers and monitors for simulations of single blocks.

All of them act at the clock edge, as registers do: what they read is the value of the cycle that
ends, what they write is there in the next one. `chance` is a `random.Random`.
"""

from collections import deque

from migen import run_simulation
from migen.sim.core import passive

from litelic.accel.config import ArrayConfig

# Simulation ---------------------------------------------------------------------------------------


def simulate(dut, *generators, limit=20_000, clocks=None):
    """Run until every generator that is not passive has ended; fail after `limit` cycles.

    `clocks` are {clock domain: period} where there are others than "sys", whose cycles count.
    """

    @passive
    def watchdog():
        for _ in range(limit):
            yield
        raise AssertionError(f"still running after {limit} cycles")

    run_simulation(dut, [*generators, watchdog()], clocks=clocks or {"sys": 10})


def write_fields(record, values):
    """Set fields of a record, a descriptor for example; negative values wrap."""
    for name, value in values.items():
        yield getattr(record, name).eq(value)


def read_fields(record, names):
    """The values of several fields, as a tuple."""
    values = []
    for name in names:
        values.append((yield getattr(record, name)))
    return tuple(values)


def pulse(signal):
    """One cycle high. The signal is up when this returns; it falls at the next edge."""
    yield signal.eq(1)
    yield
    yield signal.eq(0)


def pause(chance, density):
    """No cycle with probability `density`, else some."""
    while chance.random() >= density:
        yield


# Streams ------------------------------------------------------------------------------------------


def send(endpoint, items, chance, density=0.6):
    """Offer items (mappings of fields) one after the other, with random gaps."""
    for item in items:
        yield from pause(chance, density)
        yield from write_fields(endpoint, item)
        yield endpoint.valid.eq(1)
        yield
        while not (yield endpoint.ready):
            yield
        yield endpoint.valid.eq(0)


def receive(endpoint, names, count, taken, chance, density=0.6):
    """Append `count` items (tuples of the named fields) to `taken`, at random moments.

    An item that is offered must stay until it is taken.
    """
    waiting = None
    while len(taken) < count:
        ready = chance.random() < density
        yield endpoint.ready.eq(ready)
        yield
        if not (yield endpoint.valid):
            assert waiting is None, f"{waiting} was withdrawn"
            continue
        item = yield from read_fields(endpoint, names)
        assert waiting in (None, item), f"{waiting} became {item} before it was taken"
        waiting = None if ready else item
        if ready:
            taken.append(item)
    yield endpoint.ready.eq(0)


@passive
def serve_reads(address, data, content, chance, density=0.6, latency=6, asked=None):
    """A DRAM reader: beats of `content` (bytes) in the order of their addresses.

    Every address is appended to `asked`, if given.
    """
    size = len(data.data) // 8
    pending, offered, now = deque(), False, 0
    while True:
        ready = chance.random() < density
        yield address.ready.eq(ready)
        if not offered and pending and pending[0][0] <= now and chance.random() < density:
            yield data.valid.eq(1)
            yield data.data.eq(pending.popleft()[1])
            offered = True
        yield
        now += 1
        if offered and (yield data.ready):
            yield data.valid.eq(0)
            offered = False
        if ready and (yield address.valid):
            beat = yield address.address
            word = content[size * beat : size * (beat + 1)]
            assert len(word) == size, f"beat {beat} is outside the memory"
            pending.append((now + chance.randrange(1, 2 * latency), int.from_bytes(word, "little")))
            if asked is not None:
                asked.append(beat)


# Shapes -------------------------------------------------------------------------------------------


def random_config(chance, largest_pixels=4):
    """A small array; every combination that `ArrayConfig` allows may come."""
    reduction, outputs = chance.choice([(4, 4), (4, 8), (8, 2), (8, 4), (8, 6)])
    pixels = chance.randint(1, largest_pixels)
    epilogue = chance.choice([e for e in range(1, pixels + 1) if pixels % e == 0])
    return ArrayConfig(
        reduction, outputs, pixels, epilogue,
        input_depth=128, weight_depth=64, middle_depth=64, output_depth=128,
    )


def pack_lanes(values, bits):
    """Several numbers side by side, the first in the lowest bits."""
    mask = (1 << bits) - 1
    return sum((int(value) & mask) << bits * i for i, value in enumerate(values))
