import random
import zlib

import pytest
from migen import run_simulation

from litelic.soc.link.crc import CRC32, RESIDUE, next_register


def test_model_is_zlib():
    register = 0xFFFFFFFF
    for byte in b"123456789":
        register = next_register(register, byte)
    assert register ^ 0xFFFFFFFF == zlib.crc32(b"123456789") == 0xCBF43926


def test_residue():
    register = 0xFFFFFFFF
    data = b"any data"
    for byte in data + zlib.crc32(data).to_bytes(4, "little"):
        register = next_register(register, byte)
    assert register == RESIDUE


@pytest.mark.parametrize("seed", range(4), indirect=True)
def test_hardware(seed):
    """Runs of bytes with gaps between them, each followed by its own CRC and then a clear."""
    chance = random.Random(seed)
    dut = CRC32()

    def feed(data):
        for byte in data:
            while chance.random() < 0.3:
                yield dut.data.eq(chance.randrange(256))
                yield dut.enable.eq(0)
                yield
            yield dut.data.eq(byte)
            yield dut.enable.eq(1)
            yield
        yield dut.enable.eq(0)
        yield

    def stimulus():
        for _ in range(10):
            data = chance.randbytes(chance.randrange(1, 60))
            yield from feed(data)
            assert (yield dut.value) == zlib.crc32(data)
            yield from feed(zlib.crc32(data).to_bytes(4, "little"))
            assert (yield dut.match)
            yield from feed(b"x")
            assert not (yield dut.match)
            yield dut.clear.eq(1)
            yield
            yield dut.clear.eq(0)

    run_simulation(dut, stimulus())
