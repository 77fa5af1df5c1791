"""A byte-addressed memory behind LiteDRAM native ports, for Migen simulations."""

import random


class NativeMemory:
    """Serves any number of ports from one bytearray, granting commands at random times.

    As LiteDRAM's controller does, it takes write data a fixed time after the command whether
    they are valid or not, and fails loudly when they are not.
    """

    def __init__(self, size, seed, grant=0.5):
        self.content = bytearray(size)
        self.random = random.Random(seed)
        self.grant = grant

    def writes(self, port, latency=3):
        """Generator that serves a write port."""
        lanes = port.data_width // 8
        pending = []  # [cycles left, address]
        yield "passive"
        while True:
            yield port.wdata.ready.eq(int(bool(pending) and pending[0][0] <= 1))
            granted = self.random.random() < self.grant
            yield port.cmd.ready.eq(int(granted))
            yield
            if (yield port.wdata.ready):
                if not (yield port.wdata.valid):
                    raise AssertionError("the controller found no write data")
                address = pending.pop(0)[1] * lanes
                data, mask = (yield port.wdata.data), (yield port.wdata.we)
                for lane in range(lanes):
                    if mask >> lane & 1:
                        self.content[address + lane] = data >> 8 * lane & 0xFF
            for entry in pending:
                entry[0] -= 1
            if (yield port.cmd.ready) and (yield port.cmd.valid):
                assert (yield port.cmd.we)
                pending.append([latency, (yield port.cmd.addr)])

    def reads(self, port, latency=4):
        """Generator that serves a read port."""
        lanes = port.data_width // 8
        pending = []
        yield "passive"
        while True:
            due = bool(pending) and pending[0][0] <= 0
            yield port.rdata.valid.eq(int(due))
            if due:
                address = pending.pop(0)[1] * lanes
                word = int.from_bytes(self.content[address : address + lanes], "little")
                yield port.rdata.data.eq(word)
            yield port.cmd.ready.eq(int(self.random.random() < self.grant))
            yield
            for entry in pending:
                entry[0] -= 1
            if (yield port.cmd.ready) and (yield port.cmd.valid):
                assert not (yield port.cmd.we)
                pending.append([latency, (yield port.cmd.addr)])
