"""A decoder of payloads written from `docs/container.md` alone: pure Python, one number at a time.

It shares nothing with `host/codec`, so what both agree on is what the document says.
"""

from math import isqrt

EXPONENTS = (16, 20, 25, 32, 40, 51, 64, 81, 102, 128, 161, 203, 256, 323, 406, 512)


def _powers():
    roots = [1 << 31]
    for _ in range(12):
        roots.append(isqrt(roots[-1] << 32))
    powers = []
    for f in range(4096):
        power = 1 << 32
        for j in range(1, 13):
            if f >> (12 - j) & 1:
                power = power * roots[j] >> 32
        powers.append(power)
    return powers


POWERS = _powers()


def cost(p):
    b = p.bit_length() - 1
    mantissa = p << (31 - b)
    low, high = 0, 4096  # POWERS falls: find the first that is not above the mantissa
    while low < high:
        middle = (low + high) // 2
        if POWERS[middle] > mantissa:
            low = middle + 1
        else:
            high = middle
    return (15 - b) * 4096 + low


def version(frequency, k):
    falls = [(cost(p) - cost(max(frequency))) * EXPONENTS[k] >> 6 for p in frequency]
    weights = [POWERS[f % 4096] >> min(63, f >> 12) for f in falls]
    shared = 65536 - len(frequency)
    result = [1 + w * shared // sum(weights) for w in weights]
    result[result.index(max(result))] += 65536 - sum(result)
    return result


class Channel:
    def __init__(self, table):
        cdf = [int(v) for v in table.cdf]
        self.frequency = [b - a for a, b in zip(cdf, cdf[1:], strict=False)]
        self.offset = table.offset
        n = len(self.frequency) - 1
        middle = next((k for k in range(n) if cdf[k + 1] >= 1 << 15), max(n - 1, 0))
        self.centre = self.offset + middle
        distances = (self.frequency[k] * abs(k - middle) for k in range(n))
        self.spread = max(12, sum(distances) >> 8)

    def magnitude(self, v):
        return abs(v - self.centre) * 4096 // self.spread


def decode(payload, height, width, tables):
    """A dictionary (y, x, channel) -> latent."""
    numbers = list(payload)

    def take(size):
        value = sum(numbers.pop(0) << (8 * i) for i in range(size))
        return value

    mode, lanes, escapes = take(1), 1 << take(1), take(4)
    mapping = []
    if mode == 1:
        for _ in range(8):
            byte = take(1)
            mapping += [byte & 15, byte >> 4]
    states = [take(4) for _ in range(lanes)]
    words = (len(numbers) - 2 * escapes) // 2
    words = [take(2) for _ in range(words)]
    escaped = [take(2) for _ in range(escapes)]
    channels = [Channel(table) for table in tables]
    latents, coded = {}, []

    def inside(y, x):
        return 0 <= y < height and 0 <= x < width

    def beside(y, x):
        return [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]

    def total(y, x):
        y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
        return sum(channels[c].magnitude(latents[y, x, c]) for c in coded)

    def choose(y, x, c, parity):
        amount = 8 * total(y, x) + sum(total(*p) for p in beside(y, x))
        weight = 12 * 16 * len(coded)
        if parity:
            for p in beside(y, x):
                if inside(*p):
                    amount += 16 * channels[c].magnitude(latents[(*p, c)])
                    weight += 16 * 16
        ratio = (amount + 8) * 256 // (weight + 8)
        return mapping[sum(isqrt(1 << (k + 8)) <= ratio for k in range(1, 16))]

    for c in sorted(range(len(channels)), key=lambda c: (-channels[c].spread, c)):
        channel = channels[c]
        known = {}
        for parity in (0, 1):
            pixels = [(y, x) for y in range(height) for x in range(width) if (y + x) % 2 == parity]
            chosen = [choose(y, x, c, parity) if mode else None for y, x in pixels]
            for i, (pixel, k) in enumerate(zip(pixels, chosen, strict=True)):
                if k not in known:
                    known[k] = channel.frequency if k is None else version(channel.frequency, k)
                state = states[i % lanes]
                slot = state % 65536
                symbol = start = 0
                while start + known[k][symbol] <= slot:
                    start += known[k][symbol]
                    symbol += 1
                state = known[k][symbol] * (state >> 16) + slot - start
                if state < 1 << 16:
                    state = (state << 16) + words.pop(0)
                states[i % lanes] = state
                value = channel.offset + symbol
                if symbol == len(channel.frequency) - 1:
                    value = escaped.pop(0)
                    value -= (value >> 15) << 16
                latents[(*pixel, c)] = value
        coded.append(c)
    assert not words and not escaped and set(states) == {1 << 16}
    return latents
